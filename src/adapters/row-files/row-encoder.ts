import { formatTime } from "../../quotes/format-time.ts";
import { MICROS } from "../../quotes/price.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { meanText } from "../../windows/mean.ts";
import type { RowColumns } from "../../windows/row-columns.ts";
import { slotsPerWindow, type WindowSpec } from "../../windows/window-spec.ts";
import type { RowLayout } from "./row-layout.ts";

/** What rows speak of by number. */
export interface RowNames {
  /** By RowColumns.symbol. */
  readonly symbols: readonly string[];
  /** By RowColumns.windowIndex. */
  readonly windows: readonly WindowSpec[];
}

/** No row is longer: 14 fields, the longest names of NDJSON, and values of at most 24 bytes. */
const MAX_ROW_BYTES = 768;
const START_BYTES = 1 << 16;

const ZERO = 0x30;
const POINT = 0x2e;
const MINUTE_MS = 60_000;

/**
 * Writes rows as text into one growing buffer, digit by digit: no string is made of a price or a count, and what is
 * the same in many rows (names, symbols, times) is encoded once.
 */
export class RowEncoder {
  readonly #layout: RowLayout;
  readonly #windows: readonly WindowSpec[];
  /** By symbol: everything up to its end. */
  readonly #heads: readonly Uint8Array[];
  /** By window: everything behind quote_count. */
  readonly #tails: readonly Uint8Array[];
  /** What stands before the fields from first_event_time to quote_count. */
  readonly #before: Readonly<Record<"firstTime" | "first" | "last" | "min" | "max" | "mean" | "count", Uint8Array>>;
  #bytes = new Uint8Array(START_BYTES);
  #length = 0;
  /** The time that was encoded last, for each of the two time columns: most rows of a slot have the same. */
  #eventTime: { time: EpochMs; text: Uint8Array } = { time: NaN, text: new Uint8Array(0) };
  #firstTime: { time: EpochMs; text: Uint8Array } = { time: NaN, text: new Uint8Array(0) };

  constructor(layout: RowLayout, { symbols, windows }: RowNames) {
    const { before, end, header } = layout;
    this.#layout = layout;
    this.#windows = windows;
    this.#heads = symbols.map((symbol) => encode(before.symbol + symbol));
    this.#tails = windows.map((window) => encode(`${before.expected_count}${slotsPerWindow(window)}${end}`));
    this.#before = {
      firstTime: encode(before.first_event_time),
      first: encode(before.first_price),
      last: encode(before.last_price),
      min: encode(before.min_price),
      max: encode(before.max_price),
      mean: encode(before.mean_price),
      count: encode(before.quote_count),
    };
    this.#put(encode(header));
  }

  /** How many bytes wait to be taken. */
  get length(): number {
    return this.#length;
  }

  /** The bytes of the rows so far. They are valid until the next row, which starts anew. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  /** Adds rows. */
  add(rows: RowColumns): void {
    this.#reserve(rows.length * MAX_ROW_BYTES);
    const times = this.#batchFields(rows);
    const tail = this.#tails[rows.windowIndex]!;
    const before = this.#before;
    for (let i = 0; i < rows.length; i++) {
      this.#put(this.#heads[rows.symbol[i]!]!);
      this.#put(times);
      this.#put(timeText(this.#eventTime, rows.lastSlot[i]!));
      this.#put(before.firstTime);
      this.#put(timeText(this.#firstTime, rows.firstSlot[i]!));
      this.#put(before.first);
      this.#putPrice(rows.firstPrice[i]!);
      this.#put(before.last);
      this.#putPrice(rows.lastPrice[i]!);
      this.#put(before.min);
      this.#putPrice(rows.minPrice[i]!);
      this.#put(before.max);
      this.#putPrice(rows.maxPrice[i]!);
      this.#put(before.mean);
      this.#putMean(meanText(rows.sumHigh[i]!, rows.sum[i]!, rows.count[i]!));
      this.#put(before.count);
      this.#putInteger(rows.count[i]!);
      this.#put(tail);
    }
  }

  /** The fields from resolution_minutes to where event_time goes, which all rows of a batch share. */
  #batchFields({ windowIndex, windowEnd }: RowColumns): Uint8Array {
    const { before } = this.#layout;
    const { sizeMs } = this.#windows[windowIndex]!;
    return encode(
      before.resolution_minutes +
        String(sizeMs / MINUTE_MS) +
        before.window_start +
        formatTime(windowEnd - sizeMs) +
        before.window_end +
        formatTime(windowEnd) +
        before.event_time,
    );
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  #put(text: Uint8Array): void {
    const bytes = this.#bytes;
    const start = this.#length;
    for (let i = 0; i < text.length; i++) bytes[start + i] = text[i]!;
    this.#length = start + text.length;
  }

  /** A price in its shortest form: no zeros at the end, no point without places. */
  #putPrice(micros: number): void {
    const whole = Math.floor(micros / MICROS);
    this.#putInteger(whole);
    let fraction = micros - whole * MICROS;
    if (fraction === 0) return;
    let places = 6;
    for (; fraction % 10 === 0; fraction /= 10) places -= 1;
    this.#bytes[this.#length] = POINT;
    this.#length += 1 + places;
    for (let at = this.#length - 1; places > 0; places--, at--) {
      const rest = Math.floor(fraction / 10);
      this.#bytes[at] = ZERO + fraction - rest * 10;
      fraction = rest;
    }
  }

  /** A mean as text with nine places, in its shortest form. */
  #putMean(text: string): void {
    let end = text.length;
    while (text.charCodeAt(end - 1) === ZERO) end -= 1;
    if (text.charCodeAt(end - 1) === POINT) end -= 1;
    for (let i = 0; i < end; i++) this.#bytes[this.#length++] = text.charCodeAt(i);
  }

  /** A whole number from 0 to 2^31 - 1. */
  #putInteger(value: number): void {
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits += 1;
    let rest = value;
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      const tenth = Math.floor(rest / 10);
      this.#bytes[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.#length += digits;
  }
}

function timeText(cached: { time: EpochMs; text: Uint8Array }, time: EpochMs): Uint8Array {
  if (cached.time !== time) {
    cached.time = time;
    cached.text = encode(formatTime(time));
  }
  return cached.text;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
