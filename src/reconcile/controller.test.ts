import { beforeEach, describe, expect, it } from "vitest";
import { FEED, feedObject, type ReconcileWorld, reconcileWorld } from "../../test/reconcile-world.ts";
import type { KubeObject } from "../api/kube-object.ts";
import { ClusterError } from "../controller-ports.ts";
import { emptySummary, encodeSummary } from "../quotes/poll-summary.ts";
import { Controller } from "./controller.ts";
import type { ClusterChange } from "./waking.ts";

const KEY = "markets/tech";

/** A controller whose queue takes notes. */
function controllerOf(world: ReconcileWorld) {
  const said: string[] = [];
  const defects: unknown[] = [];
  const controller = new Controller({
    cluster: world.cluster,
    queue: {
      add: (key, priority) => said.push(`add ${key} ${priority}`),
      addAfter: (key, ms) => said.push(`after ${key} ${Math.round(ms / 1_000)}s`),
      retry: (key, ms) => said.push(`retry ${key}${ms === undefined ? "" : ` ${ms}`}`),
      forget: (key) => said.push(`forget ${key}`),
    },
    reconciler: world.reconciler,
    clock: { now: () => world.time.now },
    telemetry: {
      countReconcileError: () => said.push("error"),
    },
    log: {
      onFault: (feed, { message }) => said.push(`fault ${feed} ${message}`),
      onDefect: (_feed, error) => defects.push(error),
    },
  });
  const take = () => said.splice(0);
  const tell = (
    change: ClusterChange["change"]["type"],
    object: KubeObject,
    more: { previous?: KubeObject; feed?: string; initial?: boolean } = {},
  ) => {
    const { previous, feed = KEY, initial = false } = more;
    const kind = object.kind as ClusterChange["kind"];
    const owner = kind === "Secret" ? {} : { feed };
    controller.onChange({ kind, change: { type: change, object, ...(previous && { previous }) }, ...owner, initial });
    return take();
  };
  return { controller, take, tell, defects };
}

const pod = (component: string, status: object, uid = "p1"): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: uid,
    namespace: "markets",
    uid,
    labels: { "stockfeed.dev/feed": "tech", "app.kubernetes.io/component": component },
  },
  status,
});

const ended = (marketState: "Open" | "Stale", uid: string) => {
  const message = encodeSummary({
    ...emptySummary(KEY, "Simulated"),
    slotsPolled: 6,
    quotes: 6,
    marketState,
    lastSlot: 1,
  });
  const finishedAt = new Date(Date.parse("2026-01-05T16:00:00Z") + Number(uid) * 60_000).toISOString();
  return pod("poller", { containerStatuses: [{ state: { terminated: { exitCode: 0, finishedAt, message } } }] }, uid);
};

describe("a controller that leads", () => {
  let world: ReconcileWorld;
  let parts: ReturnType<typeof controllerOf>;
  beforeEach(() => {
    world = reconcileWorld();
    world.cluster.put(feedObject());
    parts = controllerOf(world);
    parts.controller.begin();
  });

  it("looks at every feed when it begins", () => {
    expect(parts.take()).toEqual([`add ${KEY} high`]);
  });

  it("looks first at feeds that were made, changed or deleted while nobody led", () => {
    const other = reconcileWorld();
    const { cluster } = other;
    const put = (name: string, more: object = {}, change: Parameters<typeof feedObject>[0] = {}) =>
      cluster.put({ ...feedObject({ ...change, metadata: { name, ...change.metadata } }), ...more });
    const status = { observedGeneration: 1 };
    put("settled", { status });
    put("new");
    put("changed", { status });
    put("changed", { status }, { spec: { suspend: true } });
    put("deleted", { status }, { metadata: { deletionTimestamp: "2026-01-05T15:00:00Z" } });
    const { controller, take } = controllerOf(other);
    controller.begin();
    expect(take().sort()).toEqual([
      "add markets/changed high",
      "add markets/deleted high",
      "add markets/new high",
      "add markets/settled low",
    ]);
  });

  it("looks at a feed that changes before those that were there from the start", () => {
    parts.take();
    expect(parts.tell("added", feedObject(), { initial: true })).toEqual([`add ${KEY} low`]);
    expect(parts.tell("changed", feedObject())).toEqual([`add ${KEY} high`]);
  });

  it("comes back for drift after a reconcile, and at once after a failed call, with a growing delay", async () => {
    parts.take();
    await parts.controller.handle(KEY);
    expect(parts.take()).toEqual([`forget ${KEY}`, expect.stringMatching(/^after markets\/tech (2[7-9]|3[0-3])\ds$/)]);
    world.cluster.fault = () => {
      throw new ClusterError("Throttled", "too many", { retryAfterMs: 3_000 });
    };
    world.cluster.put({ ...world.cluster.get(FEED)!, spec: feedObject({ spec: { suspend: true } }).spec });
    await parts.controller.handle(KEY);
    expect(parts.take()).toEqual(["error", `fault ${KEY} too many`, `retry ${KEY} 3000`]);
  });

  it("says a defect, and tries again", async () => {
    parts.take();
    const defect = new TypeError("a defect");
    world.messaging.fault = () => {
      throw defect;
    };
    await parts.controller.handle(KEY);
    expect(parts.take()).toEqual(["error", `retry ${KEY}`]);
    expect(parts.defects).toEqual([defect]);
  });

  it("does nothing more about a feed whose write was refused since another leads", async () => {
    parts.take();
    world.cluster.fault = () => {
      throw new ClusterError("NotLeader", "another leads");
    };
    await parts.controller.handle(KEY);
    expect(parts.take()).toEqual([]);
  });

  it("forgets a feed that is gone", async () => {
    parts.take();
    const feed = world.cluster.get(FEED)!;
    await world.settle();
    world.cluster.remove(FEED);
    parts.tell("deleted", feed);
    await parts.controller.handle("markets/nobody");
    expect(parts.take()).toEqual(["forget markets/nobody"]);
    expect(world.counts.forgotten).toBe(1);
  });

  it("wakes the feeds of a Secret when it comes, and each other when one changes or moves away", () => {
    const on = (name: string, secret: string) =>
      feedObject({
        metadata: { name },
        spec: { provider: { type: "Finnhub", credentialsSecretRef: { name: secret } } },
      });
    parts.take();
    parts.tell("added", on("one", "shared"), { feed: "markets/one" });
    expect(parts.tell("added", on("two", "shared"))).toEqual(["add markets/two high", "add markets/one high"]);
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "shared", namespace: "markets" } };
    expect(parts.tell("added", secret)).toEqual(["add markets/one high", "add markets/two high"]);
    expect(parts.tell("added", { ...secret, metadata: { ...secret.metadata, namespace: "elsewhere" } })).toEqual([]);
    expect(parts.tell("changed", on("two", "own"), { previous: on("two", "shared") })).toEqual([
      "add markets/two high",
      "add markets/one high",
    ]);
    expect(parts.tell("deleted", on("one", "shared"))).toEqual(["add markets/one high"]);
    expect(parts.tell("changed", secret)).toEqual([]);
  });

  it("wakes a feed for a poller's Pod only when it has news", () => {
    parts.take();
    expect(parts.tell("added", pod("poller", { phase: "Pending" }, "1"))).toEqual([]);
    expect(parts.tell("changed", ended("Open", "1"))).toEqual([`add ${KEY} high`]);
    expect(parts.tell("changed", ended("Open", "2"))).toEqual([]);
    expect(parts.tell("deleted", ended("Open", "1"))).toEqual([]);
    expect(parts.tell("changed", ended("Stale", "3"))).toEqual([`add ${KEY} high`]);
    expect(world.counts.polled).toBe(18);
  });

  it("counts a Pod too that is seen only as it goes", () => {
    parts.take();
    parts.tell("deleted", ended("Open", "1"));
    expect(world.counts.polled).toBe(6);
  });

  it("counts nothing of a Pod that outlives its feed, whose counters went with it", () => {
    parts.take();
    for (const change of ["changed", "deleted"] as const) {
      expect(parts.tell(change, ended("Open", "1"), { feed: "markets/gone" }), change).toEqual([]);
    }
    expect(world.counts.polled).toBeUndefined();
  });

  it("wakes a feed when its engine's Pod gets into trouble and out of it", () => {
    parts.take();
    const well = pod("stream", { phase: "Running" });
    const ill = pod("stream", { containerStatuses: [{ state: { waiting: { reason: "ErrImagePull" } } }] });
    expect(parts.tell("added", well)).toEqual([]);
    expect(parts.tell("changed", ill, { previous: well })).toEqual([`add ${KEY} high`]);
    expect(parts.tell("changed", ill, { previous: ill })).toEqual([]);
    expect(parts.tell("changed", well, { previous: ill })).toEqual([`add ${KEY} high`]);
  });

  it("wakes a deleted feed at the end of each of its Pods", async () => {
    await world.settle();
    parts.take();
    const going = pod("stream", { phase: "Running" });
    expect(parts.tell("deleted", going)).toEqual([]);
    world.cluster.remove(FEED);
    expect(parts.tell("deleted", going)).toEqual([`add ${KEY} high`]);
  });
});

describe("a controller that stands by", () => {
  it("queues nothing and counts nothing, but keeps what Pods say for when it leads", () => {
    const world = reconcileWorld();
    world.cluster.put(feedObject());
    const { controller, take, tell } = controllerOf(world);
    expect(tell("added", feedObject())).toEqual([]);
    expect(tell("added", ended("Stale", "1"))).toEqual([]);
    expect(world.counts.polled).toBeUndefined();
    controller.begin();
    expect(take()).toEqual([`add ${KEY} high`]);
    const feed = { metadata: { name: "tech", namespace: "markets" } };
    expect(world.reconciler.memory.pollers.newsOf(feed, 1).market?.state).toBe("Stale");
    tell("changed", ended("Stale", "1")); // the other leader's
    expect(world.counts.polled).toBeUndefined();
    controller.end();
    expect(tell("changed", feedObject())).toEqual([]);
  });
});
