import type { Clock } from "../ports.ts";
import type { EpochMs } from "../quotes/quote.ts";

/**
 * Runs work that must not outlast a time on the clock. The work's signal fires at the deadline or with `stop`, and
 * nothing waits for the work after that, even if it ignores its signal.
 * @returns what the work brought, or undefined when the deadline came first
 * @throws the reason of `stop`, or what the work threw
 */
export async function withDeadline<T extends object>(
  work: (signal: AbortSignal) => Promise<T>,
  limits: { readonly clock: Clock; readonly deadline: EpochMs; readonly stop: AbortSignal },
): Promise<T | undefined> {
  const { clock, deadline, stop } = limits;
  stop.throwIfAborted();
  const timer = new AbortController();
  const over = new AbortController();
  const onStop = () => {
    timer.abort(stop.reason);
    over.abort(stop.reason);
  };
  stop.addEventListener("abort", onStop, { once: true });
  const expired = clock.sleepUntil(deadline, timer.signal).then(() => undefined);
  const working = work(over.signal);
  // Whichever loses the race may still reject, with nobody left to hear it.
  for (const loser of [expired, working]) loser.catch(() => undefined);
  try {
    return await Promise.race([working, expired]);
  } finally {
    stop.removeEventListener("abort", onStop);
    timer.abort();
    over.abort(new Error("The slot is over."));
  }
}
