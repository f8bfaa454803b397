import { SYMBOL_PATTERN } from "../api/stockfeed.ts";
import { LAST_TIME } from "./format-time.ts";
import { parsePrice, type PriceMicros } from "./price.ts";
import type { EpochMs } from "./quote.ts";

/** One line of a tick file: a recorded price of a symbol. */
export interface Tick {
  readonly symbol: string;
  readonly price: PriceMicros;
  /** When the price last changed. */
  readonly time: EpochMs;
  /** Where the recording has one. */
  readonly volume?: number;
}

/** Why a line of a tick file is no tick. `Truncated`: the last line, cut off before its end. */
export type BadLineReason =
  "Malformed" | "InvalidSymbol" | "InvalidPrice" | "InvalidTime" | "LineTooLong" | "Truncated";

/** What is wrong with a line, for people, with the value. */
export interface BadLine {
  readonly reason: BadLineReason;
  readonly detail: string;
}

/**
 * Reads one line of a tick file with every check: a JSON object with `symbol` (SYMBOL_PATTERN), `latestPrice` (a
 * number, rounded to six places, 0 < price < 10,000,000), `latestUpdate` (whole epoch milliseconds after 0) and
 * optionally `volume`. Other fields are left aside, and so is a volume that is no number from 0 up: no window
 * depends on it.
 * @example parseTickLine('{"symbol":"AIG","latestPrice":49.18,"latestUpdate":1381132800000,"volume":300}')
 */
export function parseTickLine(line: string): Tick | BadLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return notJson(line, error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { reason: "Malformed", detail: `${excerpt(value)} is no JSON object` };
  }
  return checkTick(value);
}

function checkTick(value: { symbol?: unknown; latestPrice?: unknown; latestUpdate?: unknown; volume?: unknown }) {
  const { symbol, latestPrice, latestUpdate, volume } = value;
  if (typeof symbol !== "string" || !SYMBOL_PATTERN.test(symbol)) {
    return bad("InvalidSymbol", "symbol", symbol, "a symbol such as AAPL or BRK.B");
  }
  const price = typeof latestPrice === "number" ? parsePrice(latestPrice) : undefined;
  if (price === undefined) {
    return bad("InvalidPrice", "latestPrice", latestPrice, "a number above 0 and below 10000000");
  }
  if (typeof latestUpdate !== "number" || !isTime(latestUpdate)) {
    return bad("InvalidTime", "latestUpdate", latestUpdate, "whole milliseconds since 1970");
  }
  const tick = { symbol, price, time: latestUpdate };
  return typeof volume === "number" && volume >= 0 ? { ...tick, volume } : tick;
}

/** A recording holds times after 1970 alone; a message may carry earlier ones too. */
function isTime(value: number): value is EpochMs {
  return Number.isInteger(value) && value > 0 && value <= LAST_TIME;
}

/** Some writers put NaN and Infinity, which JSON does not have, where a price is missing: the reason is the price. */
function notJson(line: string, error: unknown): BadLine {
  const price = /"latestPrice"\s*:\s*(-?(?:NaN|Infinity))\b/.exec(line)?.[1];
  if (price !== undefined) return { reason: "InvalidPrice", detail: `latestPrice is ${price}` };
  return { reason: "Malformed", detail: error instanceof Error ? error.message : String(error) };
}

function bad(reason: BadLineReason, field: string, value: unknown, expected: string): BadLine {
  const what = value === undefined ? "is missing" : `is ${excerpt(value)}`;
  return { reason, detail: `${field} ${what}; it must be ${expected}` };
}

/** A value as JSON, short enough for a message. */
function excerpt(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
