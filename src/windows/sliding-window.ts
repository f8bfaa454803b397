import {
  carry,
  emitExtremes,
  emitFirst,
  emitLast,
  emitSums,
  enter,
  extend,
  leave,
  NO_MAX,
  NO_MIN,
  slide,
  type SlotGrid,
  widen,
} from "./kernels.ts";
import { needsSplitSum } from "./mean.ts";
import type { RowColumns } from "./row-columns.ts";
import { NO_QUOTE, type SlotRing } from "./slot-ring.ts";

/**
 * The aggregates of every symbol over the newest `slots` slots, moved on one slot at a time.
 *
 * Sums and counts are running: a slot enters, another leaves; whole numbers make that exact. Minima and maxima can't
 * leave, so slots are cut into blocks as long as the window (the algorithm of van Herk, 1992, and Gil and Werman,
 * 1993): a window is the end of one block and the start of the next, so its minimum is that of a suffix and a prefix.
 * Prefixes grow with each slot, suffixes are made once a block. Cost a slot and symbol: constant, whatever the window.
 */
export class SlidingWindow {
  readonly slots: number;
  /** The newest slot taken in. */
  newest: number;
  readonly #ring: SlotRing;
  readonly #grid: SlotGrid;
  readonly #split: boolean;
  readonly #sum: Float64Array;
  readonly #sumHigh: Float64Array;
  readonly #count: Int32Array;
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  readonly #prefixMin: Float64Array;
  readonly #prefixMax: Float64Array;
  /** Row `i`: over slots `i …` of the block before; one row more, of neutral elements, stands for none of them. */
  readonly #suffixMin: Float64Array;
  readonly #suffixMax: Float64Array;

  /** An empty window whose newest slot is `newest`, at least `slots - 1`. */
  constructor(ring: SlotRing, grid: SlotGrid, slots: number, newest: number) {
    const n = ring.symbolCount;
    this.slots = slots;
    this.newest = newest;
    this.#ring = ring;
    this.#grid = grid;
    this.#split = needsSplitSum(slots);
    this.#sum = new Float64Array(n);
    this.#sumHigh = new Float64Array(n);
    this.#count = new Int32Array(n);
    this.#first = new Int32Array(n);
    this.#last = new Int32Array(n);
    this.#prefixMin = new Float64Array(n).fill(NO_MIN);
    this.#prefixMax = new Float64Array(n).fill(NO_MAX);
    this.#suffixMin = new Float64Array((slots + 1) * n).fill(NO_MIN);
    this.#suffixMax = new Float64Array((slots + 1) * n).fill(NO_MAX);
  }

  /** Moves on by one slot, whose quotes are in the ring. */
  advance(): void {
    const { prices } = this.#ring;
    const slot = this.newest + 1;
    if (slot % this.slots === 0) this.#turnBlock(slot);
    this.#moveSums(slot, slot - this.slots);
    if (!this.#ring.isEmpty(slot)) widen(prices, this.#ring.row(slot), this.#prefixMin, this.#prefixMax);
    if (this.#split) carry(this.#sum, this.#sumHigh);
    this.newest = slot;
  }

  /** Moves on to a slot from which back to the newest one, a window's length before it included, no quote is held. */
  skipTo(slot: number): void {
    this.newest = slot;
    this.#sum.fill(0);
    this.#sumHigh.fill(0);
    this.#prefixMin.fill(NO_MIN);
    this.#prefixMax.fill(NO_MAX);
    this.#suffixMin.fill(NO_MIN);
    this.#suffixMax.fill(NO_MAX);
  }

  /** Writes a row for every symbol with a quote in the window. */
  emit(rows: RowColumns): void {
    // A full slot, the usual case of a polled feed, gives whole columns at once.
    if (this.#ring.isFull(this.newest)) this.#emitAll(rows);
    else this.#emitHeld(rows);
    const oldest = this.newest - this.slots + 1;
    if (this.#ring.isFull(oldest)) copySlot(this.#ring, this.#grid, oldest, rows.firstPrice, rows.firstSlot);
    else {
      const { symbol, length, firstPrice, firstSlot } = rows;
      emitFirst(symbol, length, this.#ring, oldest, this.#first, this.#grid, firstPrice, firstSlot);
    }
    if (this.#split) for (let i = 0; i < rows.length; i++) rows.sumHigh[i] = this.#sumHigh[rows.symbol[i]!]!;
    else rows.sumHigh.fill(0, 0, rows.length);
    const older = ((this.newest % this.slots) + 1) * this.#ring.symbolCount;
    emitExtremes(
      rows.symbol,
      rows.length,
      this.#prefixMin,
      this.#prefixMax,
      older,
      this.#suffixMin,
      this.#suffixMax,
      rows.minPrice,
      rows.maxPrice,
    );
  }

  /** Mends the aggregates after a late quote changed the cell of a slot that the window has taken in. */
  revise(symbol: number, slot: number, before: number, after: number): void {
    if (slot <= this.newest - this.slots) return;
    this.#sum[symbol]! += after - before;
    if (before === NO_QUOTE) {
      this.#count[symbol]! += 1;
      this.#first[symbol] = Math.min(this.#first[symbol]!, slot);
      this.#last[symbol] = Math.max(this.#last[symbol]!, slot);
    }
    const block = this.newest - (this.newest % this.slots);
    if (slot >= block) this.#remakePrefix(symbol, block);
    else this.#remakeSuffixes(symbol, block - this.slots, slot);
  }

  #moveSums(entering: number, leaving: number): void {
    const ring = this.#ring;
    if (ring.isFull(entering) && ring.isFull(leaving)) {
      slide(ring.prices, ring.row(entering), ring.row(leaving), this.#sum);
      this.#last.fill(entering);
      return;
    }
    if (!ring.isEmpty(leaving)) leave(ring.prices, ring.row(leaving), this.#sum, this.#count);
    if (!ring.isEmpty(entering)) enter(ring.prices, ring.row(entering), entering, this.#sum, this.#count, this.#last);
  }

  /** Writes a row for every symbol, each of which has a quote in the newest slot. */
  #emitAll(rows: RowColumns): void {
    rows.length = this.#ring.symbolCount;
    for (let s = 0; s < rows.length; s++) rows.symbol[s] = s;
    rows.sum.set(this.#sum);
    rows.count.set(this.#count);
    copySlot(this.#ring, this.#grid, this.newest, rows.lastPrice, rows.lastSlot);
  }

  #emitHeld(rows: RowColumns): void {
    const { symbol, lastPrice, lastSlot } = rows;
    rows.length = emitSums(this.#sum, this.#count, symbol, rows.sum, rows.count);
    emitLast(symbol, rows.length, this.#ring, this.#last, this.#grid, lastPrice, lastSlot);
  }

  #turnBlock(slot: number): void {
    const { prices, symbolCount } = this.#ring;
    const block = slot - this.slots;
    for (let i = this.slots - 1; i >= 0; i--) {
      const at = i * symbolCount;
      const row = this.#ring.row(block + i);
      extend(prices, row, symbolCount, at + symbolCount, at, this.#suffixMin, this.#suffixMax);
    }
    this.#prefixMin.fill(NO_MIN);
    this.#prefixMax.fill(NO_MAX);
  }

  #remakePrefix(symbol: number, block: number): void {
    let min = NO_MIN;
    let max = NO_MAX;
    for (let slot = block; slot <= this.newest; slot++) {
      const price = this.#ring.price(slot, symbol);
      if (price === NO_QUOTE) continue;
      min = Math.min(min, price);
      max = Math.max(max, price);
    }
    this.#prefixMin[symbol] = min;
    this.#prefixMax[symbol] = max;
  }

  #remakeSuffixes(symbol: number, block: number, from: number): void {
    const { symbolCount } = this.#ring;
    for (let i = from - block; i >= 0; i--) {
      const at = i * symbolCount + symbol;
      const price = this.#ring.price(block + i, symbol);
      const min = this.#suffixMin[at + symbolCount]!;
      const max = this.#suffixMax[at + symbolCount]!;
      this.#suffixMin[at] = price === NO_QUOTE ? min : Math.min(min, price);
      this.#suffixMax[at] = Math.max(max, price);
    }
  }
}

/** Writes price and time of every symbol in a full slot. */
function copySlot(ring: SlotRing, grid: SlotGrid, slot: number, outPrice: Float64Array, outTime: Float64Array): void {
  const row = ring.row(slot);
  outPrice.set(ring.prices.subarray(row, row + ring.symbolCount));
  outTime.fill(grid.origin + slot * grid.periodMs);
}
