import { admission, shareAccount } from "../../plan/provider-admission.ts";
import { PROVIDER_LIMITS } from "../../quotes/provider-limits.ts";
import { byAge } from "../by-age.ts";
import { done, type Outcome, stalled } from "../outcome.ts";
import type { Step } from "../run.ts";

/**
 * Whether the provider allows the feed's calls beside those of the older feeds on the same Secret: the oldest run, and
 * those that no longer fit stall, so that nobody meets a storm of 429s. Suspended feeds make no calls. The feeds of an
 * account wake each other when one changes or goes.
 */
export const keepToQuota: Step = {
  name: "keep-to-quota",
  part: "PollingReady",
  otherwise: "hold-poller",
  run({ feed, object, memory, ports }): Outcome {
    if (feed.spec.suspend || PROVIDER_LIMITS[feed.spec.provider.type].calls === undefined) return done;
    const { namespace = "" } = object.metadata;
    const sharing = ports.cluster
      .list("StockFeed", { namespace })
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .sort(byAge)
      .flatMap((other) => {
        const read = memory.feeds.read(other);
        return read.ok && !read.feed.spec.suspend && shareAccount(feed, read.feed) ? [read.feed] : [];
      });
    const answer = admission(feed, sharing);
    return answer.fits ? done : stalled("ProviderQuotaExceeded", answer.message);
  },
};
