import { describe, expect, it } from "vitest";
import { feedWith } from "../../test/feed.ts";
import { FEED, feedObject, reconcileWorld } from "../../test/reconcile-world.ts";
import type { KubeObject } from "../api/kube-object.ts";
import { emptySummary, encodeSummary, type PollSummary } from "../quotes/poll-summary.ts";

const MINUTE = 60_000;
const feed = feedWith({ metadata: { name: "tech", namespace: "markets" } });

interface PodFacts {
  readonly uid: string;
  readonly finishedAt: number;
  readonly summary?: Partial<PollSummary>;
  readonly message?: string;
  readonly exitCode?: number;
  readonly shard?: string;
}

/** A poller's Pod that has ended. */
function finished({ uid, finishedAt, summary, message, exitCode = 0, shard = "0" }: PodFacts): KubeObject {
  const whole = { ...emptySummary("markets/tech", "Finnhub"), ...summary };
  const labels = {
    "stockfeed.dev/feed": "tech",
    "app.kubernetes.io/component": "poller",
    "batch.kubernetes.io/job-completion-index": shard,
  };
  const text = message ?? (summary === undefined ? undefined : encodeSummary(whole));
  const terminated = {
    exitCode,
    finishedAt: new Date(finishedAt).toISOString(),
    ...(text !== undefined && { message: text }),
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `pod-${uid}`, namespace: "markets", uid, labels },
    status: { phase: exitCode === 0 ? "Succeeded" : "Failed", containerStatuses: [{ state: { terminated } }] },
  };
}

/** A world with a feed that runs, whose operator counts from its start. */
async function running(spec: object = {}) {
  const world = reconcileWorld();
  world.cluster.put(feedObject({ spec }));
  await world.settle();
  world.reconciler.memory.pollers.countFrom(world.time.now);
  return { world, pollers: world.reconciler.memory.pollers, at: world.time.now + MINUTE };
}

const good = { slotsPolled: 6, quotes: 12, marketState: "Open", lastSlot: Date.parse("2026-01-05T15:00:50Z") } as const;

describe("a finished poller", () => {
  it("is counted once, however often it is seen", async () => {
    const { world, pollers, at } = await running();
    const summary = {
      ...good,
      slotsMissed: 1,
      staleQuotes: 2,
      undeliveredQuotes: 3,
      deadLetters: { FutureTime: 4 },
      failures: { Timeout: 5 },
      requests: { within: { "0.25": 6, Infinity: 1 }, seconds: 7.5 },
    };
    for (let i = 0; i < 3; i++) pollers.observe(finished({ uid: "a", finishedAt: at, summary }));
    expect(world.counts).toMatchObject({
      polled: 6,
      missed: 1,
      "quotes.published": 12,
      "quotes.stale": 2,
      "quotes.undelivered": 3,
      "quotes.dead_letter": 4,
      "failures.Timeout": 5,
      "requests.within 0.25": 6,
      "requests.within Infinity": 1,
      "requests.seconds": 7.5,
    });
    pollers.observe(finished({ uid: "b", finishedAt: at + MINUTE, summary: good }));
    expect(world.counts.polled).toBe(12);
    // The second is of a version that does not tell how long requests took.
    expect(world.counts["requests.seconds"]).toBe(7.5);
  });

  it("that ended before the operator counted tells its news alone", async () => {
    const { world, pollers } = await running();
    const summary = { ...good, marketState: "Stale" } as const;
    pollers.observe(finished({ uid: "a", finishedAt: world.time.now - 1, summary }));
    expect(world.counts.polled).toBeUndefined();
    expect(pollers.newsOf(feed, 1).market?.state).toBe("Stale");
  });

  it.each([["no JSON"], ['{"feed": 1}'], [encodeSummary({ ...emptySummary("markets/other", "Finnhub"), ...good })]])(
    "whose message is not its feed's summary counts as nothing: %s",
    async (message) => {
      const { world, pollers, at } = await running();
      pollers.observe(finished({ uid: "a", finishedAt: at, message }));
      pollers.observe(finished({ uid: "a", finishedAt: at, message }));
      expect(world.counts.polled).toBeUndefined();
      expect(world.unreadable).toEqual(["pod-a"]);
    },
  );

  it("wakes its feed only when there is something else to say", async () => {
    const { pollers, at } = await running();
    expect(pollers.observe(finished({ uid: "a", finishedAt: at, summary: good }))).toBe(true);
    expect(pollers.observe(finished({ uid: "b", finishedAt: at + MINUTE, summary: good }))).toBe(false);
    const stale = { ...good, marketState: "Stale" } as const;
    expect(pollers.observe(finished({ uid: "c", finishedAt: at + 2 * MINUTE, summary: stale }))).toBe(true);
    // a relist shows the Pods again, in any order
    expect(pollers.observe(finished({ uid: "a", finishedAt: at, summary: good }))).toBe(false);
    expect(pollers.newsOf(feed, 1).market?.state).toBe("Stale");
  });
});

describe("what pollers say", () => {
  it("makes the market stale and open again, with an event each", async () => {
    const { world, pollers, at } = await running();
    const say = async (uid: string, marketState: "Open" | "Stale", minute: number) => {
      pollers.observe(finished({ uid, finishedAt: at + minute * MINUTE, summary: { ...good, marketState } }));
      await world.reconcile();
    };
    await say("a", "Stale", 1);
    expect(world.status().marketState).toBe("Stale");
    await say("b", "Open", 2);
    expect(world.status().marketState).toBe("Open");
    expect(world.reasons().slice(-2)).toEqual(["QuotesStale", "MarketOpen"]);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });

  it("makes polling not ready while the provider gives nothing, with its own words, written once", async () => {
    const { world, pollers, at } = await running();
    const problem = (minute: number) => ({
      slotsPolled: 6,
      failures: { Unauthorized: 12 },
      problem: `Finnhub refused minute ${minute}: 401. Check Secret markets/finnhub, key token.`,
    });
    const writes = () => world.cluster.writes.length;
    pollers.observe(finished({ uid: "a", finishedAt: at, summary: problem(1) }));
    await world.reconcile();
    expect(world.condition("PollingReady")).toMatchObject({
      status: "False",
      reason: "ProviderFailing",
      message: "Finnhub refused minute 1: 401. Check Secret markets/finnhub, key token.",
    });
    const before = writes();
    pollers.observe(finished({ uid: "b", finishedAt: at + MINUTE, summary: problem(2) }));
    await world.reconcile();
    expect(writes()).toBe(before);
    pollers.observe(finished({ uid: "c", finishedAt: at + 2 * MINUTE, summary: good }));
    await world.reconcile();
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });

  it("forgives one Pod that was lost, not two in a row", async () => {
    const { world, pollers, at } = await running();
    pollers.observe(finished({ uid: "a", finishedAt: at, exitCode: 137 }));
    await world.reconcile();
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
    pollers.observe(finished({ uid: "b", finishedAt: at + MINUTE, exitCode: 137 }));
    await world.reconcile();
    expect(world.condition("PollingReady")).toMatchObject({
      reason: "PollerFailed",
      message: "A poller ended with code 137. See: kubectl -n markets logs pod-b",
    });
  });

  it("says in its own words why a poller can't begin", async () => {
    const { world, pollers, at } = await running();
    const problem = "Finnhub needs a key. Set Secret markets/finnhub, key token.";
    pollers.observe(finished({ uid: "a", finishedAt: at, exitCode: 2, summary: { problem } }));
    await world.reconcile();
    expect(world.condition("PollingReady")).toMatchObject({ reason: "PollerFailed", message: problem });
  });

  it("takes a poller that was killed before its first slot for one without a summary", async () => {
    const { world, pollers, at } = await running();
    pollers.observe(finished({ uid: "a", finishedAt: at, exitCode: 137, summary: {} }));
    pollers.observe(finished({ uid: "b", finishedAt: at + MINUTE, exitCode: 137, summary: {} }));
    await world.reconcile();
    expect(world.condition("PollingReady")).toMatchObject({ reason: "PollerFailed" });
    expect(world.unreadable).toEqual([]);
  });

  it("finds no trouble in pollers that were asked to end, as when their node is drained", async () => {
    const { world, pollers, at } = await running();
    pollers.observe(finished({ uid: "a", finishedAt: at, exitCode: 143, summary: {} }));
    pollers.observe(finished({ uid: "b", finishedAt: at + MINUTE, exitCode: 143, summary: {} }));
    await world.reconcile();
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });

  it("is told of a Pod that can't start", async () => {
    const { world, pollers, at } = await running();
    const pod = finished({ uid: "a", finishedAt: at });
    const waiting = { reason: "ImagePullBackOff", message: "no such image" };
    pollers.observe({ ...pod, status: { phase: "Pending", containerStatuses: [{ state: { waiting } }] } });
    await world.reconcile();
    expect(world.condition("PollingReady")).toMatchObject({
      reason: "ImagePullBackOff",
      message: "A Pod can't start: no such image.",
    });
  });

  it("is stale when all shards are, and in trouble when one is", async () => {
    const { pollers, at } = await running();
    const stale = { ...good, marketState: "Stale" } as const;
    pollers.observe(finished({ uid: "a", finishedAt: at, shard: "0", summary: stale }));
    pollers.observe(finished({ uid: "b", finishedAt: at, shard: "1", summary: good }));
    expect(pollers.newsOf(feed, 2)).toMatchObject({ market: { state: "Open" } });
    expect(pollers.newsOf(feed, 1)).toMatchObject({ market: { state: "Stale" } });
    pollers.observe(
      finished({
        uid: "c",
        finishedAt: at + MINUTE,
        shard: "1",
        summary: { slotsPolled: 6, failures: { Timeout: 6 } },
      }),
    );
    expect(pollers.newsOf(feed, 2).trouble?.reason).toBe("ProviderFailing");
    expect(pollers.newsOf(feed, 1).trouble).toBeUndefined();
  });
});

describe("a session", () => {
  it("closes the market by the calendar, and is waited for", async () => {
    const { world, pollers, at } = await running({ polling: { session: "NYSE" } });
    expect(world.status().marketState).toBe("Open"); // Monday, 10:00 in New York
    pollers.observe(finished({ uid: "a", finishedAt: at, summary: { ...good, marketState: "Stale" } }));
    await world.reconcile();
    expect(world.status().marketState).toBe("Stale");
    world.time.now = Date.parse("2026-01-05T20:59:00Z");
    expect((await world.reconcile()).afterMs).toBe(60_001); // one past 16:00, the last instant of the session
    world.time.now += 60_001;
    await world.reconcile();
    expect(world.status().marketState).toBe("Closed");
    expect(world.condition("PollingReady")).toMatchObject({ status: "True", reason: "MarketClosed" });
    expect(world.reasons().at(-1)).toBe("MarketClosed");
    world.time.now = Date.parse("2026-01-06T14:30:00Z");
    await world.reconcile();
    expect(world.status().marketState).toBe("Open"); // what was stale on Monday says nothing of Tuesday
    expect(world.cluster.get(FEED)).toBeDefined();
  });
});
