/**
 * A replay by brute force, straight from its definition and from a tick file's own values: for every slot a look at
 * all ticks, for every window a look at all observations. Slow, simple, and shares no code with src.
 */
import { meanHalfEven } from "./windows.ts";

/** A line of a tick file. */
export interface RecordedTick {
  readonly symbol: string;
  readonly latestPrice: number;
  readonly latestUpdate: number;
}

export interface ReplayQuestion {
  readonly from: number;
  readonly to: number;
  readonly intervalMs: number;
  readonly offsetMs: number;
  readonly sizesMs: readonly number[];
}

/** A row of the output; times in epoch ms, the mean as decimal text. */
export interface ReplayRow {
  readonly symbol: string;
  readonly resolution_minutes: number;
  readonly window_start: number;
  readonly window_end: number;
  readonly event_time: number;
  readonly first_event_time: number;
  readonly first_price: number;
  readonly last_price: number;
  readonly min_price: number;
  readonly max_price: number;
  readonly mean_price: string;
  readonly quote_count: number;
  readonly expected_count: number;
}

interface Observation {
  readonly slot: number;
  readonly price: number;
}

/** What a poll of a symbol sees at every slot in [from, to); slots before the symbol's first tick see nothing. */
export function observe(ticks: readonly RecordedTick[], { from, to, intervalMs }: ReplayQuestion): Observation[] {
  const observations: Observation[] = [];
  for (let slot = Math.ceil(from / intervalMs) * intervalMs; slot < to; slot += intervalMs) {
    let newest: RecordedTick | undefined;
    for (const tick of ticks) {
      if (tick.latestUpdate > slot) continue;
      const wins =
        newest === undefined ||
        tick.latestUpdate > newest.latestUpdate ||
        (tick.latestUpdate === newest.latestUpdate && tick.latestPrice > newest.latestPrice);
      if (wins) newest = tick;
    }
    if (newest !== undefined) observations.push({ slot, price: newest.latestPrice });
  }
  return observations;
}

/** All rows, in order of window end, size and symbol. */
export function replayRows(ticks: readonly RecordedTick[], question: ReplayQuestion): ReplayRow[] {
  const { from, to, intervalMs, offsetMs, sizesMs } = question;
  const symbols = [...new Set(ticks.map((tick) => tick.symbol))].sort();
  const seen = symbols.map((symbol) => {
    const own = ticks.filter((tick) => tick.symbol === symbol);
    return { symbol, observations: observe(own, question) };
  });
  const rows: ReplayRow[] = [];
  const firstEnd = Math.floor(from / intervalMs) * intervalMs + offsetMs;
  for (let end = firstEnd; end <= to; end += intervalMs) {
    for (const size of [...sizesMs].sort((a, b) => a - b)) {
      for (const { symbol, observations } of seen) {
        const held = observations.filter(({ slot }) => slot >= end - size && slot < end);
        if (held.length > 0) rows.push(rowOf(symbol, end, size, size / intervalMs, held));
      }
    }
  }
  return rows;
}

function rowOf(symbol: string, end: number, size: number, expected: number, held: readonly Observation[]): ReplayRow {
  const prices = held.map(({ price }) => price);
  const [first, last] = [held[0], held.at(-1)];
  if (first === undefined || last === undefined) throw new Error("a window without observations has no row");
  return {
    symbol,
    resolution_minutes: size / 60_000,
    window_start: end - size,
    window_end: end,
    event_time: last.slot,
    first_event_time: first.slot,
    first_price: first.price,
    last_price: last.price,
    min_price: Math.min(...prices),
    max_price: Math.max(...prices),
    mean_price: meanHalfEven(prices.map((price) => Math.round(price * 1e6))),
    quote_count: held.length,
    expected_count: expected,
  };
}
