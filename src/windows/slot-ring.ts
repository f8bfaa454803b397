import type { PriceMicros } from "../quotes/price.ts";
import type { EpochMs } from "../quotes/quote.ts";

/** The price of a cell that holds no quote; a real price is above zero. */
export const NO_QUOTE = 0;

/**
 * The winning quote of every symbol in the newest slots, as columns.
 *
 * Slots are whole numbers counted from an origin that the owner chooses. A row of cells, one a symbol, lies side by
 * side in memory, so the loops over all symbols of a slot read straight through. Rows are reused: the owner keeps all
 * slots in use within `capacity` of one another, and clears a slot before its row serves another.
 */
export class SlotRing {
  readonly symbolCount: number;
  readonly mask: number;
  /** Prices by row and symbol, NO_QUOTE where there is none. */
  readonly prices: Float64Array;
  /** Provider times of the prices, same layout. */
  readonly providerTimes: Float64Array;
  /** How many symbols have a quote, by row. */
  readonly #occupied: Int32Array;

  /** @param capacity slots that can be in use at once; rounded up to a power of two */
  constructor(symbolCount: number, capacity: number) {
    const rows = 2 ** Math.ceil(Math.log2(Math.max(2, capacity)));
    this.symbolCount = symbolCount;
    this.mask = rows - 1;
    this.prices = new Float64Array(rows * symbolCount);
    this.providerTimes = new Float64Array(rows * symbolCount);
    this.#occupied = new Int32Array(rows);
  }

  /** Index of the slot's first cell in `prices` and `providerTimes`. */
  row(slot: number): number {
    return (slot & this.mask) * this.symbolCount;
  }

  /** Price of a symbol in a slot; NO_QUOTE where there is none. */
  price(slot: number, symbol: number): PriceMicros {
    return this.prices[this.row(slot) + symbol]!;
  }

  isEmpty(slot: number): boolean {
    return this.#occupied[slot & this.mask] === 0;
  }

  /** Whether every symbol has a quote in the slot. */
  isFull(slot: number): boolean {
    return this.#occupied[slot & this.mask] === this.symbolCount;
  }

  /** Puts a quote in its cell if it wins over what is there (see `wins` in quotes/quote.ts); tells whether it did. */
  put(slot: number, symbol: number, price: PriceMicros, providerTime: EpochMs): boolean {
    const cell = (slot & this.mask) * this.symbolCount + symbol;
    const held = this.prices[cell]!;
    if (held === NO_QUOTE) {
      this.#occupied[slot & this.mask]! += 1;
    } else {
      const heldTime = this.providerTimes[cell]!;
      if (providerTime < heldTime || (providerTime === heldTime && price <= held)) return false;
    }
    this.prices[cell] = price;
    this.providerTimes[cell] = providerTime;
    return true;
  }

  /** Puts one quote a symbol into an empty slot; NO_QUOTE leaves a symbol out. */
  fill(slot: number, prices: Float64Array, providerTimes: Float64Array): void {
    const row = this.row(slot);
    this.prices.set(prices, row);
    this.providerTimes.set(providerTimes, row);
    let occupied = 0;
    for (const price of prices) {
      if (price !== NO_QUOTE) occupied++;
    }
    this.#occupied[slot & this.mask] = occupied;
  }

  clear(slot: number): void {
    if (this.isEmpty(slot)) return;
    const row = this.row(slot);
    this.prices.fill(NO_QUOTE, row, row + this.symbolCount);
    this.#occupied[slot & this.mask] = 0;
  }
}
