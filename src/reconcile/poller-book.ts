/**
 * What pollers tell: as they finish, counters by feed, and what is wrong with the polling, if anything; while they run,
 * where they run without end, how the market looks.
 *
 * - Each finished Pod is counted once, by its UID, however often it is seen.
 * - Counters begin at zero with the process, so of the Pods that ended before it began to count only the news is taken:
 *   whoever counted then has them in its own counters. What ends while no operator runs is counted by nobody.
 * - A Pod that ends without a summary, or with one that can't be read, counts as nothing, and whoever made the book is told.
 * - Of a feed's shards each has its own news; the feed is in trouble when one is, and stale when all are.
 */
import type { KubeObject } from "../api/kube-object.ts";
import type { MarketState } from "../api/status.ts";
import type { ControllerTelemetry } from "../controller-ports.ts";
import { type feedLabel, SHARD_LABEL } from "../plan/names.ts";
import type { Telemetry } from "../ports.ts";
import type { PollSummary } from "../quotes/poll-summary.ts";
import type { EpochMs } from "../quotes/quote.ts";
import { feedKey, feedKeyOfPod, isPodOf } from "./feed-key.ts";
import { readPollerPod, type Trouble, troubleIn } from "./finished-poller.ts";
import { COMPONENT_LABEL } from "./kube-ownership.ts";

/** What a feed's pollers said last. */
export interface PollerNews {
  readonly trouble?: Trouble;
  /** Whether prices moved, and at which slot that was seen. */
  readonly market?: { readonly state: "Open" | "Stale"; readonly slot: EpochMs };
}

interface ShardNews extends PollerNews {
  readonly at: EpochMs;
  /** Failures in a row without a summary; the first may be a node's. */
  readonly failures: number;
}

interface PollerBookOptions {
  readonly telemetry: Pick<Telemetry, "countQuotes" | "countPolledSlots" | "countMissedSlots"> &
    Pick<ControllerTelemetry, "countPublishedQuotes" | "countSymbolFailures" | "countProviderRequests">;
  /** A poller ended without a summary that could be read. */
  readonly onUnreadable?: (pod: KubeObject) => void;
}

/** Failed Pods in a row that are trouble. */
const IN_A_ROW = 2;

export class PollerBook {
  readonly #options: PollerBookOptions;
  readonly #counted = new Set<string>();
  readonly #news = new Map<string, Map<string, ShardNews>>();
  #countFrom: EpochMs = Infinity;
  /** Whether all pollers that run without end have been asked since this process began to lead. */
  askedOnce = false;

  constructor(options: PollerBookOptions) {
    this.#options = options;
  }

  /** Counts the Pods that end from now on: called when this process begins to lead. */
  countFrom(time: EpochMs): void {
    this.#countFrom = time;
  }

  /**
   * Takes in a Pod as the cache has it now.
   * @returns whether what there is to say of its feed has changed
   */
  observe(pod: KubeObject): boolean {
    const key = pollerKeyOf(pod);
    if (key === undefined) return false;
    const state = readPollerPod(pod);
    if (state.kind === "under-way") return false;
    const shards = this.#shardsOf(key);
    const shard = shardOf(pod);
    const before = shards.get(shard);
    if (state.kind === "finished") this.#count(pod, state);
    const next = newsAfter(before, state);
    shards.set(shard, next);
    return next.trouble?.reason !== before?.trouble?.reason || next.market?.state !== before?.market?.state;
  }

  /**
   * Takes in what a poller says that runs without end: of it, how the market looks alone.
   * @returns whether that has changed
   */
  hear(pod: KubeObject, { feed, marketState, lastSlot }: PollSummary): boolean {
    const key = pollerKeyOf(pod);
    if (key === undefined || !isPodOf(pod, feed)) return false;
    const market = marketIn(marketState, lastSlot);
    if (market === undefined) return false;
    const shards = this.#shardsOf(key);
    const shard = shardOf(pod);
    const before = shards.get(shard);
    shards.set(shard, { at: -Infinity, failures: 0, ...before, market });
    return before?.market?.state !== market.state;
  }

  /** Forgets a Pod that is gone, once it can't be seen again. */
  forgetPod(uid: string): void {
    this.#counted.delete(uid);
  }

  /** @param shards how many the feed has; news of others is of the past */
  newsOf(feed: Parameters<typeof feedLabel>[0], shards: number): PollerNews {
    const all = [...(this.#news.get(feedKey(feed)) ?? [])].filter(([shard]) => Number(shard) < shards);
    const trouble = all.map(([, news]) => news.trouble).find((each) => each !== undefined);
    const markets = all.flatMap(([, { market }]) => (market === undefined ? [] : [market]));
    const market = markets.find(({ state }) => state === "Open") ?? markets[0];
    return { ...(trouble && { trouble }), ...(market && { market }) };
  }

  /** Forgets a feed that is gone. */
  forgetFeed(feed: Parameters<typeof feedLabel>[0]): void {
    this.#news.delete(feedKey(feed));
  }

  #shardsOf(key: string): Map<string, ShardNews> {
    const shards = this.#news.get(key) ?? new Map<string, ShardNews>();
    this.#news.set(key, shards);
    return shards;
  }

  #count(pod: KubeObject, { finishedAt, summary }: { finishedAt: EpochMs; summary?: PollSummary }): void {
    const { uid = "" } = pod.metadata;
    if (this.#counted.has(uid)) return;
    this.#counted.add(uid);
    if (summary === undefined || !isPodOf(pod, summary.feed)) {
      this.#options.onUnreadable?.(pod);
      return;
    }
    if (finishedAt < this.#countFrom) return;
    this.#add(summary);
  }

  #add({ feed, quotes, staleQuotes, undeliveredQuotes, deadLetters, failures, requests, ...slots }: PollSummary): void {
    const { telemetry } = this.#options;
    telemetry.countPolledSlots(feed, slots.slotsPolled);
    telemetry.countMissedSlots(feed, slots.slotsMissed);
    telemetry.countPublishedQuotes(feed, "published", quotes);
    telemetry.countQuotes(feed, "stale", staleQuotes);
    telemetry.countPublishedQuotes(feed, "undelivered", undeliveredQuotes);
    const dead = Object.values(deadLetters).reduce((sum, each) => sum + each, 0);
    telemetry.countQuotes(feed, "dead_letter", dead);
    for (const [kind, count] of Object.entries(failures)) telemetry.countSymbolFailures(feed, kind, count);
    if (requests !== undefined) telemetry.countProviderRequests(feed, requests);
  }
}

/** News is taken in the order of its time: a relist shows the Pods in any order. */
function newsAfter(
  before: ShardNews | undefined,
  state: Exclude<ReturnType<typeof readPollerPod>, { kind: "under-way" }>,
): ShardNews {
  const last = before ?? { at: -Infinity, failures: 0 };
  if (state.kind === "stuck") return { ...last, trouble: sameTrouble(last.trouble, state.trouble) };
  if (state.finishedAt < last.at) return last;
  const { finishedAt: at, summary, failure } = state;
  const market = last.market && { market: last.market };
  if (summary === undefined || failure !== undefined) {
    const failures = last.failures + 1;
    const trouble = failures < IN_A_ROW ? last.trouble : sameTrouble(last.trouble, failure);
    return { at, failures, ...market, ...(trouble && { trouble }) };
  }
  const trouble = sameTrouble(last.trouble, troubleIn(summary));
  const seen = marketIn(summary.marketState, summary.lastSlot);
  const known = seen === undefined ? market : { market: seen };
  return { at, failures: 0, ...known, ...(trouble && { trouble }) };
}

/** That it is closed is not news: the calendar says so. */
function marketIn(state: MarketState | undefined, slot: EpochMs | undefined): PollerNews["market"] {
  return (state === "Open" || state === "Stale") && slot !== undefined ? { state, slot } : undefined;
}

/** The first words that were found for a trouble stay, so that a condition does not change each minute. */
function sameTrouble(before: Trouble | undefined, now: Trouble): Trouble;
function sameTrouble(before: Trouble | undefined, now: Trouble | undefined): Trouble | undefined;
function sameTrouble(before: Trouble | undefined, now: Trouble | undefined): Trouble | undefined {
  return before !== undefined && before.reason === now?.reason ? before : now;
}

/** The key of the feed that a poller's Pod is of; undefined for every other Pod. */
function pollerKeyOf(pod: KubeObject): string | undefined {
  return pod.metadata.labels?.[COMPONENT_LABEL] === "poller" ? feedKeyOfPod(pod) : undefined;
}

function shardOf({ metadata: { labels = {} } }: KubeObject): string {
  return labels["batch.kubernetes.io/job-completion-index"] ?? labels[SHARD_LABEL] ?? "0";
}
