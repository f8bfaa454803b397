import type { Clock } from "../ports.ts";
import type { EpochMs } from "../quotes/quote.ts";

const FIRST_BACKOFF_MS = 100;
/** How long a delivery that is under way may still take once the loop has to stop. */
const STOP_GRACE_MS = 2_000;

/**
 * Hands something over, again after a growing delay where it is refused, for as long as the next try still falls into
 * the slot. A receiver that takes its time is waited for: that is its way to slow the loop down.
 * @returns why it was not delivered in the end; undefined when it was
 */
export async function deliver(
  handOver: () => Promise<void>,
  limits: { readonly clock: Clock; readonly deadline: EpochMs; readonly stop: AbortSignal },
): Promise<Error | undefined> {
  const { clock, deadline, stop } = limits;
  for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs *= 2) {
    try {
      await unlessStopped(handOver(), clock, stop);
      return undefined;
    } catch (error) {
      const retryAt = clock.now() + backoffMs;
      const slept = retryAt < deadline && (await sleptUntil(retryAt, clock, stop));
      if (!slept) return error instanceof Error ? error : new Error(String(error));
    }
  }
}

async function sleptUntil(time: EpochMs, clock: Clock, stop: AbortSignal): Promise<boolean> {
  try {
    await clock.sleepUntil(time, stop);
    return true;
  } catch {
    return false;
  }
}

/** Waits for a delivery; once stopped, for a short while only. */
async function unlessStopped(delivery: Promise<void>, clock: Clock, stop: AbortSignal): Promise<void> {
  const settled = new AbortController();
  const { promise: gaveUp, reject: giveUp } = Promise.withResolvers<undefined>();
  const onStop = () => {
    clock.sleepUntil(clock.now() + STOP_GRACE_MS, settled.signal).then(
      () => {
        giveUp(new Error("Stopped before the delivery was confirmed."));
      },
      () => undefined, // the delivery settled within the grace
    );
  };
  if (stop.aborted) onStop();
  else stop.addEventListener("abort", onStop, { once: true });
  try {
    await Promise.race([delivery, gaveUp]);
  } finally {
    stop.removeEventListener("abort", onStop);
    settled.abort();
    delivery.catch(() => undefined); // it may still reject after it was given up
  }
}
