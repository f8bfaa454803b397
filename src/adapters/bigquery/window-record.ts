import { createHash } from "node:crypto";
import { formatPrice } from "../../quotes/price.ts";
import type { WindowRow } from "../../windows/window-row.ts";

/** A row as insertAll takes it. */
export interface InsertRow {
  readonly insertId: string;
  readonly json: Readonly<Record<string, string | number>>;
}

/**
 * A window row as BigQuery takes it: decimals as text with all their places, times as RFC 3339.
 *
 * The insert ID is a hash of the whole row, `written_at` too. So a write that is repeated after a lost answer is one
 * row, and a row that differs in anything is another: a fuller one is never dropped, nor one that an engine writes
 * again later because another engine has overruled it since.
 */
export function insertRow(row: WindowRow): InsertRow {
  const json = {
    feed: row.feed,
    symbol: row.symbol,
    resolution_minutes: minutesText(row.resolutionMinutes),
    window_start: timeText(row.windowStart),
    window_end: timeText(row.windowEnd),
    event_time: timeText(row.eventTime),
    first_event_time: timeText(row.firstEventTime),
    first_price: formatPrice(row.firstPrice),
    last_price: formatPrice(row.lastPrice),
    min_price: formatPrice(row.minPrice),
    max_price: formatPrice(row.maxPrice),
    mean_price: row.meanPrice,
    quote_count: row.quoteCount,
    expected_count: row.expectedCount,
    engine: row.engine,
    written_at: timeText(row.writtenAt),
  };
  return { insertId: createHash("sha256").update(JSON.stringify(json)).digest("base64url").slice(0, 22), json };
}

function timeText(time: number): string {
  return new Date(time).toISOString();
}

/** Nine places, which tell whole seconds apart. */
function minutesText(minutes: number): string {
  const digits = String(Math.round(minutes * 1e9)).padStart(10, "0");
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
