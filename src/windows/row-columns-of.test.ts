import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { meanHalfEven } from "../../test/oracles/windows.ts";
import { rowColumnsOf } from "./row-columns-of.ts";
import { rowObjects } from "./row-objects.ts";
import type { WindowRow } from "./window-row.ts";

const END = Date.UTC(2024, 0, 2, 14, 31, 5);
const window = { sizeMs: 86_400_000, periodMs: 1_000, offsetMs: 500, allowedLatenessMs: 0 };
const price = fc.integer({ min: 1, max: 9_999_999_999_999 });
const count = fc.oneof(fc.integer({ min: 1, max: 1_002 }), fc.constantFrom(999, 1_000, 86_400));

const rows = fc.array(fc.tuple(count, price, price, price, fc.nat(999), fc.nat(999)), { maxLength: 5 }).map((all) =>
  all.map(([quoteCount, low, high, other, slot, odd], i): WindowRow => {
    // Prices that are all alike but for two: the mean has places that are not those of a price.
    const prices = [low, high, ...Array.from({ length: Math.max(0, quoteCount - 2) }, () => other)].slice(
      0,
      quoteCount,
    );
    return {
      feed: "replay",
      symbol: `S${i}`,
      resolutionMinutes: 1440,
      windowStart: END - 86_400_000,
      windowEnd: END,
      eventTime: END - slot,
      firstEventTime: END - slot - odd,
      firstPrice: low,
      lastPrice: high,
      minPrice: Math.min(...prices),
      maxPrice: Math.max(...prices),
      meanPrice: meanHalfEven(prices),
      quoteCount,
      expectedCount: 86_400,
      engine: "Beam",
      writtenAt: 5,
    };
  }),
);

describe("rows as columns", () => {
  it("are the same rows again, whatever their prices and however many quotes they hold", () => {
    fc.assert(
      fc.property(rows, (rows) => {
        const symbols = rows.map(({ symbol }) => symbol);
        const columns = rowColumnsOf(rows, 0, new Map(symbols.map((symbol, i) => [symbol, i])));
        const origin = { feed: "replay", symbols, windows: [window], engine: "Beam" } as const;
        expect(rowObjects(columns, origin, 5)).toEqual(rows);
      }),
      { numRuns: 50 },
    );
  });
});
