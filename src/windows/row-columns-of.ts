import { SUM_SPLIT } from "./mean.ts";
import { allocateRows, type RowColumns } from "./row-columns.ts";
import type { WindowRow } from "./window-row.ts";

/**
 * Rows of one window end as columns, for what takes columns alone: `rowObjects` gives the same rows again. A row's sum is
 * one that has its mean, which is the sum that the row was made from where a window holds fewer than 1,000 quotes.
 * @param rows all of one resolution and window end, in the order of their symbols
 * @param symbols numbers of the symbols
 */
export function rowColumnsOf(
  rows: readonly WindowRow[],
  windowIndex: number,
  symbols: ReadonlyMap<string, number>,
): RowColumns {
  const columns = allocateRows(rows.length);
  columns.windowIndex = windowIndex;
  columns.windowEnd = rows[0]?.windowEnd ?? 0;
  columns.length = rows.length;
  rows.forEach((row, i) => {
    const sum = sumOf(row);
    columns.symbol[i] = symbols.get(row.symbol) ?? -1;
    columns.firstSlot[i] = row.firstEventTime;
    columns.lastSlot[i] = row.eventTime;
    columns.firstPrice[i] = row.firstPrice;
    columns.lastPrice[i] = row.lastPrice;
    columns.minPrice[i] = row.minPrice;
    columns.maxPrice[i] = row.maxPrice;
    columns.sum[i] = Number(sum % BigInt(SUM_SPLIT));
    columns.sumHigh[i] = Number(sum / BigInt(SUM_SPLIT));
    columns.count[i] = row.quoteCount;
  });
  return columns;
}

/**
 * The whole micros that are nearest to mean x count. They are at most half a micro from it, and a mean is at most half a
 * nano from the true quotient; so they are the true sum below 1,000 quotes, and have the same mean from there on.
 */
function sumOf({ meanPrice, quoteCount }: WindowRow): bigint {
  const nanos = BigInt(meanPrice.replace(".", "")) * BigInt(quoteCount);
  return (nanos + 500n) / 1000n;
}
