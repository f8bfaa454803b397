import { formatPrice, MICROS } from "../quotes/price.ts";
import type { EpochMs } from "../quotes/quote.ts";
import type { EngineName, WindowRow } from "./window-row.ts";

/**
 * A window row as BigQuery takes it, by insertAll and by a subscription of Pub/Sub: the JSON of the table's columns,
 * decimals as text with all their places, times as RFC 3339. Written by hand: a sink is given three rows and more a quote.
 */
export function rowJson(row: WindowRow): string {
  if (shared === undefined || !isLike(shared.row, row)) shared = sharedTexts(row);
  const { feed, window, end } = shared;
  return (
    `${feed}${symbolTexts.of(row.symbol)}${window}"event_time":"${timeTexts.of(row.eventTime)}",` +
    `"first_event_time":"${timeTexts.of(row.firstEventTime)}",` +
    `"first_price":"${formatPrice(row.firstPrice)}","last_price":"${formatPrice(row.lastPrice)}",` +
    `"min_price":"${formatPrice(row.minPrice)}","max_price":"${formatPrice(row.maxPrice)}",` +
    `"mean_price":"${row.meanPrice}","quote_count":${row.quoteCount}${end}`
  );
}

/** The row of which this is the JSON, parsed: what `rowJson` gave, as it gave it. */
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

/** What stands before a row's symbol, behind it, and behind its count; the same for the rows of one window. */
interface SharedTexts {
  readonly row: WindowRow;
  readonly feed: string;
  readonly window: string;
  readonly end: string;
}

/** Those of the row before. */
let shared: SharedTexts | undefined;

function isLike(a: WindowRow, b: WindowRow): boolean {
  return (
    a.windowEnd === b.windowEnd &&
    a.windowStart === b.windowStart &&
    a.resolutionMinutes === b.resolutionMinutes &&
    a.expectedCount === b.expectedCount &&
    a.writtenAt === b.writtenAt &&
    a.feed === b.feed &&
    a.engine === b.engine
  );
}

function sharedTexts(row: WindowRow): SharedTexts {
  const [start, end] = [timeTexts.of(row.windowStart), timeTexts.of(row.windowEnd)];
  const minutes = minutesText(row.resolutionMinutes);
  return {
    row,
    feed: `{"feed":${JSON.stringify(row.feed)},"symbol":`,
    window: `,"resolution_minutes":"${minutes}","window_start":"${start}","window_end":"${end}",`,
    end: `,"expected_count":${row.expectedCount},"engine":"${row.engine}","written_at":"${timeTexts.of(row.writtenAt)}"}`,
  };
}

/** Texts that were asked for lately, of what many rows have alike and what takes long to make. */
class LateTexts<T> {
  readonly #texts = new Map<T, string>();
  readonly #most: number;
  readonly #make: (value: T) => string;

  constructor(most: number, make: (value: T) => string) {
    this.#most = most;
    this.#make = make;
  }

  of(value: T): string {
    const known = this.#texts.get(value);
    if (known !== undefined) return known;
    if (this.#texts.size >= this.#most) this.#texts.clear();
    const text = this.#make(value);
    this.#texts.set(value, text);
    return text;
  }
}

const timeTexts = new LateTexts(1_000, (time: EpochMs) => new Date(time).toISOString());
const symbolTexts = new LateTexts(10_000, (symbol: string) => JSON.stringify(symbol));

/** Nine places, which tell whole seconds apart. */
function minutesText(minutes: number): string {
  const digits = String(Math.round(minutes * 1e9)).padStart(10, "0");
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
