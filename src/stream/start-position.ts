import { FUTURE_TOLERANCE_MS } from "../quotes/quote-check.ts";
import type { EpochMs } from "../quotes/quote.ts";
import type { WindowSpec } from "../windows/window-spec.ts";

/** Where a stream begins to read its log, and what it writes from there. */
export interface StartPosition {
  /** Messages published from here on are read again. */
  readonly seekTo: EpochMs;
  /** Where the watermark starts: no window that is to be written begins before it. */
  readonly watermark: EpochMs;
  /** Windows that end at or before this are not written: they are in the sink, in their last state. */
  readonly writtenUpTo: EpochMs;
  /** What was published before this was dealt with in an earlier life; -Infinity where nothing is known of one. */
  readonly dealtWithBefore: EpochMs;
  /** A slot of which the log is known to hold a quote, where there is one. */
  readonly newestQuote?: EpochMs;
}

/**
 * How far back from the newest quote in the sink something may be missing: a write that was broken off in its middle
 * (half of this at most, `writeSpanMs`), quotes that were on their way, two streams that ran at once for a minute.
 */
export const MARGIN_MS = 120_000;
/** How long a log keeps its messages. */
const RETENTION_MS = 7 * 86_400_000;

/**
 * Where to begin, so that every window that may be missing from the sink, or not be in its last state, is made again
 * whole from the log.
 *
 * The newest quote in any row of a resolution tells how far its quotes had been taken in; the newest window's end does not,
 * for windows close by the clock, also while quotes don't get through. What is missing ends after that quote, less the
 * lateness in which rows change and a margin. All quotes of those windows are needed: from the longest window's start on,
 * and from before it in the log, since a poller's clock may be ahead of the log's. Too far back costs rows that are
 * written again. Where the sink has no row of the feed, all that the log has is read.
 *
 * Resolutions are not equally far where Dataflow jobs computed them, of which one may have lagged, or where the feed did
 * without one for some days: the one that is furthest behind counts. One without a row of a time that the log still has is
 * new to the feed, and begins where the others are. For dead letters and counts the one that is furthest ahead counts, for
 * whatever computes a resolution reads the feed's every message, and buries those that are no good.
 * Caveat: a job that lags is taken to have read its backlog in order, but for the lateness and the margin.
 */
export function startPosition(known: {
  /** The slot of the newest quote in the sink's rows, by the size of their windows in milliseconds. */
  readonly newestQuotes: ReadonlyMap<number, EpochMs>;
  /** The oldest quote that an earlier reading is known to have missed. */
  readonly missedFrom?: EpochMs;
  readonly windows: readonly WindowSpec[];
  readonly now: EpochMs;
}): StartPosition {
  const { newestQuotes, missedFrom = Infinity, windows, now } = known;
  const kept = now - RETENTION_MS;
  const newestQuote = takenInUpTo(newestQuotes, windows, kept);
  const longest = Math.max(...windows.map(({ sizeMs, periodMs }) => sizeMs + periodMs));
  const lateness = Math.max(...windows.map((window) => window.allowedLatenessMs));
  const reach = lateness + MARGIN_MS;
  const missingFrom = Math.min(Math.min(newestQuote, now) - reach, missedFrom - MARGIN_MS);
  const watermark = Math.max(missingFrom - longest, kept);
  return {
    seekTo: watermark - FUTURE_TOLERANCE_MS,
    watermark,
    writtenUpTo: watermark + longest,
    dealtWithBefore: Math.min(Math.max(...newestQuotes.values()), now) - reach,
    ...(newestQuote > kept && { newestQuote }),
  };
}

/** The newest quote that every resolution has taken in which was at work lately; -Infinity where the sink has no row. */
function takenInUpTo(
  newestQuotes: ReadonlyMap<number, EpochMs>,
  windows: readonly WindowSpec[],
  kept: EpochMs,
): EpochMs {
  const own = windows.map(({ sizeMs }) => newestQuotes.get(sizeMs) ?? -Infinity).filter((newest) => newest > kept);
  return own.length > 0 ? Math.min(...own) : Math.max(...newestQuotes.values());
}
