import type { KubeObject } from "../api/kube-object.ts";
import type { AskPod, Cluster } from "../controller-ports.ts";
import { inLanes } from "../lanes/in-lanes.ts";
import type { Clock } from "../ports.ts";
import type { StreamSummary } from "../quotes/stream-summary.ts";
import { addressOf, askInRounds, AT_ONCE } from "./ask-in-rounds.ts";
import { feedKeyOfPod, isPodOf } from "./feed-key.ts";
import { COMPONENT_LABEL } from "./kube-ownership.ts";
import type { StreamBook, StreamNews } from "./stream-book.ts";

interface RunningStreamsOptions {
  readonly cluster: Pick<Cluster, "get" | "list">;
  readonly streams: StreamBook;
  readonly ask: AskPod<StreamSummary>;
  readonly clock: Clock;
}

/**
 * Streams that run and are not ready are asked, a round a minute, whether it is the sink that they wait for: they write under
 * accounts of their own, whose rights nobody else can look at.
 *
 * - One that is ready is not asked: it writes, or has nothing to write.
 * - One that doesn't answer, as behind a network policy, says nothing: what it said last stays until it is ready.
 * - An answer counts where it names the feed whose Pod was asked: an address may have become another Pod's.
 */
export class RunningStreams {
  readonly #options: RunningStreamsOptions;

  constructor(options: RunningStreamsOptions) {
    this.#options = options;
  }

  /** Asks in rounds until the signal, beginning at once. @param onNews told `namespace/name` of each feed that has some */
  async run(onNews: (feed: string) => void, signal: AbortSignal): Promise<void> {
    const { clock, streams } = this.#options;
    await askInRounds((until) => this.#round(until), { clock, onNews, signal });
    streams.askedOnce = false;
  }

  async #round(signal: AbortSignal): Promise<readonly string[]> {
    const { cluster, streams } = this.#options;
    const pods = cluster.list("Pod", { labels: { [COMPONENT_LABEL]: "stream" } }).filter((pod) => !isReady(pod));
    const told = await inLanes(pods, AT_ONCE, async (pod) => [keyOf(pod), await this.#ask(pod, signal)] as const);
    if (signal.aborted) return [];
    streams.askedOnce = true;
    return streams.turn(new Map(told.flatMap(([key, said]) => (said === undefined ? [] : [[key, said]]))));
  }

  /** What is known of the Pod's stream now. */
  async #ask(pod: KubeObject, signal: AbortSignal): Promise<StreamNews | undefined> {
    const { cluster, streams, ask } = this.#options;
    const address = signal.aborted ? undefined : addressOf(pod);
    if (address === undefined) return undefined;
    const summary = await ask(address, signal);
    if (summary === undefined || !isPodOf(pod, summary.feed)) return streams.saidBy(keyOf(pod));
    const { feed, sink } = summary;
    const [namespace = "", name = ""] = feed.split("/");
    const isGone = cluster.get({ kind: "StockFeed", namespace, name }) === undefined;
    return sink === undefined || isGone ? undefined : { feed, trouble: sink };
  }
}

interface PodStatus {
  readonly conditions?: readonly { readonly type?: string; readonly status?: string }[];
}

function isReady({ status }: KubeObject): boolean {
  const { conditions = [] } = (status ?? {}) as PodStatus;
  return conditions.some((condition) => condition.type === "Ready" && condition.status === "True");
}

function keyOf(pod: KubeObject): string {
  return feedKeyOfPod(pod) ?? "";
}
