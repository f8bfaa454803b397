import { durationMs, formatDuration } from "../api/duration.ts";
import { intervalOfAtLeast } from "../api/polling-spec.ts";
import type { ProviderType } from "../api/provider-spec.ts";
import { feedName, type StockFeed, type StockFeedSpec } from "../api/stockfeed.ts";
import { PROVIDER_LIMITS } from "../quotes/provider-limits.ts";

/** Calls that a feed makes of its provider, retries not counted. */
export interface ProviderCalls {
  readonly perSlot: number;
  readonly perMinute: number;
}

/** What the feeds that share a provider's account use of its free limit. */
export interface QuotaUse {
  readonly provider: ProviderType;
  /** `namespace/name` of the Secret that they share. */
  readonly secret: string;
  readonly feeds: readonly string[];
  /** Calls in `perMs`, and how many the free plan allows. */
  readonly used: number;
  readonly calls: number;
  readonly perMs: number;
  /** What to do, where they use all of it or more. */
  readonly warning?: string;
}

const MINUTE_MS = 60_000;

/** The calls of one feed: each shard asks for its share of the symbols, in as few calls as the provider takes. */
export function providerCalls(spec: StockFeedSpec): ProviderCalls {
  const { symbolsPerCall } = PROVIDER_LIMITS[spec.provider.type];
  const { shards, interval } = spec.polling;
  let perSlot = 0;
  for (let shard = 0; shard < shards; shard++) {
    const share = Math.floor((spec.symbols.length + shard) / shards);
    perSlot += Math.ceil(share / symbolsPerCall);
  }
  return { perSlot, perMinute: (perSlot * MINUTE_MS) / durationMs(interval) };
}

/** The use of each account with a known limit, over the feeds that share its Secret. */
export function quotaUses(feeds: readonly StockFeed[]): QuotaUse[] {
  const accounts = Map.groupBy(feeds.filter(hasLimit), (feed) => `${feed.spec.provider.type} ${secretOf(feed)}`);
  return [...accounts.values()].flatMap((sharing) => {
    const [first] = sharing;
    if (first === undefined) return [];
    const provider = first.spec.provider.type;
    const { calls = Infinity, perMs = MINUTE_MS } = PROVIDER_LIMITS[provider];
    const used = sharing.reduce((sum, { spec }) => sum + (providerCalls(spec).perMinute * perMs) / MINUTE_MS, 0);
    const use = { provider, secret: secretOf(first), feeds: sharing.map(feedName), used, calls, perMs };
    const warning = quotaWarning(use, sharing);
    return warning === undefined ? use : { ...use, warning };
  });
}

function hasLimit({ spec }: StockFeed): boolean {
  return PROVIDER_LIMITS[spec.provider.type].calls !== undefined;
}

/** `namespace/name` of the Secret with a feed's keys. */
export function secretOf({ metadata, spec }: StockFeed): string {
  const reference = "credentialsSecretRef" in spec.provider ? spec.provider.credentialsSecretRef : undefined;
  return `${metadata.namespace}/${reference?.name ?? ""}`;
}

function quotaWarning(use: Omit<QuotaUse, "warning">, sharing: readonly StockFeed[]): string | undefined {
  const { provider, used, calls, perMs, feeds, secret } = use;
  if (used < calls) return undefined;
  const whose = feeds.length === 1 ? (feeds[0] ?? "") : `${feeds.join(", ")} (Secret ${secret})`;
  const measure = `${amount(used)} calls ${perText(perMs)} of ${provider}; its free plan allows ${amount(calls)}`;
  if (used === calls) return `${whose}: ${measure}, which leaves none for a retry.`;
  return `${whose}: ${measure}. ${mend(sharing, calls, perMs)}`;
}

/** What would fit: figures for a feed alone, words for several. */
function mend(sharing: readonly StockFeed[], calls: number, perMs: number): string {
  const [feed, ...others] = sharing;
  if (feed === undefined || others.length > 0)
    return "Poll less often, take fewer symbols, or give each its own account.";
  const { symbolsPerCall } = PROVIDER_LIMITS[feed.spec.provider.type];
  const interval = intervalOfAtLeast((providerCalls(feed.spec).perSlot * perMs) / calls);
  const symbols = Math.floor((calls * durationMs(feed.spec.polling.interval)) / perMs) * symbolsPerCall;
  const fewer = symbols > 0 ? `, take at most ${amount(symbols)} symbols` : "";
  return `Poll every ${formatDuration(interval)}${fewer}, or use a paid plan.`;
}

/** A span as the end of a rate.
 * @example perText(60_000) === "a minute"
 */
export function perText(ms: number): string {
  return ms === MINUTE_MS ? "a minute" : ms === 60 * MINUTE_MS ? "an hour" : `each ${formatDuration(ms)}`;
}

/** A number of calls as people read it. */
export function amount(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}
