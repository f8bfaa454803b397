import type { Clock } from "../ports.ts";
import type { EpochMs } from "../quotes/quote.ts";
import type { WindowSpec } from "../windows/window-spec.ts";
import type { FeedStream } from "./feed-stream.ts";
import type { QuotesUnderWay } from "./quotes-under-way.ts";

/** What closes windows, and what it waits for. */
interface Closing {
  readonly stream: Pick<FeedStream, "advance">;
  readonly underWay: Pick<QuotesUnderWay, "oldest" | "landing">;
  readonly signal: AbortSignal;
}

/** The first time after `time` at which one of the windows ends. */
export function nextWindowEnd(windows: readonly WindowSpec[], time: EpochMs): EpochMs {
  return Math.min(
    ...windows.map(({ periodMs, offsetMs }) => Math.floor((time - offsetMs) / periodMs + 1) * periodMs + offsetMs),
  );
}

/**
 * Moves a live stream's watermark with the clock, at each time at which a window ends, until the signal is aborted.
 * The clock decides, so a silent provider or symbol holds nothing up.
 * @throws what the stream throws when it can't write its rows
 */
export async function runCloseLoop(
  closing: Closing & { readonly windows: readonly WindowSpec[]; readonly clock: Clock },
): Promise<void> {
  const { windows, clock, signal } = closing;
  while (!signal.aborted) {
    const slept = await clock.sleepUntil(nextWindowEnd(windows, clock.now()), signal).then(
      () => true,
      () => false,
    );
    if (slept) await closeUpTo(clock.now(), closing);
  }
}

/**
 * Moves the watermark up to a time, past no quotes that are under way: it comes to the oldest of them, waits until they
 * are taken in, and goes on. Aborted, it waits no longer and goes as far as it can.
 */
export async function closeUpTo(time: EpochMs, { stream, underWay, signal }: Closing): Promise<void> {
  for (;;) {
    const { aborted } = signal;
    const { oldest } = underWay;
    await stream.advance(Math.min(time, oldest));
    if (oldest >= time || aborted) return;
    await underWay.landing(signal);
  }
}
