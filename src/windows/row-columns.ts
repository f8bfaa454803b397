import type { EpochMs } from "../quotes/quote.ts";

/**
 * Rows of one window end as columns: entry `i` of every array is row `i`, for `0 <= i < length`.
 * The arrays are the engine's own and are reused: read them before the callback returns, and write nothing.
 */
export interface RowColumns {
  /** Which of the engine's windows. */
  windowIndex: number;
  windowEnd: EpochMs;
  /** True where the window was closed before and a late quote changed the row. */
  rewritten: boolean;
  length: number;
  /** Index of the symbol, ascending. */
  readonly symbol: Int32Array;
  /** Time of the first slot with a quote. */
  readonly firstSlot: Float64Array;
  /** Time of the last slot with a quote. */
  readonly lastSlot: Float64Array;
  /** Prices in micros. */
  readonly firstPrice: Float64Array;
  readonly lastPrice: Float64Array;
  readonly minPrice: Float64Array;
  readonly maxPrice: Float64Array;
  /** The exact sum of prices in micros is `sumHigh * SUM_SPLIT + sum`; `sumHigh` is zero unless a window is very long. */
  readonly sum: Float64Array;
  readonly sumHigh: Float64Array;
  /** Quotes in the window. */
  readonly count: Int32Array;
}

/** Receives rows; what it gets is valid until it returns. */
export type OnRows = (rows: RowColumns) => void;

/** Columns with room for `capacity` rows. */
export function allocateRows(capacity: number): RowColumns {
  return {
    windowIndex: 0,
    windowEnd: 0,
    rewritten: false,
    length: 0,
    symbol: new Int32Array(capacity),
    firstSlot: new Float64Array(capacity),
    lastSlot: new Float64Array(capacity),
    firstPrice: new Float64Array(capacity),
    lastPrice: new Float64Array(capacity),
    minPrice: new Float64Array(capacity),
    maxPrice: new Float64Array(capacity),
    sum: new Float64Array(capacity),
    sumHigh: new Float64Array(capacity),
    count: new Int32Array(capacity),
  };
}
