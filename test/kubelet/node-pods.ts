/** The Pods of a node: which wait to be bound, which run, and what each event means for them. */
import type { KubeClient } from "../kube-client.ts";
import type { ContainerStarter } from "./container-starter.ts";
import { persist } from "./persistence.ts";
import type { Pod } from "./pod.ts";
import { removePod, type PodHost, PodWorker } from "./pod-worker.ts";

export class NodePods {
  readonly #client: KubeClient;
  readonly #node: string;
  readonly #maxPods: number;
  readonly #host: PodHost;
  /** Pods that no node has yet, oldest first; by UID, as the others are. */
  readonly #pending = new Map<string, Pod>();
  readonly #workers = new Map<string, { readonly pod: Pod; readonly worker: PodWorker; readonly run: Promise<void> }>();
  /** Pods that are bound or being bound and have not ended. */
  readonly #active = new Set<string>();
  #stopped = false;

  constructor(client: KubeClient, node: string, maxPods: number, backoff: number, starter: ContainerStarter) {
    this.#client = client;
    this.#node = node;
    this.#maxPods = maxPods;
    this.#host = {
      client,
      backoff,
      start: (pod, container, attempt) => starter.start(pod, container, attempt),
      portOf: (pod, container, port) => starter.portOf(pod, container, port),
    };
  }

  /** @param listed whether it comes from a list: then the server may have forgotten what was written */
  seen(pod: Pod, listed: boolean): void {
    const { uid, deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata;
    const { nodeName, schedulingGates = [] } = pod.spec;
    if (this.#stopped) return;
    if (nodeName === undefined) {
      if (deletionTimestamp === undefined && schedulingGates.length === 0) this.#pending.set(uid, pod);
      this.#bindPending();
      return;
    }
    this.#pending.delete(uid);
    if (nodeName !== this.#node) return;
    const worker = this.#workers.get(uid)?.worker;
    if (deletionTimestamp !== undefined) {
      if (worker === undefined) void removePod(this.#client, pod, () => !this.#stopped);
      else worker.delete(deletionGracePeriodSeconds);
    } else if (worker === undefined) this.#run(pod);
    else if (listed) worker.rewrite(pod.status?.phase);
  }

  gone(uid: string): void {
    this.#pending.delete(uid);
    this.#workers.get(uid)?.worker.abandon(0);
    this.#workers.delete(uid);
    this.#free(uid);
  }

  /** The newest Pod of a name. */
  find(namespace: string, name: string): PodWorker | undefined {
    const all = [...this.#workers.values()];
    return all.findLast(({ pod }) => pod.metadata.namespace === namespace && pod.metadata.name === name)?.worker;
  }

  /** Ends all processes, without a word to the server. @param graceSeconds between SIGTERM and SIGKILL */
  async stop(graceSeconds: number): Promise<void> {
    this.#stopped = true;
    for (const { worker } of this.#workers.values()) worker.abandon(graceSeconds);
    await Promise.all([...this.#workers.values()].map(({ run }) => run));
  }

  #run(pod: Pod): void {
    const { phase } = pod.status ?? {};
    if (phase === "Succeeded" || phase === "Failed") return;
    const { uid } = pod.metadata;
    const worker = new PodWorker(pod, this.#host);
    this.#active.add(uid);
    const run = worker.run().then(() => {
      this.#free(uid);
    });
    this.#workers.set(uid, { pod, worker, run });
  }

  #free(uid: string): void {
    this.#active.delete(uid);
    this.#bindPending();
  }

  #bindPending(): void {
    for (const [uid, pod] of this.#pending) {
      if (this.#active.size >= this.#maxPods || this.#stopped) return;
      this.#pending.delete(uid);
      this.#active.add(uid);
      void this.#bind(pod).then((bound) => {
        if (!bound && !this.#workers.has(uid)) this.#free(uid);
      });
    }
  }

  /** The Pod then comes back as one of this node. */
  #bind({ metadata: { namespace, name, uid } }: Pod): Promise<boolean> {
    const target = { apiVersion: "v1", kind: "Node", name: this.#node };
    const body = { apiVersion: "v1", kind: "Binding", metadata: { name, uid }, target };
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/binding`;
    return persist(
      () => this.#client.create(path, body),
      () => !this.#stopped,
    );
  }
}
