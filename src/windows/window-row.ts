import type { PriceMicros } from "../quotes/price.ts";
import type { EpochMs } from "../quotes/quote.ts";
import { meanText } from "./mean.ts";
import type { RowColumns } from "./row-columns.ts";
import { slotsPerWindow, type WindowSpec } from "./window-spec.ts";

/** What computed a row. */
export type EngineName = "Embedded" | "Dataflow" | "Beam";

/** One row a (feed, symbol, resolution, window end) that holds at least one quote. */
export interface WindowRow {
  readonly feed: string;
  readonly symbol: string;
  /** Window size in minutes; a fraction for sizes below a minute. */
  readonly resolutionMinutes: number;
  readonly windowStart: EpochMs;
  readonly windowEnd: EpochMs;
  /** Last slot with a quote. */
  readonly eventTime: EpochMs;
  /** First slot with a quote. */
  readonly firstEventTime: EpochMs;
  readonly firstPrice: PriceMicros;
  readonly lastPrice: PriceMicros;
  readonly minPrice: PriceMicros;
  readonly maxPrice: PriceMicros;
  /** Exact mean, rounded half-even to nine places, as decimal text. */
  readonly meanPrice: string;
  readonly quoteCount: number;
  readonly expectedCount: number;
  readonly engine: EngineName;
  readonly writtenAt: EpochMs;
}

/** What a batch of columns leaves out, since it is the same for all of its rows or known to the caller. */
export interface RowContext {
  readonly feed: string;
  /** Names of the symbols, by index. */
  readonly symbols: readonly string[];
  /** The engine's windows, by index. */
  readonly windows: readonly WindowSpec[];
  readonly engine: EngineName;
  readonly writtenAt: EpochMs;
}

/** Rows as objects, from the engine's columns. */
export function toWindowRows(columns: RowColumns, context: RowContext): WindowRow[] {
  const { feed, symbols, engine, writtenAt } = context;
  const spec = context.windows[columns.windowIndex]!;
  const shared = {
    feed,
    resolutionMinutes: spec.sizeMs / 60_000,
    windowStart: columns.windowEnd - spec.sizeMs,
    windowEnd: columns.windowEnd,
    expectedCount: slotsPerWindow(spec),
    engine,
    writtenAt,
  };
  return Array.from({ length: columns.length }, (_, i) => ({
    ...shared,
    symbol: symbols[columns.symbol[i]!]!,
    eventTime: columns.lastSlot[i]!,
    firstEventTime: columns.firstSlot[i]!,
    firstPrice: columns.firstPrice[i]!,
    lastPrice: columns.lastPrice[i]!,
    minPrice: columns.minPrice[i]!,
    maxPrice: columns.maxPrice[i]!,
    meanPrice: meanText(columns.sumHigh[i]!, columns.sum[i]!, columns.count[i]!),
    quoteCount: columns.count[i]!,
  }));
}
