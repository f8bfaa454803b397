/**
 * How long requests to a provider took, in counts that add up: of a poller's run, and of all runs together.
 *
 * - Pollers and operator may be of two versions, so counts are known by their bucket's upper bound, not by its place.
 * - Counts of a bound that is not among ours go into the next greater bucket: a quantile is never told too low.
 */
import { z } from "zod";

/**
 * Upper bounds of buckets, in seconds. Few, since a Prometheus keeps a series of each for every feed; from a provider that
 * is near to the time that a request may take at most.
 */
export const REQUEST_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

/** How long requests took. */
export interface RequestDurations {
  /** Requests by the least bound of `REQUEST_BUCKETS` that they were within, or by `Infinity`; each counts once. */
  readonly within: Readonly<Record<string, number>>;
  /** All durations together. */
  readonly seconds: number;
}

const MS = 1000;

/** The durations with one more request in them, to the millisecond; a clock that was set back makes it take no time. */
export function withRequest(durations: RequestDurations | undefined, seconds: number): RequestDurations {
  const { within, seconds: before } = durations ?? { within: {}, seconds: 0 };
  const took = Math.max(seconds, 0);
  const bucket = bucketOf(took);
  return {
    within: { ...within, [bucket]: (within[bucket] ?? 0) + 1 },
    seconds: Math.round((before + took) * MS) / MS,
  };
}

/** Reads durations out of JSON, into our buckets. */
export const requestDurationsSchema = z.object({
  within: z.record(z.string(), z.int().min(0)).transform(intoOurs),
  seconds: z.number().min(0),
});

function intoOurs(counts: Readonly<Record<string, number>>): Record<string, number> {
  const ours: Record<string, number> = {};
  for (const [bound, count] of Object.entries(counts)) {
    const bucket = bucketOf(Number(bound));
    ours[bucket] = (ours[bucket] ?? 0) + count;
  }
  return ours;
}

/** What is no number is within no bound. */
function bucketOf(seconds: number): string {
  return String(REQUEST_BUCKETS.find((bound) => seconds <= bound) ?? Infinity);
}
