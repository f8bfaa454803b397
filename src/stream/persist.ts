import type { Clock } from "../ports.ts";
import type { EpochMs } from "../quotes/quote.ts";

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 15_000;

/**
 * Does something until it succeeds, with a delay that doubles from a quarter of a second to 15 s.
 * @throws the signal's reason once it is aborted
 */
export async function persist<T>(
  attempt: () => Promise<T>,
  options: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly onFailure: (error: Error, retryAt: EpochMs) => void;
  },
): Promise<T> {
  const { clock, signal, onFailure } = options;
  for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS)) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const retryAt = clock.now() + backoffMs;
      onFailure(error instanceof Error ? error : new Error(String(error)), retryAt);
      await clock.sleepUntil(retryAt, signal);
    }
  }
}
