import type { KubeObject } from "../api/kube-object.ts";
import { inLanes } from "../lanes/in-lanes.ts";
import type { AskPod, Cluster } from "../controller-ports.ts";
import { SHARD_LABEL } from "../plan/names.ts";
import type { Clock } from "../ports.ts";
import type { PollSummary } from "../quotes/poll-summary.ts";
import { addressOf, askInRounds, AT_ONCE } from "./ask-in-rounds.ts";
import { COMPONENT_LABEL } from "./kube-ownership.ts";
import type { PollerBook } from "./poller-book.ts";

interface RunningPollersOptions {
  readonly cluster: Pick<Cluster, "get" | "list">;
  readonly pollers: PollerBook;
  readonly ask: AskPod<PollSummary>;
  readonly clock: Clock;
}

/**
 * Pollers that run without end, in Deployments: they leave no summary, so they are asked for it, a round a minute.
 *
 * - Of what they answer, how the market looks is news; counters and failures they tell whoever scrapes them.
 * - One that doesn't answer, as behind a network policy, says nothing: what it said last stays.
 * - An answer counts where it names the feed whose Pod was asked: an address may have become another Pod's.
 */
export class RunningPollers {
  readonly #options: RunningPollersOptions;

  constructor(options: RunningPollersOptions) {
    this.#options = options;
  }

  /** Asks in rounds until the signal, beginning at once. @param onNews told `namespace/name` of each feed that has some */
  async run(onNews: (feed: string) => void, signal: AbortSignal): Promise<void> {
    const { clock, pollers } = this.#options;
    await askInRounds((until) => this.#round(until), { clock, onNews, signal });
    pollers.askedOnce = false;
  }

  /** Asks each of them once. @returns `namespace/name` of feeds that have news */
  async #round(signal: AbortSignal): Promise<string[]> {
    const { cluster, pollers } = this.#options;
    const pods = cluster.list("Pod", { labels: { [COMPONENT_LABEL]: "poller" } }).filter(isWithoutEnd);
    const told = await inLanes(pods, AT_ONCE, (pod) => this.#ask(pod, signal));
    if (!signal.aborted) pollers.askedOnce = true;
    return [...new Set(told)].filter((feed) => feed !== undefined);
  }

  /** @returns `namespace/name` of the Pod's feed where it has news */
  async #ask(pod: KubeObject, signal: AbortSignal): Promise<string | undefined> {
    const { cluster, pollers, ask } = this.#options;
    const address = signal.aborted ? undefined : addressOf(pod);
    if (address === undefined) return undefined;
    const summary = await ask(address, signal);
    if (summary === undefined) return undefined;
    const [namespace = "", name = ""] = summary.feed.split("/");
    // Taken in for a feed that has gone meanwhile, it would never be forgotten.
    if (cluster.get({ kind: "StockFeed", namespace, name }) === undefined) return undefined;
    return pollers.hear(pod, summary) ? summary.feed : undefined;
  }
}

function isWithoutEnd({ metadata: { labels = {} } }: KubeObject): boolean {
  return labels[SHARD_LABEL] !== undefined;
}
