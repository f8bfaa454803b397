import { beforeEach, describe, expect, it } from "vitest";
import { manualClock, type ManualClock } from "../../test/fakes/manual-clock.ts";
import { feedObject, type ReconcileWorld, reconcileWorld } from "../../test/reconcile-world.ts";
import type { KubeObject } from "../api/kube-object.ts";
import type { StreamSummary } from "../quotes/stream-summary.ts";
import { RunningStreams } from "./running-streams.ts";

const KEY = "markets/tech";
const WORDS = "`acme.markets.windows` took no rows: Access Denied. Grant roles/bigquery.dataEditor.";

describe("a feed whose stream is not ready", () => {
  let world: ReconcileWorld;
  let clock: ManualClock;
  let stop: AbortController;
  let answer: StreamSummary | undefined;
  let asked: string[];

  beforeEach(async () => {
    world = reconcileWorld();
    clock = manualClock(world.time.now);
    stop = new AbortController();
    answer = forbidden();
    asked = [];
    world.cluster.put(feedObject());
    await world.settle();
    put(false);
    await world.reconcile();
  });

  const forbidden = (message = WORDS, feed = KEY): StreamSummary => ({ feed, sink: { fault: "Forbidden", message } });

  /** The stream's Pod, changed as told, and its StatefulSet as that is. */
  function put(ready: boolean, change: { phase?: string; deletionTimestamp?: string } = {}): void {
    const { phase = "Running", ...metadata } = change;
    const labels = { "stockfeed.dev/feed": "tech", "app.kubernetes.io/component": "stream" };
    const pod: KubeObject = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "tech-windows-0", namespace: "markets", uid: "s0", labels, ...metadata },
      status: { phase, podIP: "10.0.0.9", conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
    };
    world.cluster.put(pod);
    const set = world.cluster.get({ kind: "StatefulSet", namespace: "markets", name: "tech-windows" });
    if (set === undefined) return;
    world.cluster.put({ ...set, status: { ...(set.status as object), readyReplicas: ready ? 1 : 0 } });
  }

  /** Asks as an operator that leads, which reconciles what has news. */
  function lead(): { readonly news: string[]; readonly round: () => Promise<void> } {
    const news: string[] = [];
    const running = new RunningStreams({
      cluster: world.cluster,
      streams: world.reconciler.memory.streams,
      clock,
      ask: (address) => {
        asked.push(address);
        return Promise.resolve(answer);
      },
    });
    void running.run((feed) => news.push(feed), stop.signal);
    return {
      news,
      round: async () => {
        await clock.untilSleeping();
        world.time.now += 60_000;
        await clock.advance(clock.now() + 60_000);
        await clock.untilSleeping();
        for (const feed of news.splice(0)) await world.reconcile(feed.split("/")[1]);
      },
    };
  }

  it("has in its conditions which role the stream's account lacks, until it is ready", async () => {
    expect(world.condition("SinkReady")).toMatchObject({ status: "True" });
    const { round } = lead();
    await round();
    const said = { status: "False", reason: "SinkUnavailable", message: `The feed's stream says: ${WORDS}` };
    expect(world.condition("SinkReady")).toMatchObject(said);
    expect(world.condition("Ready")).toMatchObject(said);
    expect(world.condition("PollingReady")).toMatchObject({ status: "True" });
    expect(world.condition("PipelineReady")).toMatchObject({
      reason: "Starting",
      message: "StatefulSet tech-windows has no ready Pod yet. See: kubectl -n markets logs tech-windows-0",
    });
    expect(world.reasons().filter((reason) => reason === "SinkUnavailable")).toHaveLength(1);
    put(true);
    await world.reconcile();
    for (const type of ["SinkReady", "PipelineReady", "Ready"]) {
      expect(world.condition(type)).toMatchObject({ status: "True" });
    }
  });

  it("is asked once a minute, and is written anew only where there is something else to mend", async () => {
    const { news, round } = lead();
    await round();
    const { writes } = world;
    asked = [];
    for (let minutes = 0; minutes < 5; minutes++) {
      answer = forbidden(`${WORDS} Request ${minutes}.`);
      await round();
      await world.reconcile();
    }
    expect(asked).toEqual(Array.from({ length: 5 }, () => "10.0.0.9"));
    expect(news).toEqual([]);
    expect(world.writes).toBe(writes);
    answer = { feed: KEY, sink: { fault: "Refused", message: "other words" } };
    await round();
    expect(world.condition("SinkReady")).toMatchObject({ message: "The feed's stream says: other words" });
    answer = { feed: KEY };
    await round();
    expect(world.condition("SinkReady")).toMatchObject({ status: "True" });
    expect(world.condition("PipelineReady")).toMatchObject({ status: "False" });
  });

  it("is said to lack it while the operator itself can't look at the tables", async () => {
    await lead().round();
    const { writes } = world;
    world.sinkProblems.push({ kind: "Unavailable", message: "BigQuery is away." });
    await world.reconcile();
    expect(world.condition("SinkReady")).toMatchObject({ message: `The feed's stream says: ${WORDS}` });
    expect(world.writes).toBe(writes);
  });

  it.each([
    ["no answer", undefined],
    ["another feed's answer", { feed: "markets/other" }],
    ["an answer that names none", { feed: "x" }],
  ])("stays as it was said to be where there is %s", async (_, other) => {
    const { round } = lead();
    await round();
    answer = other;
    await round();
    await world.reconcile();
    expect(world.condition("SinkReady")).toMatchObject({ reason: "SinkUnavailable" });
  });

  it("takes another feed's word for nothing", async () => {
    answer = forbidden(WORDS, "markets/other");
    await lead().round();
    await world.reconcile();
    expect(world.condition("SinkReady")).toMatchObject({ status: "True" });
  });

  it.each<[string, () => void]>([
    [
      "is ready",
      () => {
        put(true);
      },
    ],
    [
      "waits",
      () => {
        put(false, { phase: "Pending" });
      },
    ],
    [
      "is about to end",
      () => {
        put(false, { deletionTimestamp: "2026-01-05T15:00:00Z" });
      },
    ],
  ])("asks no Pod that %s", async (_, change) => {
    change();
    await lead().round();
    expect(asked).toEqual([]);
  });

  it("leaves nothing behind of a feed that is gone", async () => {
    world = reconcileWorld();
    put(false);
    const { news, round } = lead();
    await round();
    expect(news).toEqual([]);
    expect(
      world.reconciler.memory.streams.troubleOf({ metadata: { name: "tech", namespace: "markets" } }),
    ).toBeUndefined();
  });

  it("is said to lack a role once, though the operator starts anew before it has asked", async () => {
    await lead().round();
    world.restart();
    const { writes } = world;
    await world.reconcile();
    expect(world.condition("SinkReady")).toMatchObject({ reason: "SinkUnavailable" });
    expect(world.writes).toBe(writes);
    stop.abort();
    stop = new AbortController();
    answer = { feed: KEY };
    await lead().round();
    await world.reconcile();
    expect(world.condition("SinkReady")).toMatchObject({ status: "True" });
  });
});
