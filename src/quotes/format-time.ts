import type { EpochMs } from "./quote.ts";

/**
 * A time as RFC 3339 in UTC, with milliseconds only where there are some.
 * @example formatTime(1_381_152_605_000) === "2013-10-07T13:30:05Z"
 */
export function formatTime(time: EpochMs): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}
