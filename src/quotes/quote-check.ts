import { LAST_TIME } from "./format-time.ts";
import { isPrice } from "./price.ts";
import type { DeadLetterReason, EpochMs, Quote } from "./quote.ts";

/** How far ahead of the clock a quote's times may be: clocks differ, but not by more than this. */
export const FUTURE_TOLERANCE_MS = 60_000;

/** Why something is no usable quote. */
export interface Rejection {
  readonly reason: DeadLetterReason;
  /** Says what is wrong, with the value. */
  readonly detail: string;
}

/** What a feed expects of its quotes. */
export interface QuoteRules {
  readonly symbols: ReadonlySet<string>;
  readonly intervalMs: number;
}

/** The first millisecond of the first year that RFC 3339 can write, 0000. */
const YEAR_ZERO: EpochMs = -62_167_219_200_000;

/** Whether a number is a time that a message can carry: whole milliseconds in the years 0000 to 9999. */
export function isTime(ms: number): boolean {
  return Number.isInteger(ms) && ms >= YEAR_ZERO && ms <= LAST_TIME;
}

/**
 * What keeps a quote out of every window; undefined where nothing does: it has a valid price, a symbol of the feed,
 * a slot of the feed's interval, and no time more than a minute ahead of `now`. The provider's time is held to the
 * same minute, since a time from the far future would win its slot over every honest quote.
 */
export function checkQuote(quote: Quote, rules: QuoteRules, now: EpochMs): Rejection | undefined {
  const { symbol, price, observedAt, providerTime } = quote;
  if (!isPrice(price)) {
    return reject("InvalidPrice", `${symbol}: ${price} millionths is no price in 0 < price < 10,000,000.`);
  }
  if (!rules.symbols.has(symbol)) return reject("UnknownSymbol", `"${symbol}" is not among the feed's symbols.`);
  if (!isTime(observedAt) || observedAt % rules.intervalMs !== 0) {
    return reject("InvalidTime", `${symbol}: observed at ${observedAt}, which is no slot of ${rules.intervalMs} ms.`);
  }
  if (!isTime(providerTime)) return reject("InvalidTime", `${symbol}: ${providerTime} is no time in milliseconds.`);
  const ahead = Math.max(observedAt, providerTime) - now;
  if (ahead > FUTURE_TOLERANCE_MS) {
    const which = observedAt >= providerTime ? "observed" : "priced by the provider";
    return reject("FutureTime", `${symbol}: ${which} ${ahead} ms ahead of the clock. Check both clocks.`);
  }
  return undefined;
}

function reject(reason: DeadLetterReason, detail: string): Rejection {
  return { reason, detail };
}
