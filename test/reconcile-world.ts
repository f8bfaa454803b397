import { feedWorkloads } from "../cdk8s/feed-workloads.ts";
import type { KubeObject } from "../src/api/kube-object.ts";
import type { ControllerTelemetry, SinkProblem } from "../src/controller-ports.ts";
import { type Again, Reconciler } from "../src/reconcile/reconcile.ts";
import type { ControllerPorts, ControllerSettings } from "../src/reconcile/ports.ts";
import type { FeedStatus } from "../src/reconcile/status.ts";
import { memoryCluster } from "./fakes/memory-cluster.ts";
import { memoryMessaging } from "./fakes/memory-messaging.ts";
import { countingTelemetry } from "./fakes/counting-telemetry.ts";

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
export function reconcileWorld(settings: Partial<ControllerSettings> = {}) {
  const cluster = memoryCluster();
  const messaging = memoryMessaging();
  const { telemetry, counts } = countingTelemetry();
  const add = (name: string, count: number) => {
    counts[name] = (counts[name] ?? 0) + count;
  };
  const controller: ControllerTelemetry = {
    observeReconcile: (result) => {
      add(`reconciles.${result}`, 1);
    },
    countReconcileError: () => {
      add("reconcileErrors", 1);
    },
    countDriftCorrections: (count) => {
      add("drift", count);
    },
    countPublishedQuotes: (_feed, outcome, count) => {
      add(`quotes.${outcome}`, count);
    },
    countPolledSlots: (_feed, count) => {
      add("polled", count);
    },
    countSymbolFailures: (_feed, kind, count) => {
      add(`failures.${kind}`, count);
    },
  };
  const time = { now: Date.parse("2026-01-05T15:00:00Z") };
  const sinkProblems: SinkProblem[] = [];
  const ports: ControllerPorts = {
    cluster,
    messaging,
    sink: { inspect: () => Promise.resolve([...sinkProblems]) },
    clock: { now: () => time.now },
    telemetry: { ...telemetry, ...controller },
    render: feedWorkloads,
  };
  const unreadable: string[] = [];
  const start = () =>
    new Reconciler(
      ports,
      { clusterId: "c1", driftIntervalMs: 300_000, workloads: { image: "stockfeed:test", env: {} }, ...settings },
      (pod) => unreadable.push(pod.metadata.name),
    );
  const world = {
    cluster,
    messaging,
    counts,
    time,
    sinkProblems,
    unreadable,
    ports,
    reconciler: start(),
    /** As if the process had been killed and started again. */
    restart: () => {
      world.reconciler = start();
    },
    reconcile: (name: string = FEED.name): Promise<Again> => world.reconciler.reconcile(FEED.namespace, name),
    status: (name: string = FEED.name): FeedStatus => {
      const status = cluster.get({ ...FEED, name })?.status;
      return (status ?? { conditions: [] }) as FeedStatus;
    },
    condition: (type: string, name?: string) => world.status(name).conditions.find((each) => each.type === type),
    /** The kubelet and the controllers of Kubernetes: what was asked for runs. Whether that changed anything. */
    runWorkloads: (): boolean => {
      let changed = false;
      for (const object of cluster.all()) {
        if (object.kind !== "StatefulSet" && object.kind !== "Deployment") continue;
        const { replicas = 1 } = object.spec as { readonly replicas?: number };
        const status = {
          observedGeneration: object.metadata.generation,
          readyReplicas: replicas,
          updatedReplicas: replicas,
        };
        if (JSON.stringify(object.status) === JSON.stringify(status)) continue;
        cluster.put({ ...object, status });
        changed = true;
      }
      return changed;
    },
    /** Reconciles until nothing is written any more; the engine runs meanwhile. */
    settle: async (name?: string) => {
      for (let round = 0; round < 20; round++) {
        const before = cluster.writes.length + messaging.writes.length;
        await world.reconcile(name);
        const changed = world.runWorkloads();
        if (!changed && cluster.writes.length + messaging.writes.length === before) return;
      }
      throw new Error("still writing after 20 rounds");
    },
    reasons: () => cluster.events.map(({ event }) => event.reason),
  };
  return world;
}
