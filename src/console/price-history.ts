import { MICROS } from "../quotes/price.ts";
import type { EpochMs, Quote } from "../quotes/quote.ts";
import { wins } from "../quotes/quote.ts";
import type { LatestPrice, PriceGrid, QuoteTuple } from "./wire.ts";

/** Slots kept of every symbol where memory allows: an hour at ten seconds. */
const COMFORTABLE_SLOTS = 360;
/** Cells kept of one feed at most: 16 MB in each of the two columns. */
const MOST_CELLS = 2_000_000;
/** Changes remembered for readers that follow; who is further behind reads everything anew. */
const CHANGE_LOG = 16_384;

/**
 * The newest slots of every symbol of a feed in fixed memory: a ring of columns, one winner a cell.
 * Readers follow by position in a log of changed cells, so a slow reader costs nothing and loses nothing.
 */
export class PriceHistory {
  /** Slots kept. */
  readonly slots: number;
  /** Changes so far; a reader's position. */
  changes = 0;
  readonly #symbols: readonly string[];
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #intervalMs: number;
  /** In micros by symbol × slot; NaN where there is none. */
  readonly #price: Float64Array;
  readonly #providerTime: Float64Array;
  readonly #latest: (LatestPrice | null)[];
  readonly #logSymbol = new Uint16Array(CHANGE_LOG);
  readonly #logSlot = new Float64Array(CHANGE_LOG);
  #newestSlot = -Infinity;

  /** @param longestWindowMs the longest window, which the history covers as far as memory allows */
  constructor(symbols: readonly string[], intervalMs: number, longestWindowMs: number) {
    const wanted = Math.max(COMFORTABLE_SLOTS, longestWindowMs / intervalMs);
    this.slots = Math.min(wanted, Math.floor(MOST_CELLS / symbols.length));
    this.#symbols = symbols;
    this.#indexOf = new Map(symbols.map((symbol, index) => [symbol, index]));
    this.#intervalMs = intervalMs;
    this.#price = new Float64Array(symbols.length * this.slots).fill(NaN);
    this.#providerTime = new Float64Array(symbols.length * this.slots);
    this.#latest = symbols.map(() => null);
  }

  /** Takes a quote in where it wins its slot; one of an unknown symbol, or older than the history, is left out. */
  add(quote: Quote): void {
    const symbol = this.#indexOf.get(quote.symbol);
    if (symbol === undefined || quote.observedAt <= this.#newestSlot - this.slots * this.#intervalMs) return;
    this.#moveTo(quote.observedAt);
    const cell = this.#cell(symbol, quote.observedAt);
    const held = { price: this.#price[cell] ?? NaN, providerTime: this.#providerTime[cell] ?? NaN };
    if (!Number.isNaN(held.price) && !wins(quote, held)) return;
    this.#price[cell] = quote.price;
    this.#providerTime[cell] = quote.providerTime;
    if (quote.observedAt >= (this.#latest[symbol]?.slot ?? -Infinity)) {
      const { observedAt: slot, providerTime } = quote;
      this.#latest[symbol] = { slot, price: quote.price / MICROS, providerTime };
    }
    this.#logSymbol[this.changes % CHANGE_LOG] = symbol;
    this.#logSlot[this.changes % CHANGE_LOG] = quote.observedAt;
    this.changes += 1;
  }

  /** Each symbol's newest price, also where its slot has left the history's span; null before the first. */
  latest(): readonly (LatestPrice | null)[] {
    return [...this.#latest];
  }

  /**
   * The cells changed since a reader's position, as they are now; undefined where the log no longer reaches back, or
   * one of them has left the history.
   */
  since(position: number): QuoteTuple[] | undefined {
    if (this.changes - position > CHANGE_LOG) return undefined;
    const tuples = new Map<string, QuoteTuple>();
    for (let change = position; change < this.changes; change += 1) {
      const symbol = this.#logSymbol[change % CHANGE_LOG] ?? 0;
      const slot = this.#logSlot[change % CHANGE_LOG] ?? 0;
      const tuple = this.#tuple(symbol, slot);
      if (!tuple) return undefined;
      tuples.set(`${symbol} ${slot}`, tuple);
    }
    return [...tuples.values()];
  }

  /** The whole history on a grid of at most `points` points a symbol. */
  grid(points: number): PriceGrid {
    const stride = Math.ceil(this.slots / Math.max(1, Math.min(points, this.slots)));
    const count = this.changes === 0 ? 0 : Math.floor(this.slots / stride);
    const step = stride * this.#intervalMs;
    const end = this.changes === 0 ? 0 : this.#newestSlot;
    const start = end - (count - 1) * step;
    const prices = this.#symbols.map((_, symbol) =>
      Array.from({ length: count }, (_, point) => this.#newestWithin(symbol, start + point * step, stride)),
    );
    return { start, step, prices };
  }

  #newestWithin(symbol: number, end: EpochMs, slots: number): number | null {
    for (let back = 0; back < slots; back += 1) {
      const micros = this.#price[this.#cell(symbol, end - back * this.#intervalMs)] ?? NaN;
      if (!Number.isNaN(micros)) return micros / MICROS;
    }
    return null;
  }

  /** Empties the columns between the newest slot so far and this one. */
  #moveTo(slot: EpochMs): void {
    if (slot <= this.#newestSlot) return;
    const first = Math.max(this.#newestSlot + this.#intervalMs, slot - (this.slots - 1) * this.#intervalMs);
    for (let symbol = 0; symbol < this.#symbols.length; symbol += 1) {
      for (let time = first; time <= slot; time += this.#intervalMs) this.#price[this.#cell(symbol, time)] = NaN;
    }
    this.#newestSlot = slot;
  }

  #cell(symbol: number, slot: EpochMs): number {
    return symbol * this.slots + (Math.round(slot / this.#intervalMs) % this.slots);
  }

  #tuple(symbol: number, slot: EpochMs): QuoteTuple | null {
    if (slot <= this.#newestSlot - this.slots * this.#intervalMs) return null;
    const cell = this.#cell(symbol, slot);
    const micros = this.#price[cell] ?? NaN;
    return Number.isNaN(micros) ? null : [symbol, slot, micros / MICROS, this.#providerTime[cell] ?? 0];
  }
}
