import type { EpochMs } from "../../quotes/quote.ts";

/** Longest wait that is believed: a header may be wrong, and a feed should not sleep for a year over it. */
const MAX_WAIT_MS = 24 * 3_600_000;

/**
 * When a response says that the next call may come: `Retry-After`, in seconds or as an HTTP date (RFC 9110, 10.2.3),
 * else `X-RateLimit-Reset`, in seconds since the epoch, as Alpaca and Finnhub send it. Undefined where neither is
 * there or can be read; at most a day ahead, never in the past.
 */
export function retryAfter(headers: Headers, now: EpochMs): EpochMs | undefined {
  const time = fromRetryAfter(headers.get("retry-after"), now) ?? fromReset(headers.get("x-ratelimit-reset"));
  return time === undefined ? undefined : Math.min(Math.max(time, now), now + MAX_WAIT_MS);
}

function fromRetryAfter(value: string | null, now: EpochMs): EpochMs | undefined {
  if (value === null) return undefined;
  if (/^[0-9]+$/.test(value)) return now + Number(value) * 1000;
  // An HTTP date begins with a weekday and a comma; what does not Date.parse would guess at. (The third form, C's
  // asctime, has no zone: it is not seen in the wild, and guessed at in the local zone.)
  const time = /^[A-Z][a-z]{2,8}, /.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? undefined : time;
}

function fromReset(value: string | null): EpochMs | undefined {
  return value !== null && /^[0-9]{10}$/.test(value) ? Number(value) * 1000 : undefined;
}
