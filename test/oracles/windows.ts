/**
 * The windows by brute force, straight from their definition: every window keeps the set of its quotes. Slow, simple,
 * and shares no code with the engine; sums and means are in whole numbers of any size.
 */
export interface OracleQuote {
  readonly symbol: number;
  readonly time: number;
  readonly price: number;
  readonly providerTime: number;
}

export interface OracleWindow {
  readonly sizeMs: number;
  readonly periodMs: number;
  readonly offsetMs: number;
  readonly allowedLatenessMs: number;
}

/** One row; times in epoch ms, prices in micros, the mean as decimal text with nine places. */
export interface OracleRow {
  readonly window: number;
  readonly symbol: number;
  readonly end: number;
  readonly firstTime: number;
  readonly lastTime: number;
  readonly first: number;
  readonly last: number;
  readonly min: number;
  readonly max: number;
  readonly mean: string;
  readonly count: number;
}

/** Ends of all windows that hold time `t`: `t < end <= t + size`, `end ≡ offset` modulo the period. */
export function windowEnds(t: number, { sizeMs, periodMs, offsetMs }: OracleWindow): number[] {
  const ends: number[] = [];
  const first = Math.floor((t - offsetMs) / periodMs) * periodMs + offsetMs + periodMs;
  for (let end = first; end <= t + sizeMs; end += periodMs) ends.push(end);
  return ends;
}

interface Held {
  readonly window: number;
  readonly symbol: number;
  readonly end: number;
  readonly winners: Map<number, OracleQuote>;
  changed: boolean;
}

/** Takes quotes and watermarks one by one, as the engine does. */
export class WindowOracle {
  readonly #windows: readonly OracleWindow[];
  readonly #held = new Map<string, Held>();
  readonly lateQuotes: number[];
  watermark: number;

  constructor(windows: readonly OracleWindow[], watermark: number) {
    this.#windows = windows;
    this.watermark = watermark;
    this.lateQuotes = windows.map(() => 0);
  }

  add(quote: OracleQuote): void {
    const late = this.#windows.map(() => false);
    const put: boolean[] = [];
    this.#windows.forEach((spec, window) => {
      for (const end of windowEnds(quote.time, spec)) {
        if (this.watermark >= end + spec.allowedLatenessMs) late[window] = true;
        else put.push(this.#put(window, end, quote));
      }
    });
    // What lost its slot wherever it was in time is a duplicate, and late for nothing.
    if (put.length > 0 && !put.includes(true)) return;
    late.forEach((isLate, window) => {
      if (isLate) this.lateQuotes[window] = (this.lateQuotes[window] ?? 0) + 1;
    });
  }

  #put(window: number, end: number, quote: OracleQuote): boolean {
    const key = `${window}/${quote.symbol}/${end}`;
    let held = this.#held.get(key);
    if (held === undefined) {
      held = { window, symbol: quote.symbol, end, winners: new Map(), changed: false };
      this.#held.set(key, held);
    }
    const rival = held.winners.get(quote.time);
    const wins =
      rival === undefined ||
      quote.providerTime > rival.providerTime ||
      (quote.providerTime === rival.providerTime && quote.price > rival.price);
    if (!wins) return false;
    held.winners.set(quote.time, quote);
    held.changed = true;
    return true;
  }

  /** Rows that a new watermark writes: windows that it closes, and closed ones that changed since. */
  advance(watermark: number): OracleRow[] {
    this.watermark = Math.max(this.watermark, watermark);
    const rows: OracleRow[] = [];
    for (const held of this.#held.values()) {
      if (held.end > this.watermark || !held.changed) continue;
      held.changed = false;
      rows.push(rowOf(held));
    }
    return rows;
  }
}

function rowOf({ window, symbol, end, winners }: Held): OracleRow {
  const quotes = [...winners.values()].sort((a, b) => a.time - b.time);
  const prices = quotes.map((q) => q.price);
  const first = quotes[0];
  const last = quotes.at(-1);
  if (first === undefined || last === undefined) throw new Error("a window without quotes has no row");
  return {
    window,
    symbol,
    end,
    firstTime: first.time,
    lastTime: last.time,
    first: first.price,
    last: last.price,
    min: prices.reduce((a, b) => Math.min(a, b)),
    max: prices.reduce((a, b) => Math.max(a, b)),
    mean: meanHalfEven(prices),
    count: prices.length,
  };
}

/** Mean of whole micros, rounded half-even to nine decimal places. */
export function meanHalfEven(micros: readonly number[]): string {
  const sum = micros.reduce((total, price) => total + BigInt(price), 0n) * 1000n;
  const count = BigInt(micros.length);
  let nanos = sum / count;
  const twice = (sum % count) * 2n;
  if (twice > count || (twice === count && nanos % 2n === 1n)) nanos += 1n;
  return `${nanos / 1_000_000_000n}.${String(nanos % 1_000_000_000n).padStart(9, "0")}`;
}
