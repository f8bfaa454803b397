/** What the tests of the stream share: a feed with its store, clocks and oracle, and any course of events for it. */
import fc from "fast-check";
import type { Quote } from "../src/quotes/quote.ts";
import { FeedStream, type FeedStreamOptions, type StreamObserver } from "../src/stream/feed-stream.ts";
import type { WindowRow } from "../src/windows/window-row.ts";
import type { WindowSpec } from "../src/windows/window-spec.ts";
import { countingTelemetry } from "./fakes/counting-telemetry.ts";
import { type ManualClock, manualClock } from "./fakes/manual-clock.ts";
import { MemoryStore } from "./fakes/memory-store.ts";
import { type OracleRow, WindowOracle } from "./oracles/windows.ts";

export const SYMBOLS = ["AAPL", "MSFT", "IBM"];
/** A multiple of every interval. */
export const START = Date.parse("2026-03-02T12:00:00Z");

export interface World {
  readonly store: MemoryStore;
  readonly clock: ManualClock;
  readonly counts: Record<string, number>;
  /** The watermark's lag in seconds, as a scrape would see it. */
  readonly lag: () => number;
  readonly stop: AbortController;
  readonly stream: FeedStream;
}

const silent: StreamObserver = {
  onQuotes: () => undefined,
  onRows: () => undefined,
  onWatermark: () => undefined,
  onSinkError: () => undefined,
};

/** A stream at the time START, or as told. */
export function streamWorld(
  windows: readonly WindowSpec[],
  options: Partial<FeedStreamOptions> & { readonly store?: MemoryStore; readonly manual?: ManualClock } = {},
): World {
  const { store = new MemoryStore(), manual: clock = manualClock(START), ...rest } = options;
  const { telemetry, counts, lag } = countingTelemetry();
  const stop = new AbortController();
  const stream = new FeedStream({
    feed: "default/three",
    symbols: SYMBOLS,
    windows,
    watermark: START,
    writtenUpTo: -Infinity,
    sink: store,
    archive: store,
    deadLetters: store,
    clock,
    machineClock: clock,
    telemetry,
    observer: silent,
    signal: stop.signal,
    ...rest,
  });
  return { store, clock, counts, lag, stop, stream };
}

export function quote(symbol: string, observedAt: number, change: Partial<Quote> = {}): Quote {
  const price = 100_000_000;
  return {
    feed: "default/three",
    symbol,
    price,
    observedAt,
    providerTime: observedAt,
    provider: "Simulated",
    ...change,
  };
}

/** The same rows in the oracle's terms, in an order of their own. */
export function comparable(rows: readonly WindowRow[], windows: readonly WindowSpec[]): OracleRow[] {
  return inOrder(
    rows.map((row) => ({
      window: windows.findIndex(({ sizeMs }) => sizeMs === row.resolutionMinutes * 60_000),
      symbol: SYMBOLS.indexOf(row.symbol),
      end: row.windowEnd,
      firstTime: row.firstEventTime,
      lastTime: row.eventTime,
      first: row.firstPrice,
      last: row.lastPrice,
      min: row.minPrice,
      max: row.maxPrice,
      mean: row.meanPrice,
      count: row.quoteCount,
    })),
  );
}

/** The oracle of the feed; `final` is the last row of each key that it wrote. */
export function oracleWorld(windows: readonly WindowSpec[], watermark = START) {
  const oracle = new WindowOracle(windows, watermark);
  const last = new Map<string, OracleRow>();
  return {
    lateQuotes: oracle.lateQuotes,
    take: (quotes: readonly Quote[]) => {
      for (const { symbol, observedAt: time, price, providerTime } of quotes)
        oracle.add({ symbol: SYMBOLS.indexOf(symbol), time, price, providerTime });
    },
    advance: (time: number) => {
      for (const row of oracle.advance(time)) last.set(`${row.end}/${row.window}/${row.symbol}`, row);
    },
    final: () => inOrder([...last.values()]),
  };
}

function inOrder(rows: OracleRow[]): OracleRow[] {
  return rows.sort((a, b) => a.end - b.end || a.window - b.window || a.symbol - b.symbol);
}

/** A step of a feed's life: time passes to `now`, then quotes are delivered. */
export interface Step {
  readonly now: number;
  readonly quotes: readonly Quote[];
}

/** Windows over one interval. */
export const arbitraryWindows: fc.Arbitrary<WindowSpec[]> = fc.constantFrom(1_000, 10_000, 120_000).chain((periodMs) =>
  fc.uniqueArray(
    fc.record({
      sizeMs: fc.integer({ min: 1, max: 8 }).map((slots) => slots * periodMs),
      periodMs: fc.constant(periodMs),
      offsetMs: fc.integer({ min: 0, max: periodMs - 1 }),
      allowedLatenessMs: fc.integer({ min: 0, max: 4 * periodMs }),
    }),
    { minLength: 1, maxLength: 3, selector: ({ sizeMs }) => sizeMs },
  ),
);

/**
 * Some steps, at times that are at most a period apart, each with quotes of slots up to its time: some again, some of
 * an older slot.
 * @param latestMs how long after its slot a quote may come; undefined: as late as it likes
 */
export function arbitrarySteps(periodMs: number, latestMs?: number): fc.Arbitrary<Step[]> {
  const quotes = fc.array(
    fc.record({
      symbol: fc.constantFrom(...SYMBOLS),
      age: fc.oneof(fc.constant(0), fc.nat({ max: 20 })),
      price: fc.integer({ min: 1, max: 500 }),
      providerAge: fc.nat({ max: 2 }),
    }),
    { maxLength: 6 },
  );
  const step = fc.record({ wait: fc.integer({ min: 1, max: periodMs }), quotes });
  return fc.array(step, { minLength: 1, maxLength: 25 }).map((steps) => {
    let now = START;
    return steps.map(({ wait, quotes }) => {
      now += wait;
      const slots = quotes.map(({ symbol, age, price, providerAge }) => {
        const slot = Math.floor(now / periodMs - age) * periodMs;
        return quote(symbol, slot, { price: price * 1_000_000, providerTime: slot - providerAge });
      });
      return { now, quotes: slots.filter(({ observedAt }) => now - observedAt <= (latestMs ?? Infinity)) };
    });
  });
}
