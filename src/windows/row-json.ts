import { formatPrice, MICROS } from "../quotes/price.ts";
import type { EngineName, WindowRow } from "./window-row.ts";

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

/** The row of which this is the JSON: what `rowJson` gave, as it gave it. */
export function readRowJson(json: Readonly<Record<string, string | number>>): WindowRow {
  const text = (field: string) => String(json[field]);
  const time = (field: string) => Date.parse(text(field));
  const price = (field: string) => Math.round(Number(json[field]) * MICROS);
  return {
    feed: text("feed"),
    symbol: text("symbol"),
    resolutionMinutes: (time("window_end") - time("window_start")) / 60_000,
    windowStart: time("window_start"),
    windowEnd: time("window_end"),
    eventTime: time("event_time"),
    firstEventTime: time("first_event_time"),
    firstPrice: price("first_price"),
    lastPrice: price("last_price"),
    minPrice: price("min_price"),
    maxPrice: price("max_price"),
    meanPrice: text("mean_price"),
    quoteCount: Number(json.quote_count),
    expectedCount: Number(json.expected_count),
    engine: text("engine") as EngineName,
    writtenAt: time("written_at"),
  };
}

/** Texts of times that were asked for lately: rows that close together share most of theirs, and a text takes long to make. */
const timeTexts = new Map<number, string>();
const TIME_TEXTS = 1_000;

function timeText(time: number): string {
  const known = timeTexts.get(time);
  if (known !== undefined) return known;
  if (timeTexts.size >= TIME_TEXTS) timeTexts.clear();
  const text = new Date(time).toISOString();
  timeTexts.set(time, text);
  return text;
}

/** Nine places, which tell whole seconds apart. */
function minutesText(minutes: number): string {
  const digits = String(Math.round(minutes * 1e9)).padStart(10, "0");
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
