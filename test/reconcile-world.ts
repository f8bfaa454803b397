import { feedWorkloads } from "../cdk8s/feed-workloads.ts";
import type { KubeObject } from "../src/api/kube-object.ts";
import type { SinkProblem } from "../src/controller-ports.ts";
import type { ControllerPorts, ControllerSettings } from "../src/reconcile/ports.ts";
import { type Again, Reconciler } from "../src/reconcile/reconcile.ts";
import type { FeedStatus } from "../src/reconcile/status.ts";
import { countingControllerTelemetry } from "./fakes/counting-controller-telemetry.ts";
import { memoryCluster, type MemoryCluster } from "./fakes/memory-cluster.ts";
import { MemoryJobs } from "./fakes/memory-jobs.ts";
import { memoryMessaging } from "./fakes/memory-messaging.ts";

export const PROJECT = "acme-feeds";
const CLOUD = { pubsub: { projectId: PROJECT }, sink: { bigQuery: { projectId: PROJECT, dataset: "markets" } } };

/** A feed as kubectl applies it, that a cluster can run; changed as told. */
export function feedObject({
  metadata,
  spec,
}: { readonly metadata?: object; readonly spec?: object } = {}): KubeObject {
  return {
    apiVersion: "stockfeed.dev/v1alpha1",
    kind: "StockFeed",
    metadata: { name: "tech", namespace: "markets", ...metadata },
    spec: { symbols: ["AAPL", "MSFT"], provider: { type: "Simulated" }, ...CLOUD, ...spec },
  };
}

export const FEED = { kind: "StockFeed", namespace: "markets", name: "tech" } as const;

/** A controller on fakes, at a time that a test moves. */
export class ReconcileWorld {
  readonly cluster = memoryCluster();
  readonly messaging = memoryMessaging();
  readonly sinkProblems: SinkProblem[] = [];
  readonly unreadable: string[] = [];
  readonly time = { now: Date.parse("2026-01-05T15:00:00Z") };
  readonly jobs = new MemoryJobs(() => this.time.now);
  readonly counts: Record<string, number>;
  reconciler: Reconciler;
  readonly #ports: ControllerPorts;
  readonly #settings: ControllerSettings;

  constructor(settings: Partial<ControllerSettings>) {
    const { telemetry, counts } = countingControllerTelemetry();
    this.counts = counts;
    this.#ports = {
      cluster: this.cluster,
      messaging: this.messaging,
      jobs: this.jobs,
      sink: { inspect: () => Promise.resolve([...this.sinkProblems]) },
      clock: { now: () => this.time.now },
      telemetry,
      render: feedWorkloads,
    };
    const workloads = { image: "stockfeed:test", env: {} };
    this.#settings = { clusterId: "c1", driftIntervalMs: 300_000, workloads, ...settings };
    this.reconciler = this.#start();
  }

  /** As if the process had been killed and started again, with other settings where some are given. */
  restart(changed: Partial<ControllerSettings> = {}): void {
    Object.assign(this.#settings, changed);
    this.reconciler = this.#start();
  }

  reconcile(name: string = FEED.name): Promise<Again> {
    return this.reconciler.reconcile(FEED.namespace, name);
  }

  /** Reconciles until nothing is written any more; what was asked for runs meanwhile. */
  async settle(name?: string): Promise<void> {
    for (let round = 0; round < 20; round++) {
      const before = this.writes;
      await this.reconcile(name);
      if (!this.runWorkloads() && this.writes === before) return;
    }
    throw new Error("still writing after 20 rounds");
  }

  /** The kubelet and the controllers of Kubernetes: what was asked for runs. Whether that changed anything. */
  runWorkloads(): boolean {
    return runWorkloads(this.cluster);
  }

  /** How many writes there have been. */
  get writes(): number {
    return this.cluster.writes.length + this.messaging.writes.length + this.jobs.writes.length;
  }

  status(name: string = FEED.name): FeedStatus {
    const status = this.cluster.get({ ...FEED, name })?.status;
    return (status ?? { conditions: [] }) as FeedStatus;
  }

  condition(type: string, name?: string) {
    return this.status(name).conditions.find((each) => each.type === type);
  }

  /** Reasons of all events, in order. */
  reasons(): string[] {
    return this.cluster.events.map(({ event }) => event.reason);
  }

  #start(): Reconciler {
    return new Reconciler(this.#ports, this.#settings, (pod) => this.unreadable.push(pod.metadata.name));
  }
}

export function reconcileWorld(settings: Partial<ControllerSettings> = {}): ReconcileWorld {
  return new ReconcileWorld(settings);
}

function runWorkloads(cluster: MemoryCluster): boolean {
  let changed = false;
  for (const object of cluster.all()) {
    if (object.kind !== "StatefulSet" && object.kind !== "Deployment") continue;
    const { replicas = 1 } = object.spec as { readonly replicas?: number };
    const { generation } = object.metadata;
    const status = { observedGeneration: generation, readyReplicas: replicas, updatedReplicas: replicas };
    if (JSON.stringify(object.status) === JSON.stringify(status)) continue;
    cluster.put({ ...object, status });
    changed = true;
  }
  return changed;
}
