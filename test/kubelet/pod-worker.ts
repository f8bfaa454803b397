/**
 * One Pod on the node, from its binding to its end: starts its containers, writes its status on each change, and finishes
 * its deletion. Its writes are in order; one that fails for the network's or the server's sake is tried again until it
 * gets through, or until the Pod is known to be gone. Nothing is written for a Pod of the same name and another UID.
 */
import type { KubeClient } from "../kube-client.ts";
import type { ContainerProcess } from "./container-process.ts";
import { ContainerRunner } from "./container-runner.ts";
import { persist } from "./persistence.ts";
import { type Container, type Phase, type Pod, timestamp } from "./pod.ts";
import { podStatus, type PodStatus } from "./pod-status.ts";

export interface PodHost {
  readonly client: KubeClient;
  readonly backoff: number;
  start(pod: Pod, container: Container, attempt: number): Promise<ContainerProcess>;
  portOf(pod: Pod, container: Container, port: number | string): number;
}

export class PodWorker {
  readonly #pod: Pod;
  readonly #host: PodHost;
  readonly #runners: readonly ContainerRunner[];
  #status: PodStatus | undefined;
  /** All containers have ended for good. */
  #over = false;
  #stopping = false;
  #gone = false;
  #dirty = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(pod: Pod, host: PodHost) {
    this.#pod = pod;
    this.#host = host;
    this.#runners = pod.spec.containers.map(
      (container) =>
        new ContainerRunner(container, {
          restartPolicy: pod.spec.restartPolicy,
          backoff: host.backoff,
          start: (attempt) => host.start(pod, container, attempt),
          portOf: (port) => host.portOf(pod, container, port),
          changed: () => {
            this.#changed();
          },
        }),
    );
  }

  /** Process of a container, while it runs. */
  pid(container?: string): number | undefined {
    return this.#runners.find((each) => container === undefined || each.status.name === container)?.pid;
  }

  /** Runs the Pod; resolves when its containers have ended for good and that is written. */
  async run(): Promise<void> {
    this.#changed();
    await Promise.all(this.#runners.map((each) => each.run()));
    this.#over = true;
    this.#changed();
    await this.#writing;
    if (this.#stopping) await this.#remove();
  }

  /** The server may have gone back to older data: its Pod is told again where it has another phase. */
  rewrite(phase: Phase | undefined): void {
    if (phase !== this.#status?.phase) this.#changed();
  }

  /** The Pod is to be deleted: its containers are stopped within the grace period, then the Pod is removed. */
  delete(graceSeconds: number): void {
    const first = !this.#stopping;
    this.#stopping = true;
    if (first && this.#over) void this.#remove();
    for (const each of this.#runners) each.stop(graceSeconds);
  }

  /** The Pod is no more, or the kubelet stops: its processes end and nothing is written. */
  abandon(graceSeconds: number): void {
    this.#gone = true;
    for (const each of this.#runners) each.stop(graceSeconds);
  }

  #changed(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    const write = () => {
      this.#dirty = false;
      const containers = this.#runners.map((each) => each.status);
      this.#status = podStatus(containers, this.#over, timestamp(), this.#status);
      const body = { metadata: { uid: this.#pod.metadata.uid }, status: this.#status };
      return this.#host.client.patch(`${podPath(this.#pod)}/status`, body, "strategic");
    };
    await persist(write, () => !this.#gone);
  }

  async #remove(): Promise<void> {
    await removePod(this.#host.client, this.#pod, () => !this.#gone);
  }
}

/** Finishes a Pod's deletion: nothing of it runs any more. @param given whether to go on trying */
export async function removePod(client: KubeClient, pod: Pod, given: () => boolean): Promise<void> {
  const options = { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } };
  await persist(() => client.delete(podPath(pod), options), given);
}

function podPath({ metadata: { namespace, name } }: Pod): string {
  return `/api/v1/namespaces/${namespace}/pods/${name}`;
}
