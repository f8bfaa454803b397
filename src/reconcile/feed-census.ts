import type { KubeObject } from "../api/kube-object.ts";
import { statusIn } from "./status.ts";

/** How a feed is, in one word: by its conditions, but where it is being deleted or nobody has looked at it yet. */
export type FeedState = "New" | "Ready" | "Suspended" | "Reconciling" | "Stalled" | "Deleting";

/** A feed, as `namespace/name`, and how it is. */
export interface CountedFeed {
  readonly feed: string;
  readonly state: FeedState;
}

/** Each feed and its state, as its status says it. */
export function feedCensus(feeds: readonly KubeObject[]): CountedFeed[] {
  return feeds.map((object) => {
    const { name, namespace = "" } = object.metadata;
    return { feed: `${namespace}/${name}`, state: stateOf(object) };
  });
}

function stateOf(object: KubeObject): FeedState {
  if (object.metadata.deletionTimestamp !== undefined) return "Deleting";
  const { conditions } = statusIn(object);
  const holds = (type: string) => conditions.some((each) => each.type === type && each.status === "True");
  if (holds("Stalled")) return "Stalled";
  const ready = conditions.find(({ type }) => type === "Ready");
  if (ready === undefined) return "New";
  if (ready.status !== "True") return "Reconciling";
  return ready.reason === "Suspended" ? "Suspended" : "Ready";
}
