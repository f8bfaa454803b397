import type { EpochMs } from "./quote.ts";

/** The last millisecond whose year has four digits, as RFC 3339 writes it. */
export const LAST_TIME: EpochMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * A time as RFC 3339 in UTC, with milliseconds only where there are some.
 * @example formatTime(1_381_152_605_000) === "2013-10-07T13:30:05Z"
 */
export function formatTime(time: EpochMs): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}
