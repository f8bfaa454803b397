import type { Clock } from "../../ports.ts";

/**
 * Longest single timer. A timer counts elapsed time, not the wall clock's, holds 31 bits of milliseconds at most and
 * stands still while a laptop sleeps: looking at the clock this often makes far times exact and notices a clock that
 * was set, or a lid that was closed, within the same span.
 */
const LONGEST_TIMER_MS = 10_000;

/**
 * The machine's clock. A sleeper wakes at its time or, as the event loop allows, a millisecond or two after; never
 * before, though timers may fire early by the wall clock.
 */
export function systemClock(): Clock {
  return { now: () => Date.now(), sleepUntil };
}

function sleepUntil(time: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    let timer: NodeJS.Timeout | undefined;
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const wait = () => {
      const left = time - Date.now();
      if (left > 0) {
        timer = setTimeout(wait, Math.min(left, LONGEST_TIMER_MS));
        return;
      }
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    wait();
  });
}
