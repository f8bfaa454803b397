import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRowJson, rowJson } from "./row-json.ts";
import type { WindowRow } from "./window-row.ts";

const price = fc.integer({ min: 1, max: 9_999_999_999_999 });
const time = fc.integer({ min: 0, max: Date.UTC(9999, 0) });
const rows: fc.Arbitrary<WindowRow> = fc
  .record({
    feed: fc.constant("markets/tech"),
    symbol: fc.constantFrom("AAPL", "BRK.B"),
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

describe("a row's JSON", () => {
  it("holds all of the row", () => {
    fc.assert(
      fc.property(rows, (row) => {
        expect(readRowJson(JSON.parse(JSON.stringify(rowJson(row))) as Record<string, string>)).toEqual(row);
      }),
    );
  });
});
