/**
 * Whether a quote was in time, by when it was published. That is a fact of the log, the same whenever it is read; when
 * it is read depends on outages, backlogs and restarts, which make no quote late.
 */
import type { EpochMs } from "../quotes/quote.ts";
import type { WindowSpec } from "../windows/window-spec.ts";

/** Whether a quote was published too late for all of its windows. */
export function publishedTooLate(
  { observedAt, publishedAt }: { readonly observedAt: EpochMs; readonly publishedAt: EpochMs },
  windows: readonly WindowSpec[],
): boolean {
  return windows.every(
    (window) => publishedAt >= lastEnd(window, observedAt + window.sizeMs) + window.allowedLatenessMs,
  );
}

/**
 * Whether a window is over that the quote was published in time for, so that its row lacks the quote, or would if it
 * were not there already. Only windows that end after `writtenUpTo` are asked about.
 */
export function isMissed(
  { observedAt, publishedAt }: { readonly observedAt: EpochMs; readonly publishedAt: EpochMs },
  windows: readonly WindowSpec[],
  { watermark, writtenUpTo }: { readonly watermark: EpochMs; readonly writtenUpTo: EpochMs },
): boolean {
  return windows.some((window) => {
    const { sizeMs, allowedLatenessMs } = window;
    // Of its windows that take no more quotes the newest took them longest.
    const over = lastEnd(window, Math.min(observedAt + sizeMs, watermark - allowedLatenessMs));
    return over > observedAt && over > writtenUpTo && publishedAt < over + allowedLatenessMs;
  });
}

/** The last time at or before this one at which one of the windows ends. */
function lastEnd({ periodMs, offsetMs }: WindowSpec, time: EpochMs): EpochMs {
  return Math.floor((time - offsetMs) / periodMs) * periodMs + offsetMs;
}
