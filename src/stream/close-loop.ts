import type { Clock } from "../ports.ts";
import type { EpochMs } from "../quotes/quote.ts";
import type { WindowSpec } from "../windows/window-spec.ts";
import type { FeedStream } from "./feed-stream.ts";

/** The first time after `time` at which one of the windows ends. */
function nextWindowEnd(windows: readonly WindowSpec[], time: EpochMs): EpochMs {
  return Math.min(
    ...windows.map(({ periodMs, offsetMs }) => Math.floor((time - offsetMs) / periodMs + 1) * periodMs + offsetMs),
  );
}

/**
 * Moves a live stream's watermark with the clock, at each time at which a window ends, until the signal is aborted.
 * The clock alone decides, so a silent provider or symbol holds nothing up.
 * @throws what the stream throws when it can't write its rows
 */
export async function runCloseLoop(
  stream: FeedStream,
  options: { readonly windows: readonly WindowSpec[]; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const { windows, clock, signal } = options;
  while (!signal.aborted) {
    const end = nextWindowEnd(windows, clock.now());
    const slept = await clock.sleepUntil(end, signal).then(
      () => true,
      () => false,
    );
    if (slept) await stream.advance(clock.now());
  }
}
