import { beforeEach, describe, expect, it } from "vitest";
import { manualClock, type ManualClock } from "../../test/fakes/manual-clock.ts";
import { feedObject, type ReconcileWorld, reconcileWorld } from "../../test/reconcile-world.ts";
import type { KubeObject } from "../api/kube-object.ts";
import { emptySummary, type PollSummary } from "../quotes/poll-summary.ts";
import { RunningPollers } from "./running-pollers.ts";

const KEY = "markets/tech";
const DEPLOYMENT = { workload: "Deployment", shards: 2 };

function pod(shard: number, change: { phase?: string; deletionTimestamp?: string } = {}): KubeObject {
  const { phase = "Running", ...metadata } = change;
  const labels = {
    "stockfeed.dev/feed": "tech",
    "app.kubernetes.io/component": "poller",
    "stockfeed.dev/shard": String(shard),
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `tech-poll-${shard}-x`, namespace: "markets", uid: `p${shard}`, labels, ...metadata },
    status: { phase, podIP: `10.0.0.${shard}` },
  };
}

describe("a feed whose pollers run without end", () => {
  let world: ReconcileWorld;
  let clock: ManualClock;
  let stop: AbortController;
  /** What each Pod answers, by its address. */
  let answers: Record<string, PollSummary | undefined>;
  let asked: string[];

  beforeEach(async () => {
    world = reconcileWorld();
    clock = manualClock(world.time.now);
    stop = new AbortController();
    answers = {};
    asked = [];
    world.cluster.put(feedObject({ spec: { polling: DEPLOYMENT } }));
    for (const shard of [0, 1]) world.cluster.put(pod(shard));
    await world.settle();
  });

  const says = (marketState: PollSummary["marketState"], feed = KEY): PollSummary => ({
    ...emptySummary(feed, "Simulated"),
    ...(marketState !== undefined && { marketState, lastSlot: world.time.now }),
  });
  const bothSay = (state: PollSummary["marketState"]) => {
    answers = { "10.0.0.0": says(state), "10.0.0.1": says(state) };
  };

  /** Asks as an operator that leads, which reconciles what has news. */
  function lead(): { readonly news: string[]; readonly round: () => Promise<void>; readonly over: Promise<void> } {
    const news: string[] = [];
    const running = new RunningPollers({
      cluster: world.cluster,
      pollers: world.reconciler.memory.pollers,
      clock,
      ask: (address) => {
        asked.push(address);
        return Promise.resolve(answers[address]);
      },
    });
    const over = running.run((feed) => news.push(feed), stop.signal);
    /** Ends the round that goes on, and reconciles. */
    const reconcileNews = async () => {
      await clock.untilSleeping();
      for (const feed of news.splice(0)) await world.reconcile(feed.split("/")[1]);
    };
    return {
      news,
      over,
      round: async () => {
        await clock.untilSleeping();
        world.time.now += 60_000;
        await clock.advance(clock.now() + 60_000);
        await reconcileNews();
      },
    };
  }

  it("has the market in its status as all its pollers see it", async () => {
    expect(world.status().marketState).toBe("Open");
    bothSay("Open");
    const { round } = lead();
    await round();
    answers["10.0.0.0"] = says("Stale");
    await round();
    expect(world.status().marketState).toBe("Open");
    bothSay("Stale");
    await round();
    expect(world.status().marketState).toBe("Stale");
    expect(world.reasons().at(-1)).toBe("QuotesStale");
    bothSay("Open");
    await round();
    expect(world.status().marketState).toBe("Open");
  });

  it("is asked once a minute, and is neither written nor reconciled where all stays as it is", async () => {
    bothSay("Stale");
    const { news, round } = lead();
    await round();
    const { writes } = world;
    asked = [];
    for (let minutes = 0; minutes < 5; minutes++) await round();
    expect(asked).toHaveLength(10);
    expect(news).toEqual([]);
    await world.reconcile();
    expect(world.writes).toBe(writes);
    expect(world.status().marketState).toBe("Stale");
  });

  it("stays as it was where its pollers don't answer, can't have polled yet, or answer for another feed", async () => {
    bothSay("Stale");
    const { round } = lead();
    await round();
    for (const answer of [
      undefined,
      says(undefined),
      says("Closed"),
      says("Open", "markets/other"),
      says("Open", "x"),
    ]) {
      answers = { "10.0.0.0": answer, "10.0.0.1": answer };
      await round();
      await world.reconcile();
      expect(world.status().marketState).toBe("Stale");
    }
  });

  it("asks no Pod that waits, has ended, or is about to", async () => {
    world.cluster.put(pod(0, { phase: "Pending" }));
    world.cluster.put(pod(1, { deletionTimestamp: "2026-01-05T15:00:00Z" }));
    await lead().round();
    expect(asked).toEqual([]);
  });

  it("takes in nothing for a feed that is gone", async () => {
    world = reconcileWorld();
    for (const shard of [0, 1]) world.cluster.put(pod(shard));
    bothSay("Stale");
    const { news, round } = lead();
    await round();
    expect(news).toEqual([]);
    expect(world.reconciler.memory.pollers.newsOf({ metadata: { name: "tech", namespace: "markets" } }, 2)).toEqual({});
  });

  it("is said to be stale once, though the operator starts anew before it has asked", async () => {
    bothSay("Stale");
    await lead().round();
    world.restart();
    const { writes } = world;
    await world.reconcile();
    expect(world.status().marketState).toBe("Stale");
    expect(world.writes).toBe(writes);
  });

  it("is open again after a new start where nobody answers who could say that it is stale", async () => {
    bothSay("Stale");
    await lead().round();
    stop.abort();
    stop = new AbortController();
    world.restart();
    answers = {};
    await lead().round();
    await world.reconcile();
    expect(world.status().marketState).toBe("Open");
  });
});
