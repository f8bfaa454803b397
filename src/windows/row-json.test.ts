import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRowJson, rowJson } from "./row-json.ts";
import type { WindowRow } from "./window-row.ts";

const price = fc.integer({ min: 1, max: 9_999_999_999_999 });
const time = fc.integer({ min: 0, max: Date.UTC(9999, 0) });
const rows: fc.Arbitrary<WindowRow> = fc
  .record({
    feed: fc.constantFrom("markets/tech", "dev"),
    symbol: fc.constantFrom("AAPL", "BRK.B", 'a "quoted" \\ name', "\u0007\ud800é"),
    sizeMs: fc.integer({ min: 1, max: 86_400_000 }),
    windowEnd: time,
    eventTime: time,
    firstEventTime: time,
    firstPrice: price,
    lastPrice: price,
    minPrice: price,
    maxPrice: price,
    meanPrice: price.map((micros) => `${(micros / 1e6).toFixed(6)}123`),
    quoteCount: fc.nat(),
    expectedCount: fc.nat(),
    engine: fc.constantFrom("Embedded", "Dataflow", "Beam"),
    writtenAt: time,
  })
  .map(({ sizeMs, ...row }) => ({
    ...row,
    windowStart: row.windowEnd - sizeMs,
    resolutionMinutes: sizeMs / 60_000,
  }));

/** The columns straight from the table's definition. */
function columnsOf(row: WindowRow): object {
  const time = (ms: number) => new Date(ms).toISOString();
  const decimal = (micros: number) => {
    const digits = BigInt(micros);
    return `${digits / 1_000_000n}.${String(digits % 1_000_000n).padStart(6, "0")}`;
  };
  return {
    feed: row.feed,
    symbol: row.symbol,
    resolution_minutes: row.resolutionMinutes.toFixed(9),
    window_start: time(row.windowStart),
    window_end: time(row.windowEnd),
    event_time: time(row.eventTime),
    first_event_time: time(row.firstEventTime),
    first_price: decimal(row.firstPrice),
    last_price: decimal(row.lastPrice),
    min_price: decimal(row.minPrice),
    max_price: decimal(row.maxPrice),
    mean_price: row.meanPrice,
    quote_count: row.quoteCount,
    expected_count: row.expectedCount,
    engine: row.engine,
    written_at: time(row.writtenAt),
  };
}

describe("a row's JSON", () => {
  it("is that of its columns, whatever row was written before", () => {
    fc.assert(
      fc.property(rows, rows, (row, other) => {
        expect(rowJson(row)).toBe(JSON.stringify(columnsOf(row)));
        for (const [field, value] of Object.entries(other) as [string, unknown][]) {
          const changed: WindowRow = { ...row, [field]: value };
          expect(rowJson(changed)).toBe(JSON.stringify(columnsOf(changed)));
          expect(rowJson(row)).toBe(JSON.stringify(columnsOf(row)));
        }
      }),
    );
  });

  it("holds all of the row", () => {
    fc.assert(
      fc.property(rows, (row) => {
        expect(readRowJson(JSON.parse(rowJson(row)) as Record<string, string>)).toEqual(row);
      }),
    );
  });
});
