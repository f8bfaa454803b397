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
  const { feed, engine } = origin;
  const { windowEnd } = columns;
  const resolutionMinutes = window.sizeMs / 60_000;
  const windowStart = windowEnd - window.sizeMs;
  const expectedCount = slotsPerWindow(window);
  const rows: WindowRow[] = [];
  for (let i = 0; i < columns.length; i++) {
    // Field by field: an object that is spread takes much longer.
    rows.push({
      feed,
      symbol: origin.symbols[columns.symbol[i]!]!,
      resolutionMinutes,
      windowStart,
      windowEnd,
      eventTime: columns.lastSlot[i]!,
      firstEventTime: columns.firstSlot[i]!,
      firstPrice: columns.firstPrice[i]!,
      lastPrice: columns.lastPrice[i]!,
      minPrice: columns.minPrice[i]!,
      maxPrice: columns.maxPrice[i]!,
      meanPrice: meanText(columns.sumHigh[i]!, columns.sum[i]!, columns.count[i]!),
      quoteCount: columns.count[i]!,
      expectedCount,
      engine,
      writtenAt,
    });
  }
  return rows;
}
