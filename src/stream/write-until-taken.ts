import type { Clock, ResultSink } from "../ports.ts";
import type { EpochMs } from "../quotes/quote.ts";
import type { WindowRow } from "../windows/window-row.ts";

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 10_000;

/**
 * Offers rows to the sink until it has taken them, with a delay that doubles from 250 ms to 10 s.
 * @throws the sink's last error once the signal is aborted
 */
export async function writeUntilTaken(
  rows: readonly WindowRow[],
  options: {
    readonly sink: ResultSink;
    readonly machineClock: Clock;
    readonly signal: AbortSignal;
    readonly onRefused: (error: Error, retryAt: EpochMs) => void;
  },
): Promise<void> {
  const { sink, machineClock, signal, onRefused } = options;
  for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS)) {
    try {
      await sink.writeRows(rows);
      return;
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      const retryAt = machineClock.now() + backoffMs;
      onRefused(error, retryAt);
      // Stopped before or during the wait: the caller learns why the rows are not there.
      await machineClock.sleepUntil(retryAt, signal).catch(() => {
        throw error;
      });
    }
  }
}
