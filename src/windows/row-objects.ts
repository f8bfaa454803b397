import type { EpochMs } from "../quotes/quote.ts";
import { meanText } from "./mean.ts";
import type { RowColumns } from "./row-columns.ts";
import type { EngineName, WindowRow } from "./window-row.ts";
import { slotsPerWindow, type WindowSpec } from "./window-spec.ts";

/** What all rows of an engine have in common, and what they speak of by number. */
export interface RowOrigin {
  readonly feed: string;
  /** By RowColumns.symbol. */
  readonly symbols: readonly string[];
  /** By RowColumns.windowIndex. */
  readonly windows: readonly WindowSpec[];
  readonly engine: EngineName;
}

/** The rows that columns hold, as objects of their own. */
export function rowObjects(columns: RowColumns, origin: RowOrigin, writtenAt: EpochMs): WindowRow[] {
  const window = origin.windows[columns.windowIndex];
  if (window === undefined) throw new RangeError(`Window ${columns.windowIndex} is none of ${origin.windows.length}.`);
  const { sizeMs } = window;
  const shared = {
    feed: origin.feed,
    resolutionMinutes: sizeMs / 60_000,
    windowStart: columns.windowEnd - sizeMs,
    windowEnd: columns.windowEnd,
    expectedCount: slotsPerWindow(window),
    engine: origin.engine,
    writtenAt,
  };
  return Array.from({ length: columns.length }, (_, i) => ({
    ...shared,
    symbol: origin.symbols[columns.symbol[i]!]!,
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
