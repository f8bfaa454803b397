import type { EpochMs } from "./quote.ts";

/** Ticks as columns, each with the first slot that sees it; entries 0 to length - 1. */
export interface SlotTicks {
  readonly length: number;
  readonly slot: Float64Array;
  /** Number of the symbol. */
  readonly symbol: Int32Array;
  readonly price: Float64Array;
  readonly time: Float64Array;
  readonly volume: Float64Array;
}

/**
 * The newest recorded price of every symbol as time passes. It is made for slots that ascend, which cost one look at
 * every tick in all; an earlier slot than the last is right too, and starts over.
 */
export class TickPlayback {
  /** The symbols in alphabetical order; the columns below follow it. */
  readonly symbols: readonly string[];
  /** PriceMicros; 0 before the symbol's first tick. */
  readonly prices: Float64Array;
  /** When the price last changed; 0 before the first tick. */
  readonly times: Float64Array;
  /** NaN where the tick has none. */
  readonly volumes: Float64Array;
  readonly #ticks: SlotTicks;
  readonly #order: Uint32Array | undefined;
  /** Place in `symbols` by number of the symbol. */
  readonly #place: Int32Array;
  #next = 0;
  #slot = -Infinity;
  #quoted = 0;

  /**
   * @param order the ticks' indices by slot; undefined where they are in that order already
   * @param names the symbols by number
   */
  constructor(ticks: SlotTicks, order: Uint32Array | undefined, names: readonly string[]) {
    this.#ticks = ticks;
    this.#order = order;
    const numbers = Array.from(names.keys()).sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
    this.symbols = numbers.map((number) => names[number]!);
    this.#place = new Int32Array(names.length);
    numbers.forEach((number, place) => (this.#place[number] = place));
    this.prices = new Float64Array(names.length);
    this.times = new Float64Array(names.length);
    this.volumes = new Float64Array(names.length).fill(NaN);
  }

  /** How many symbols have a price. */
  get quoted(): number {
    return this.#quoted;
  }

  /** Sets the columns to what a poll at `slot` sees: of each symbol the newest tick at or before it. */
  seek(slot: EpochMs): void {
    if (slot < this.#slot) this.#rewind();
    this.#slot = slot;
    const ticks = this.#ticks;
    for (; this.#next < ticks.length; this.#next++) {
      const index = this.#order === undefined ? this.#next : this.#order[this.#next]!;
      if (ticks.slot[index]! > slot) return;
      this.#see(index);
    }
  }

  #see(index: number): void {
    const { symbol, price, time, volume } = this.#ticks;
    const place = this.#place[symbol[index]!]!;
    const current = this.prices[place]!;
    const [newTime, newPrice] = [time[index]!, price[index]!];
    if (newTime < this.times[place]! || (newTime === this.times[place]! && newPrice <= current)) return;
    if (current === 0) this.#quoted += 1;
    this.prices[place] = newPrice;
    this.times[place] = newTime;
    this.volumes[place] = volume[index]!;
  }

  #rewind(): void {
    this.prices.fill(0);
    this.times.fill(0);
    this.volumes.fill(NaN);
    this.#quoted = 0;
    this.#next = 0;
  }
}
