import { formatPrice } from "../quotes/price.ts";
import type { WindowRow } from "./window-row.ts";

/**
 * A window row as BigQuery takes it, by insertAll and by a subscription of Pub/Sub: the table's columns, decimals as text
 * with all their places, times as RFC 3339.
 */
export function rowJson(row: WindowRow): Readonly<Record<string, string | number>> {
  return {
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
}

function timeText(time: number): string {
  return new Date(time).toISOString();
}

/** Nine places, which tell whole seconds apart. */
function minutesText(minutes: number): string {
  const digits = String(Math.round(minutes * 1e9)).padStart(10, "0");
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
