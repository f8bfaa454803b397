import type { KubeObject } from "../api/kube-object.ts";
import { durationMs } from "../api/duration.ts";
import { pollingSchema } from "../api/polling-spec.ts";
import { PROVIDER_TYPES } from "../api/provider-spec.ts";
import type { MarketState } from "../api/status.ts";
import { PROVIDER_LIMITS } from "../quotes/provider-limits.ts";
import { recordsOf } from "./jobs/survey.ts";
import { onceEach } from "./once-each.ts";
import { type FeedStatus, statusIn } from "./status.ts";

/** How a feed is, in one word: by its conditions, but where it is being deleted or nobody has looked at it yet. */
export type FeedState = "New" | "Ready" | "Suspended" | "Reconciling" | "Stalled" | "Deleting";

/** A feed, as `namespace/name`, and how it is. */
export interface CountedFeed {
  readonly feed: string;
  readonly state: FeedState;
  /** Seconds between two of its slots, as its spec says; undefined where that can't be read, or the feed is being deleted. */
  readonly intervalSeconds?: number;
  /** Whether its pollers are Jobs that ask over the network: they leave how long the provider took, in their summaries. */
  readonly timesRequests?: true;
  /**
   * Undefined where nobody looks: of a feed that is suspended, is being deleted, or can't be read. Also where its pollers
   * run without end: they know better, and tell it themselves.
   */
  readonly market?: MarketState;
  /**
   * Dataflow jobs in a row that failed, of each window that has some and for which none runs now; none of a feed that wants
   * no jobs.
   */
  readonly jobFailures: readonly { readonly resolution: string; readonly count: number }[];
}

/** Each feed, as its status says how it is. */
export function feedCensus(feeds: readonly KubeObject[]): CountedFeed[] {
  return feeds.map(counted);
}

const counted = onceEach((object): CountedFeed => {
  const { name, namespace = "" } = object.metadata;
  const status = statusIn(object);
  const state = stateOf(object, status);
  const { market, jobFailures } = state === "Suspended" || state === "Deleting" ? NOTHING : partsOf(object, status);
  const intervalSeconds = state === "Deleting" ? undefined : intervalOf(object);
  return {
    feed: `${namespace}/${name}`,
    state,
    ...(intervalSeconds !== undefined && { intervalSeconds }),
    ...(state !== "Deleting" && timesRequests(object) && { timesRequests: true }),
    ...(market && { market }),
    jobFailures,
  };
});

function intervalOf({ spec }: KubeObject): number | undefined {
  const { polling } = (spec ?? {}) as { readonly polling?: { readonly interval?: unknown } };
  const { data } = pollingSchema.shape.interval.safeParse(polling?.interval);
  return data === undefined ? undefined : durationMs(data) / 1000;
}

function timesRequests({ spec }: KubeObject): boolean {
  const { provider, polling } = (spec ?? {}) as {
    readonly provider?: { readonly type?: unknown };
    readonly polling?: { readonly workload?: unknown };
  };
  const type = PROVIDER_TYPES.find((each) => each === provider?.type);
  return type !== undefined && PROVIDER_LIMITS[type].symbolsPerCall < Infinity && polling?.workload !== "Deployment";
}

const NOTHING: Pick<CountedFeed, "market" | "jobFailures"> = { jobFailures: [] };

function partsOf({ spec }: KubeObject, status: FeedStatus): Pick<CountedFeed, "market" | "jobFailures"> {
  const { conditions, marketState: market } = status;
  // What was said of the market before the spec became one that can't be read is not looked at again.
  const { polling } = (spec ?? {}) as { readonly polling?: { readonly workload?: string } };
  const isRead = !conditions.some(({ type, reason }) => type === "Ready" && reason === "InvalidSpec");
  // Failures are remembered until a job has run for long enough; while one runs, nobody has to look.
  const jobFailures = recordsOf(status).flatMap(({ window: resolution, failures, state }) =>
    failures !== undefined && failures.count > 0 && state !== "Running" ? [{ resolution, count: failures.count }] : [],
  );
  return { ...(isRead && polling?.workload !== "Deployment" && market && { market }), jobFailures };
}

function stateOf(object: KubeObject, { conditions }: FeedStatus): FeedState {
  if (object.metadata.deletionTimestamp !== undefined) return "Deleting";
  const holds = (type: string) => conditions.some((each) => each.type === type && each.status === "True");
  if (holds("Stalled")) return "Stalled";
  const ready = conditions.find(({ type }) => type === "Ready");
  if (ready === undefined) return "New";
  if (ready.status !== "True") return "Reconciling";
  return ready.reason === "Suspended" ? "Suspended" : "Ready";
}
