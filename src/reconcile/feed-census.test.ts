import { describe, expect, it } from "vitest";
import { feedObject, reconcileWorld } from "../../test/reconcile-world.ts";
import { feedCensus } from "./feed-census.ts";

/** The census of a feed of this spec, once it has come to rest. */
async function censusOf(spec: object, metadata: object = {}) {
  const world = reconcileWorld();
  const { metadata: own, ...rest } = feedObject({ spec });
  world.cluster.put({ ...rest, metadata: { ...own, ...metadata } });
  await world.settle();
  return feedCensus(world.cluster.list("StockFeed"));
}

describe("the census of feeds", () => {
  it("has a feed that nobody has looked at as new", () => {
    expect(feedCensus([feedObject()])).toEqual([{ feed: "markets/tech", state: "New" }]);
  });

  it.each<[string, object]>([
    ["Reconciling", { provider: { type: "Finnhub", credentialsSecretRef: { name: "missing" } } }],
    ["Suspended", { suspend: true }],
    ["Stalled", { symbols: [] }],
  ])("has one as %s by its conditions", async (state, spec) => {
    expect(await censusOf(spec)).toEqual([{ feed: "markets/tech", state }]);
  });

  it("has one as Deleting from when its deletion is asked for", () => {
    const { metadata, ...feed } = feedObject();
    const deleted = { ...feed, metadata: { ...metadata, deletionTimestamp: "2024-03-01T14:30:00Z" } };
    expect(feedCensus([deleted])).toEqual([{ feed: "markets/tech", state: "Deleting" }]);
  });
});
