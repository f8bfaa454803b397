import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WindowOracle } from "../../test/oracles/windows.ts";
import { mergeSlots, putQuote, type SlotQuotes, slotsRow } from "./slot-quotes.ts";

const SECOND = 1_000;
const END = Date.UTC(2024, 0, 2, 14, 31, 5);
const window = { sizeMs: 60 * SECOND, periodMs: 10 * SECOND, offsetMs: 5 * SECOND, allowedLatenessMs: 0 };
const key = { feed: "markets/tech", symbol: "A", window, windowEnd: END, engine: "Beam" } as const;

const prices = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 9_999_999_999_000, max: 9_999_999_999_999 }));
/** Quotes of the window's six slots: rivals, duplicates, gaps. */
const quotes = fc.array(
  fc.record({ slot: fc.integer({ min: 1, max: 6 }), price: prices, age: fc.nat(2) }).map(({ slot, price, age }) => {
    const time = END - 5 * SECOND - (6 - slot) * 10 * SECOND;
    return { time, price, providerTime: time - age };
  }),
  { minLength: 1, maxLength: 30 },
);

function slotsOf(quotes: readonly { time: number; price: number; providerTime: number }[]): SlotQuotes {
  const slots: SlotQuotes = {};
  for (const quote of quotes) putQuote(slots, quote.time, quote);
  return slots;
}

describe("quotes by slot", () => {
  it("make the row of brute force", () => {
    fc.assert(
      fc.property(quotes, (quotes) => {
        const oracle = new WindowOracle([window], quotes[0]!.time - 120 * SECOND);
        for (const quote of quotes) oracle.add({ ...quote, symbol: 0 });
        const wanted = oracle.advance(END).find(({ end }) => end === END)!;
        expect(slotsRow(slotsOf(quotes), key, 7)).toEqual({
          feed: "markets/tech",
          symbol: "A",
          resolutionMinutes: 1,
          windowStart: END - 60 * SECOND,
          windowEnd: END,
          eventTime: wanted.lastTime,
          firstEventTime: wanted.firstTime,
          firstPrice: wanted.first,
          lastPrice: wanted.last,
          minPrice: wanted.min,
          maxPrice: wanted.max,
          meanPrice: wanted.mean,
          quoteCount: wanted.count,
          expectedCount: 6,
          engine: "Beam",
          writtenAt: 7,
        });
      }),
    );
  });

  it("come to the same in whatever parts, order and number they are put together", () => {
    fc.assert(
      fc.property(quotes, quotes, (some, others) => {
        const [a, b] = [slotsOf(some), slotsOf(others)];
        expect(mergeSlots([b, a, b])).toEqual(slotsOf([...some, ...others]));
        expect(mergeSlots([a])).toEqual(a);
      }),
    );
  });

  it("stay exact over windows so long that a double can't hold their sum", () => {
    const slots: SlotQuotes = {};
    for (let slot = 0; slot < 3_000; slot++)
      putQuote(slots, slot, { price: 9_999_999_999_999 - (slot % 2), providerTime: 0 });
    expect(slotsRow(slots, key, 0).meanPrice).toBe("9999999.999998500");
  });

  it("make no row where there are none", () => {
    expect(() => slotsRow({}, key, 0)).toThrow("A: a window without quotes has no row.");
  });
});
