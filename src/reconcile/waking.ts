import type { KubeObject } from "../api/kube-object.ts";
import type { Cluster, WatchedKind } from "../controller-ports.ts";
import { COMPONENT_LABEL } from "./kube-ownership.ts";
import type { PollerBook } from "./poller-book.ts";
import { troubleOfPod } from "./workload-health.ts";

/** A change of the cluster's caches. */
export interface ClusterChange {
  readonly kind: WatchedKind;
  readonly change: {
    readonly type: "added" | "changed" | "deleted";
    readonly object: KubeObject;
    readonly previous?: KubeObject;
  };
  /** `namespace/name` of the feed that it concerns, where the object itself tells. */
  readonly feed?: string;
  /** Whether it was there when the process started. */
  readonly initial: boolean;
}

interface WakingOptions {
  readonly cluster: Pick<Cluster, "get">;
  readonly pollers: PollerBook;
}

/**
 * Which feeds a change wakes. Most changes of a cluster with minutely Jobs say nothing new of any feed, so a Pod wakes
 * its feed only when there is something else to say, or when a feed that is deleted waits for its end.
 */
export class Waking {
  readonly #options: WakingOptions;
  /** Feeds by the Secret that they name, `namespace/name` each. */
  readonly #bySecret = new Map<string, Set<string>>();

  constructor(options: WakingOptions) {
    this.#options = options;
  }

  /** Keys of the feeds to look at; the change is taken note of. */
  feedsOf(event: ClusterChange): readonly string[] {
    switch (event.kind) {
      case "StockFeed":
        return this.#ofFeed(event);
      case "Secret":
        return [...(this.#bySecret.get(keyOf(event.change.object)) ?? [])];
      case "Pod":
        return event.feed !== undefined && this.#tellsOfPod(event) ? [event.feed] : [];
      case "CronJob":
      case "Deployment":
      case "StatefulSet":
        return event.feed === undefined ? [] : [event.feed];
    }
  }

  /** The feed itself, and those that share its Secret: what one of them calls, the others can't. */
  #ofFeed({ change, initial }: ClusterChange): string[] {
    const { type, object, previous } = change;
    const key = keyOf(object);
    const [before, now] = [previous && secretOf(previous), type === "deleted" ? undefined : secretOf(object)];
    const gone = type === "deleted" ? secretOf(object) : before === now ? undefined : before;
    if (gone !== undefined) this.#bySecret.get(gone)?.delete(key);
    if (now !== undefined) this.#bySecret.set(now, (this.#bySecret.get(now) ?? new Set()).add(key));
    if (initial) return [key]; // the others are there from the start too
    const sharing = [gone, now].flatMap((secret) => [...(this.#bySecret.get(secret ?? "") ?? [])]);
    return [...new Set([key, ...sharing])];
  }

  #tellsOfPod({ change, initial, feed = "" }: ClusterChange): boolean {
    const { type, object, previous } = change;
    const { pollers, cluster } = this.#options;
    const [namespace = "", name = ""] = feed.split("/");
    const owner = cluster.get({ kind: "StockFeed", namespace, name });
    const isPoller = object.metadata.labels?.[COMPONENT_LABEL] === "poller";
    // A poller may outlive its feed by its minute; counted then, it would bring back counters that went with the feed.
    const isCounted = isPoller && (owner !== undefined || initial);
    const saysOtherwise = () => sayOf(object) !== (previous && sayOf(previous));
    const news = isPoller ? isCounted && pollers.observe(object) : saysOtherwise();
    if (type !== "deleted") return news;
    pollers.forgetPod(object.metadata.uid ?? "");
    return news || owner?.metadata.deletionTimestamp !== undefined;
  }
}

function sayOf(pod: KubeObject): string | undefined {
  return troubleOfPod(pod)?.reason;
}

function keyOf({ metadata: { name, namespace = "" } }: KubeObject): string {
  return `${namespace}/${name}`;
}

function secretOf({ metadata: { namespace = "" }, spec }: KubeObject): string | undefined {
  const { provider } = (spec ?? {}) as {
    readonly provider?: { readonly credentialsSecretRef?: { readonly name?: unknown } };
  };
  const name = provider?.credentialsSecretRef?.name;
  return typeof name === "string" ? `${namespace}/${name}` : undefined;
}
