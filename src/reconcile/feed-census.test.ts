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
    expect(feedCensus([feedObject()])).toEqual([
      { feed: "markets/tech", state: "New", intervalSeconds: 10, jobFailures: [] },
    ]);
  });

  it.each<[string, object]>([
    ["Reconciling", { provider: { type: "Finnhub", credentialsSecretRef: { name: "missing" } } }],
    ["Suspended", { suspend: true }],
    ["Stalled", { symbols: [] }],
  ])("has one as %s by its conditions", async (state, spec) => {
    expect(await censusOf(spec)).toMatchObject([{ feed: "markets/tech", state }]);
  });

  it("has one as Deleting from when its deletion is asked for", () => {
    const { metadata, ...feed } = feedObject();
    const deleted = { ...feed, metadata: { ...metadata, deletionTimestamp: "2024-03-01T14:30:00Z" } };
    expect(feedCensus([deleted])).toEqual([{ feed: "markets/tech", state: "Deleting", jobFailures: [] }]);
  });

  it("has the interval that the spec says, or the default; none that can't be read", () => {
    const intervalOf = (interval: unknown) => feedCensus([feedObject({ spec: { polling: { interval } } })])[0];
    expect(intervalOf("20m")).toMatchObject({ intervalSeconds: 1200 });
    expect(intervalOf(undefined)).toMatchObject({ intervalSeconds: 10 });
    for (const unread of ["7s", "soon", 60, null]) expect(intervalOf(unread)).not.toHaveProperty("intervalSeconds");
    expect(feedCensus([{ ...feedObject(), spec: null }])[0]).toMatchObject({ intervalSeconds: 10 });
  });

  it("has one whose Jobs ask a provider over the network, and tell how long it took, by its spec", () => {
    const timesRequests = (spec: object) => feedCensus([feedObject({ spec })])[0]?.timesRequests;
    const provider = { type: "IEX", baseUrl: "https://quotes.example.com" };
    expect(timesRequests({ provider })).toBe(true);
    expect(timesRequests({ provider, suspend: true })).toBe(true);
    // A Deployment's are scraped themselves.
    expect(timesRequests({ provider, polling: { workload: "Deployment" } })).toBeUndefined();
    for (const other of [{ type: "Simulated" }, { type: "Carrier pigeon" }, null]) {
      expect(timesRequests({ provider: other })).toBeUndefined();
    }
  });

  it("has the market of one that polls, and of no other", async () => {
    const marketOf = async (spec: object) => (await censusOf(spec))[0]?.market;
    expect(await marketOf({})).toBe("Open");
    expect(await marketOf({ suspend: true })).toBeUndefined();
    expect(await marketOf({ polling: { workload: "Deployment" } })).toBeUndefined();
  });

  it("forgets a market that was seen before the feed was suspended, or could no longer be read", async () => {
    const world = reconcileWorld();
    world.cluster.put(feedObject());
    await world.settle();
    const marketNow = () => feedCensus(world.cluster.list("StockFeed"))[0]?.market;
    expect(marketNow()).toBe("Open");
    for (const spec of [{ suspend: true }, { symbols: [] }]) {
      world.cluster.put(feedObject({ spec, metadata: { generation: 2 } }));
      await world.settle();
      expect(marketNow(), JSON.stringify(spec)).toBeUndefined();
    }
  });

  it("has the jobs in a row that failed, window by window, while the feed wants jobs and none runs", () => {
    const pipeline = (window: string, failures?: object) => {
      return { window, engine: "Dataflow", state: "Failed", specHash: "a", ...(failures && { failures }) };
    };
    const failures = { count: 2, jobId: "j", time: "2024-03-01T14:30:00Z" };
    const healed = { ...pipeline("30m", failures), state: "Running" };
    const pipelines = [pipeline("1m", failures), pipeline("5m", { ...failures, count: 0 }), pipeline("15m"), healed];
    const failed = { ...feedObject(), status: { pipelines } };
    expect(feedCensus([failed])[0]?.jobFailures).toEqual([{ resolution: "1m", count: 2 }]);
    const suspended = { type: "Ready", status: "True", reason: "Suspended", message: "", lastTransitionTime: "" };
    const resting = { ...failed, status: { pipelines, conditions: [suspended] } };
    expect(feedCensus([resting])).toEqual([
      { feed: "markets/tech", state: "Suspended", intervalSeconds: 10, jobFailures: [] },
    ]);
  });
});
