import { describe, expect, it } from "vitest";
import { feedWith, symbols } from "../../test/feed.ts";
import { providerCalls, quotaUses } from "./provider-calls.ts";

const feed = (
  type: string,
  count: number,
  interval: string,
  more: { shards?: number; name?: string; secret?: string } = {},
) =>
  feedWith({
    metadata: { name: more.name ?? "tech" },
    spec: {
      symbols: symbols(count),
      provider: { type, credentialsSecretRef: { name: more.secret ?? "keys" } },
      polling: { interval, shards: more.shards ?? 1 },
      resolutions: [{ window: "24h" }],
    },
  });
const warningOf = (...feeds: Parameters<typeof quotaUses>[0][number][]) =>
  quotaUses(feeds).map(({ warning }) => warning);

describe("calls of a provider", () => {
  it("are none where nothing is called", () => {
    expect(providerCalls(feedWith().spec)).toEqual({ perSlot: 0, perMinute: 0 });
    expect(quotaUses([feedWith()])).toEqual([]);
  });

  it("are one a symbol, or one a batch, each slot", () => {
    expect(providerCalls(feed("Finnhub", 10, "10s").spec)).toEqual({ perSlot: 10, perMinute: 60 });
    expect(providerCalls(feed("Alpaca", 200, "10s").spec)).toEqual({ perSlot: 1, perMinute: 6 });
    expect(providerCalls(feed("Alpaca", 201, "10s").spec)).toEqual({ perSlot: 2, perMinute: 12 });
    expect(providerCalls(feed("Tiingo", 250, "5m").spec)).toEqual({ perSlot: 3, perMinute: 0.6 });
  });

  it("are more where shards split a batch", () => {
    expect(providerCalls(feed("Alpaca", 400, "10s", { shards: 3 }).spec).perSlot).toBe(3);
    expect(providerCalls(feed("Alpaca", 201, "10s", { shards: 2 }).spec).perSlot).toBe(2);
    expect(providerCalls(feed("Alpaca", 401, "10s", { shards: 2 }).spec).perSlot).toBe(3); // 200 and 201
  });
});

describe("the use of a free plan", () => {
  it("is fine below the limit", () => {
    expect(quotaUses([feed("Alpaca", 10, "10s")])).toEqual([
      { provider: "Alpaca", secret: "default/keys", feeds: ["default/tech"], used: 6, calls: 200, perMs: 60_000 },
    ]);
  });

  it("leaves nothing for a retry at the limit", () => {
    expect(warningOf(feed("Finnhub", 10, "10s"))).toEqual([
      "default/tech: 60 calls a minute of Finnhub; its free plan allows 60, which leaves none for a retry.",
    ]);
  });

  it("is too much beyond it, with the interval and the symbols that would fit", () => {
    expect(warningOf(feed("Tiingo", 10, "10s"))).toEqual([
      "default/tech: 360 calls an hour of Tiingo; its free plan allows 50. Poll every 2m, or use a paid plan.",
    ]);
    expect(warningOf(feed("Finnhub", 25, "10s"))).toEqual([
      "default/tech: 150 calls a minute of Finnhub; its free plan allows 60. " +
        "Poll every 30s, take at most 10 symbols, or use a paid plan.",
    ]);
  });

  it("fits once its advice is taken", () => {
    expect(warningOf(feed("Tiingo", 10, "2m"))).toEqual([undefined]);
    expect(warningOf(feed("Finnhub", 25, "30s"))).toEqual([undefined]);
  });

  it("is summed over the feeds that share a Secret, and over those alone", () => {
    const uses = quotaUses([
      feed("Finnhub", 6, "10s", { name: "a" }),
      feed("Finnhub", 6, "10s", { name: "b" }),
      feed("Finnhub", 6, "10s", { name: "c", secret: "other" }),
      feed("Alpaca", 6, "10s", { name: "d" }),
    ]);
    expect(uses.map(({ feeds, used }) => [feeds.join(), used])).toEqual([
      ["default/a,default/b", 72],
      ["default/c", 36],
      ["default/d", 6],
    ]);
    expect(uses[0]?.warning).toMatch(/^default\/a, default\/b \(Secret default\/keys\): 72 calls .* own account\.$/);
    expect(uses[1]?.warning).toBeUndefined();
  });
});
