import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Quote } from "./quote.ts";
import { checkQuote } from "./quote-check.ts";

const now = Date.parse("2026-11-20T15:00:00Z");
const rules = { symbols: new Set(["AAPL", "MSFT"]), intervalMs: 10_000 };
const good: Quote = {
  feed: "markets/tech",
  symbol: "AAPL",
  price: 167_410_000,
  observedAt: now,
  providerTime: now - 1_234,
  provider: "Simulated",
};
const reasonFor = (change: Partial<Quote>) => checkQuote({ ...good, ...change }, rules, now)?.reason;

describe("a quote", () => {
  it("is good with a price, a symbol of the feed and a slot", () => {
    expect(checkQuote(good, rules, now)).toBeUndefined();
  });

  it.each([0, -1, NaN, Infinity, 1.5, 10_000_000_000_000])("is refused with a price of %d millionths", (price) => {
    expect(reasonFor({ price })).toBe("InvalidPrice");
  });

  it("is refused with a symbol that the feed does not have", () => {
    expect(reasonFor({ symbol: "TSLA" })).toBe("UnknownSymbol");
  });

  it.each([NaN, Infinity, 1.5, now + 1, now - 9_999, 1e300])("is refused with a slot of %d", (observedAt) => {
    expect(reasonFor({ observedAt })).toBe("InvalidTime");
  });

  it.each([NaN, -Infinity, 0.5, 1e300, -62_167_219_200_001])(
    "is refused with a provider time of %d",
    (providerTime) => {
      expect(reasonFor({ providerTime })).toBe("InvalidTime");
    },
  );

  it("may be a minute ahead of the clock and no more", () => {
    expect(reasonFor({ observedAt: now + 60_000 })).toBeUndefined();
    expect(reasonFor({ observedAt: now + 70_000 })).toBe("FutureTime");
    expect(reasonFor({ providerTime: now + 60_000 })).toBeUndefined();
    expect(reasonFor({ providerTime: now + 60_001 })).toBe("FutureTime");
  });

  it("may be as old as it likes", () => {
    expect(reasonFor({ observedAt: 0, providerTime: -86_400_000 })).toBeUndefined();
  });

  it("is refused with the value in the detail", () => {
    expect(checkQuote({ ...good, symbol: "TSLA" }, rules, now)?.detail).toContain("TSLA");
    expect(checkQuote({ ...good, price: -5 }, rules, now)?.detail).toContain("-5");
    expect(checkQuote({ ...good, observedAt: now + 1 }, rules, now)?.detail).toContain(String(now + 1));
    expect(checkQuote({ ...good, providerTime: now + 90_000 }, rules, now)?.detail).toContain(
      "priced by the provider 90000 ms",
    );
  });

  it("is judged without ever throwing", () => {
    const anything = fc.record({
      feed: fc.string(),
      symbol: fc.string(),
      price: fc.double(),
      observedAt: fc.double(),
      providerTime: fc.double(),
      provider: fc.constant("Replay" as const),
    });
    fc.assert(
      fc.property(anything, (quote) => {
        expect(checkQuote(quote, rules, now)).toHaveProperty("reason");
      }),
    );
  });
});
