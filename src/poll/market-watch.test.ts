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
    expect(new MarketWatch({ staleAfterMs: 30_000 }).observe(slot, [quote(0)], close)).toEqual({
      state: "Open",
      stale: 0,
    });
  });

  it("counts a provider time that stands still or goes back, symbol by symbol", () => {
    const watch = new MarketWatch({ staleAfterMs: 30_000 });
    watch.observe(slot, [quote(5), quote(5, 1, "MSFT")], close);
    expect(watch.observe(slot + 1, [quote(5), quote(6, 1, "MSFT")], close).stale).toBe(1);
    expect(watch.observe(slot + 2, [quote(4), quote(6, 1, "MSFT")], close).stale).toBe(2);
    // Back to where it was is no news either.
    expect(watch.observe(slot + 3, [quote(5)], close).stale).toBe(1);
  });

  it("takes a changed price for a move even where the provider's time is too coarse to show it", () => {
    const watch = new MarketWatch({ staleAfterMs: 30_000 });
    watch.observe(slot, [quote(5, 100)], close);
    expect(watch.observe(slot + 30_000, [quote(5, 101)], close)).toEqual({ state: "Open", stale: 1 });
    expect(watch.observe(slot + 59_999, [quote(5, 101)], close).state).toBe("Open");
    expect(watch.observe(slot + 60_000, [quote(5, 101)], close).state).toBe("Stale");
  });

  it("needs but one symbol that moves to call the market open", () => {
    const watch = new MarketWatch({ staleAfterMs: 30_000 });
    watch.observe(slot, [quote(5), quote(5, 1, "MSFT")], close);
    expect(watch.observe(slot + 90_000, [quote(5), quote(7, 1, "MSFT")], close)).toEqual({ state: "Open", stale: 1 });
  });

  it("begins anew with each session, since prices stand still while the market is closed", () => {
    const watch = new MarketWatch({ staleAfterMs: 30_000 });
    watch.observe(close, [quote(5)], close);
    expect(watch.observe(slot + 86_400_000, [quote(5)], nextClose)).toEqual({ state: "Open", stale: 0 });
  });
});

describe("a market watch that goes on where others polled before", () => {
  const TEN_SECONDS = 10_000;
  const joined = { intervalMs: TEN_SECONDS, openOf: () => slot };
  const watch = () => new MarketWatch({ staleAfterMs: 300_000, joined });
  const later = slot + 600_000;

  it("counts a first quote as stale whose price was there in the slot before", () => {
    const quotes = [quote(later - 1), quote(later - TEN_SECONDS, 1, "MSFT"), quote(later - 90_000, 1, "IBM")];
    expect(watch().observe(later, quotes, close)).toEqual({ state: "Open", stale: 2 });
  });

  it("knows a stale market at once, by the newest of the provider's times", () => {
    expect(watch().observe(later, [quote(later - 299_999), quote(0, 1, "MSFT")], close).state).toBe("Open");
    expect(watch().observe(later, [quote(later - 300_000), quote(0, 1, "MSFT")], close).state).toBe("Stale");
  });

  it("takes yesterday's prices at the open for fresh, and for stale once the session is as old as that", () => {
    expect(watch().observe(slot, [quote(0)], close)).toEqual({ state: "Open", stale: 0 });
    expect(watch().observe(slot + TEN_SECONDS, [quote(0)], close)).toEqual({ state: "Open", stale: 1 });
    expect(watch().observe(slot + 290_000, [quote(0)], close).state).toBe("Open");
    expect(watch().observe(slot + 300_000, [quote(0)], close).state).toBe("Stale");
  });

  it("says nothing of a market without a single price", () => {
    expect(watch().observe(later, [], close)).toEqual({ state: "Open", stale: 0 });
  });

  it("is open again with the first price that moves", () => {
    const stale = watch();
    stale.observe(later, [quote(later - 400_000)], close);
    expect(stale.observe(later + TEN_SECONDS, [quote(later + 1)], close)).toEqual({ state: "Open", stale: 0 });
  });

  it("counts as one watch over the same quotes would, slot by slot", () => {
    // IBM's price moves in every other slot; each poller lives for one.
    const times = Array.from({ length: 8 }, (_, i) => later + i * TEN_SECONDS);
    const quotesAt = (time: number) => [
      quote(time - (((time - later) / TEN_SECONDS) % 2 === 0 ? 500 : 10_500), 1, "IBM"),
    ];
    const whole = new MarketWatch({ staleAfterMs: 300_000 });
    const one = times.map((time) => whole.observe(time, quotesAt(time), close).stale);
    const many = times.map((time) => watch().observe(time, quotesAt(time), close).stale);
    expect(many).toEqual(one);
  });
});
