import { describe, expect, it } from "vitest";
import { feedWith, symbols } from "../../../test/feed.ts";
import { createSimulated } from "../../adapters/providers/simulated.ts";
import type { StockFeed } from "../../api/stockfeed.ts";
import type { Quote } from "../../quotes/quote.ts";
import { simulatedPast } from "./simulated-past.ts";

/** A Wednesday, an hour and a half into NYSE's session. */
const NOW = Date.parse("2026-03-04T16:00:03Z");

async function past(feed: StockFeed, { now = NOW, after = -Infinity } = {}): Promise<Quote[][]> {
  const batches: Quote[][] = [];
  for await (const batch of simulatedPast(feed, createSimulated({ seed: 1 }), { now, after })) batches.push(batch);
  return batches;
}
const slots = (batches: Quote[][]) => [...new Set(batches.flat().map(({ observedAt }) => observedAt))];
const time = (ms: number | undefined) => new Date(ms ?? NaN).toISOString().slice(11, 19);

describe("the simulated past", () => {
  it("is an hour of slots, the current one included, in order and in pieces", async () => {
    const batches = await past(feedWith());
    const found = slots(batches);
    expect([found.length, time(found[0]), time(found.at(-1))]).toEqual([360, "15:00:10", "16:00:00"]);
    expect(found).toEqual(found.toSorted((a, b) => a - b));
    expect(batches.map((batch) => batch.length)).toEqual([60, 60, 60, 60, 60, 60]);
  });

  it("begins after what is there already", async () => {
    const after = Date.parse("2026-03-04T15:59:30Z");
    expect(slots(await past(feedWith(), { after })).map(time)).toEqual(["15:59:40", "15:59:50", "16:00:00"]);
    expect(await past(feedWith(), { after: Date.parse("2026-03-04T16:00:00Z") })).toEqual([]);
  });

  it("keeps to the session", async () => {
    const feed = feedWith({ spec: { polling: { session: "NYSE" } } });
    const now = Date.parse("2026-03-04T14:30:20Z");
    expect(slots(await past(feed, { now })).map(time)).toEqual(["14:30:00", "14:30:10", "14:30:20"]);
    expect(await past(feed, { now: Date.parse("2026-03-07T15:00:00Z") })).toEqual([]);
  });

  it("is shorter for thousands of symbols, and never less than the current slot", async () => {
    expect(slots(await past(feedWith({ spec: { symbols: symbols(5_000) } })))).toHaveLength(20);
    const daily = feedWith({ spec: { polling: { interval: "24h" }, resolutions: [{ window: "24h" }] } });
    expect(slots(await past(daily)).map(time)).toEqual(["00:00:00"]);
  });
});
