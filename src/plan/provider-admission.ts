import { feedName, type StockFeed } from "../api/stockfeed.ts";
import { PROVIDER_LIMITS } from "../quotes/provider-limits.ts";
import { amount, perText, providerCalls, secretOf } from "./provider-calls.ts";

/** Whether a feed's calls fit under its provider's limit beside those of older feeds on the same Secret. */
export type Admission = { readonly fits: true } | { readonly fits: false; readonly message: string };

/** Feeds that a message names one by one. */
const NAMED = 3;

/** Whether two feeds make their calls on one account with a limit. */
export function shareAccount(one: StockFeed, other: StockFeed): boolean {
  return (
    PROVIDER_LIMITS[one.spec.provider.type].calls !== undefined &&
    one.spec.provider.type === other.spec.provider.type &&
    secretOf(one) === secretOf(other)
  );
}

/**
 * Whether a feed fits. The feeds of an account are let in one by one in the order given, each where its calls fit
 * beside those that were let in before it; so the outcome depends on the set of feeds and their order alone.
 * @param sharing the feeds that poll on the account, this one among them, the oldest first
 */
export function admission(feed: StockFeed, sharing: readonly StockFeed[]): Admission {
  const { calls, perMs } = PROVIDER_LIMITS[feed.spec.provider.type];
  if (calls === undefined || perMs === undefined) return { fits: true };
  let used = 0;
  const before: string[] = [];
  for (const other of sharing) {
    const need = (providerCalls(other.spec).perMinute * perMs) / 60_000;
    const fits = used + need <= calls;
    if (feedName(other) === feedName(feed)) {
      if (fits) return { fits };
      const limit = `${feed.spec.provider.type} allows ${amount(calls)} calls ${perText(perMs)}`;
      const taken =
        before.length === 0
          ? ""
          : ` beside the ${amount(used)} of ${listed(before)}, older on Secret ${secretOf(feed)}`;
      const mend = "Poll less often, take fewer symbols, or give it an account and Secret of its own.";
      return { fits, message: `${limit}, and this feed needs ${amount(need)}${taken}. ${mend}` };
    }
    if (!fits) continue;
    used += need;
    before.push(feedName(other));
  }
  return { fits: true };
}

function listed(names: readonly string[]): string {
  const more = names.length - NAMED;
  return [...names.slice(0, NAMED), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}
