/**
 * The loops over all symbols of a slot that the engine spends its time in. Each is small and reads few arrays, which
 * keeps them in registers; min and max are computed without a branch, since a branch on prices can't be predicted.
 * Prices are whole numbers in (0, 10^13), so `a + b` and `a - b` are exact.
 */
import { SUM_SPLIT } from "./mean.ts";
import { NO_QUOTE, type SlotRing } from "./slot-ring.ts";

/** Above every price, and small enough that sums with it are exact: the neutral element of min. */
export const NO_MIN = 2 ** 45;
/** Below every price: the neutral element of max. */
export const NO_MAX = 0;

/** Where slots lie in time: slot `n` is at `origin + n * periodMs`, epoch ms. */
export interface SlotGrid {
  readonly origin: number;
  readonly periodMs: number;
}

/** The lesser of two whole numbers below 2^51, without a branch. */
function lesser(a: number, b: number): number {
  return (a + b - Math.abs(a - b)) * 0.5;
}

/** The greater of two whole numbers below 2^51, without a branch. */
function greater(a: number, b: number): number {
  return (a + b + Math.abs(a - b)) * 0.5;
}

/** Takes a row of prices into the running sums and counts, and notes the slot as the last with a quote. */
export function enter(
  prices: Float64Array,
  row: number,
  slot: number,
  sum: Float64Array,
  count: Int32Array,
  last: Int32Array,
): void {
  const symbolCount = sum.length;
  for (let s = 0; s < symbolCount; s++) {
    const price = prices[row + s]!;
    if (price !== NO_QUOTE) {
      sum[s]! += price;
      count[s]! += 1;
      last[s] = slot;
    }
  }
}

/** Takes a row of prices out of the running sums and counts. */
export function leave(prices: Float64Array, row: number, sum: Float64Array, count: Int32Array): void {
  const symbolCount = sum.length;
  for (let s = 0; s < symbolCount; s++) {
    const price = prices[row + s]!;
    if (price !== NO_QUOTE) {
      sum[s]! -= price;
      count[s]! -= 1;
    }
  }
}

/** One full row enters and another leaves: counts stay as they are. */
export function slide(prices: Float64Array, entering: number, leaving: number, sum: Float64Array): void {
  const symbolCount = sum.length;
  for (let s = 0; s < symbolCount; s++) sum[s]! += prices[entering + s]! - prices[leaving + s]!;
}

/** Splits sums that have grown past SUM_SPLIT between their two parts, so that both stay exact. */
export function carry(sum: Float64Array, sumHigh: Float64Array): void {
  const symbolCount = sum.length;
  for (let s = 0; s < symbolCount; s++) {
    const high = Math.floor(sum[s]! / SUM_SPLIT);
    sum[s]! -= high * SUM_SPLIT;
    sumHigh[s]! += high;
  }
}

/** Takes a row of prices into the running minima and maxima. */
export function widen(prices: Float64Array, row: number, min: Float64Array, max: Float64Array): void {
  const symbolCount = min.length;
  for (let s = 0; s < symbolCount; s++) {
    const price = prices[row + s]!;
    if (price !== NO_QUOTE) {
      min[s] = lesser(min[s]!, price);
      max[s] = greater(max[s]!, price);
    }
  }
}

/**
 * From the row at `below` of minima and maxima and a row of prices, the row at `at`: the minima and maxima of one
 * slot more.
 */
export function extend(
  prices: Float64Array,
  row: number,
  symbolCount: number,
  below: number,
  at: number,
  min: Float64Array,
  max: Float64Array,
): void {
  for (let s = 0; s < symbolCount; s++) {
    const price = prices[row + s]!;
    let low = min[below + s]!;
    let high = max[below + s]!;
    if (price !== NO_QUOTE) {
      low = lesser(low, price);
      high = greater(high, price);
    }
    min[at + s] = low;
    max[at + s] = high;
  }
}

/** Writes symbol, sum and count of every symbol with a quote; returns how many there are. */
export function emitSums(
  sum: Float64Array,
  count: Int32Array,
  outSymbol: Int32Array,
  outSum: Float64Array,
  outCount: Int32Array,
): number {
  const symbolCount = sum.length;
  let n = 0;
  for (let s = 0; s < symbolCount; s++) {
    const quotes = count[s]!;
    if (quotes === 0) continue;
    outSymbol[n] = s;
    outSum[n] = sum[s]!;
    outCount[n] = quotes;
    n++;
  }
  return n;
}

/** Writes the lesser of two rows of minima and the greater of two rows of maxima, of the symbols in `symbols`. */
export function emitExtremes(
  symbols: Int32Array,
  rows: number,
  min: Float64Array,
  max: Float64Array,
  older: number,
  olderMin: Float64Array,
  olderMax: Float64Array,
  outMin: Float64Array,
  outMax: Float64Array,
): void {
  for (let i = 0; i < rows; i++) {
    const s = symbols[i]!;
    outMin[i] = lesser(min[s]!, olderMin[older + s]!);
    outMax[i] = greater(max[s]!, olderMax[older + s]!);
  }
}

/**
 * Writes time and price of the first slot with a quote, of the symbols in `symbols`. `first` is where to look from; it
 * only moves on, so the search costs nothing in the long run.
 */
export function emitFirst(
  symbols: Int32Array,
  rows: number,
  ring: SlotRing,
  oldest: number,
  first: Int32Array,
  grid: SlotGrid,
  outPrice: Float64Array,
  outTime: Float64Array,
): void {
  const { prices, mask, symbolCount } = ring;
  for (let i = 0; i < rows; i++) {
    const s = symbols[i]!;
    let slot = Math.max(first[s]!, oldest);
    let price = prices[(slot & mask) * symbolCount + s]!;
    while (price === NO_QUOTE) {
      slot++;
      price = prices[(slot & mask) * symbolCount + s]!;
    }
    first[s] = slot;
    outPrice[i] = price;
    outTime[i] = grid.origin + slot * grid.periodMs;
  }
}

/** Writes time and price of the last slot with a quote, of the symbols in `symbols`. */
export function emitLast(
  symbols: Int32Array,
  rows: number,
  ring: SlotRing,
  last: Int32Array,
  grid: SlotGrid,
  outPrice: Float64Array,
  outTime: Float64Array,
): void {
  const { prices, mask, symbolCount } = ring;
  for (let i = 0; i < rows; i++) {
    const s = symbols[i]!;
    const slot = last[s]!;
    outPrice[i] = prices[(slot & mask) * symbolCount + s]!;
    outTime[i] = grid.origin + slot * grid.periodMs;
  }
}
