import type { KubeObject } from "../api/kube-object.ts";
import type { Clock } from "../ports.ts";

const ROUND_MS = 60_000;

/** How many Pods are asked at once. */
export const AT_ONCE = 32;

/**
 * Has a round of questions a minute until the signal, beginning at once.
 * @param round gives `namespace/name` of each feed that has news
 */
export async function askInRounds(
  round: (signal: AbortSignal) => Promise<readonly string[]>,
  { clock, onNews, signal }: AskInRoundsOptions,
): Promise<void> {
  while (!signal.aborted) {
    const next = clock.now() + ROUND_MS;
    for (const feed of await round(signal)) onNews(feed);
    await clock.sleepUntil(next, signal).catch(() => undefined);
  }
}

interface AskInRoundsOptions {
  readonly clock: Clock;
  readonly onNews: (feed: string) => void;
  readonly signal: AbortSignal;
}

/** Where a Pod can be asked; undefined for one that does not run yet or is about to end. */
export function addressOf({ metadata, status }: KubeObject): string | undefined {
  const { phase, podIP } = (status ?? {}) as { readonly phase?: string; readonly podIP?: string };
  return phase === "Running" && metadata.deletionTimestamp === undefined ? podIP : undefined;
}
