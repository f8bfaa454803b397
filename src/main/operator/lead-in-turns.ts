import type { Elector } from "../../adapters/kubernetes/elector.ts";

/**
 * Does the work whenever this process leads, until the signal; without an elector it always does.
 * @param work ends when its signal is aborted: this process leads no more, or is to stop
 */
export async function leadInTurns(
  elector: Elector | undefined,
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  if (elector === undefined) {
    await work(signal);
    return;
  }
  while ((await elector.lead(signal, work)) === "lost" && !signal.aborted);
}
