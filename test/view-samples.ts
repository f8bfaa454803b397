import fc from "fast-check";
import type { WindowRow } from "../src/windows/window-row.ts";
import { windowEnds, WindowOracle, type OracleQuote, type OracleWindow } from "./oracles/windows.ts";

/** The proof of concept's row: one a quote and window. Prices in micros, times in epoch ms. */
export interface ExplodedRow {
  readonly symbol: string;
  readonly latestPrice: number;
  readonly windowEnd: number;
  readonly eventTime: number;
  readonly resolutionMinutes: number;
}

/** A market in the two forms that its results can be computed from. */
export interface ViewSample {
  readonly rows: readonly WindowRow[];
  readonly exploded: readonly ExplodedRow[];
}

const START = Date.parse("2024-03-01T14:30:00Z");
const PERIOD_MS = 10_000;
const RESOLUTIONS = [0.5, 1, 2];

/**
 * Random quotes with gaps and with prices few enough to tie, as window rows and as exploded rows.
 * @param micros the prices to draw from
 */
export function arbitraryViewSample(micros: fc.Arbitrary<number>): fc.Arbitrary<ViewSample> {
  const symbols = 6;
  const slots = 24;
  const cell = fc.option(micros, { freq: 3 });
  return fc
    .array(fc.array(cell, { minLength: slots, maxLength: slots }), { minLength: symbols, maxLength: symbols })
    .map((table) => {
      const quotes: OracleQuote[] = [];
      table.forEach((prices, symbol) => {
        prices.forEach((price, slot) => {
          const time = START + slot * PERIOD_MS;
          if (price !== null) quotes.push({ symbol, time, price, providerTime: time });
        });
      });
      return { rows: windowRows(quotes), exploded: explode(quotes) };
    });
}

function windowSpec(minutes: number): OracleWindow {
  return { sizeMs: minutes * 60_000, periodMs: PERIOD_MS, offsetMs: 5_000, allowedLatenessMs: 0 };
}

function windowRows(quotes: readonly OracleQuote[]): WindowRow[] {
  return RESOLUTIONS.flatMap((minutes) => {
    const spec = windowSpec(minutes);
    const oracle = new WindowOracle([spec], -Infinity);
    for (const quote of quotes) oracle.add(quote);
    return oracle.advance(Infinity).map((row): WindowRow => ({
      feed: "default/ten",
      symbol: symbolName(row.symbol),
      resolutionMinutes: minutes,
      windowStart: row.end - spec.sizeMs,
      windowEnd: row.end,
      eventTime: row.lastTime,
      firstEventTime: row.firstTime,
      firstPrice: row.first,
      lastPrice: row.last,
      minPrice: row.min,
      maxPrice: row.max,
      meanPrice: row.mean,
      quoteCount: row.count,
      expectedCount: spec.sizeMs / PERIOD_MS,
      engine: "Embedded",
      writtenAt: row.end,
    }));
  });
}

function explode(quotes: readonly OracleQuote[]): ExplodedRow[] {
  return RESOLUTIONS.flatMap((resolutionMinutes) =>
    quotes.flatMap(({ symbol, time, price }) =>
      windowEnds(time, windowSpec(resolutionMinutes)).map((windowEnd) => ({
        symbol: symbolName(symbol),
        latestPrice: price,
        windowEnd,
        eventTime: time,
        resolutionMinutes,
      })),
    ),
  );
}

function symbolName(index: number): string {
  return `S${index}`;
}
