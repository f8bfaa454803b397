import { describe, expect, it } from "vitest";
import type { Quote } from "../quotes/quote.ts";
import { MarketWatch } from "./market-watch.ts";

const slot = Date.parse("2013-10-07T13:30:00Z");
const close = Date.parse("2013-10-07T20:00:00Z");
const nextClose = close + 86_400_000;

const quote = (providerTime: number, price = 167_410_000, symbol = "AAPL"): Quote => ({
  feed: "markets/tech",
  symbol,
  price,
  observedAt: slot,
  providerTime,
  provider: "Simulated",
});

describe("market watch", () => {
  it("takes the first quote of a symbol for fresh, however old its price is", () => {
    expect(new MarketWatch(30_000).observe(slot, [quote(0)], close)).toEqual({ state: "Open", stale: 0 });
  });

  it("counts a provider time that stands still or goes back, symbol by symbol", () => {
    const watch = new MarketWatch(30_000);
    watch.observe(slot, [quote(5), quote(5, 1, "MSFT")], close);
    expect(watch.observe(slot + 1, [quote(5), quote(6, 1, "MSFT")], close).stale).toBe(1);
    expect(watch.observe(slot + 2, [quote(4), quote(6, 1, "MSFT")], close).stale).toBe(2);
    // Back to where it was is no news either.
    expect(watch.observe(slot + 3, [quote(5)], close).stale).toBe(1);
  });

  it("takes a changed price for a move even where the provider's time is too coarse to show it", () => {
    const watch = new MarketWatch(30_000);
    watch.observe(slot, [quote(5, 100)], close);
    expect(watch.observe(slot + 30_000, [quote(5, 101)], close)).toEqual({ state: "Open", stale: 1 });
    expect(watch.observe(slot + 59_999, [quote(5, 101)], close).state).toBe("Open");
    expect(watch.observe(slot + 60_000, [quote(5, 101)], close).state).toBe("Stale");
  });

  it("needs but one symbol that moves to call the market open", () => {
    const watch = new MarketWatch(30_000);
    watch.observe(slot, [quote(5), quote(5, 1, "MSFT")], close);
    expect(watch.observe(slot + 90_000, [quote(5), quote(7, 1, "MSFT")], close)).toEqual({ state: "Open", stale: 1 });
  });

  it("begins anew with each session, since prices stand still while the market is closed", () => {
    const watch = new MarketWatch(30_000);
    watch.observe(close, [quote(5)], close);
    expect(watch.observe(slot + 86_400_000, [quote(5)], nextClose)).toEqual({ state: "Open", stale: 0 });
  });
});
