import type { KubeObject } from "../../api/kube-object.ts";
import { feedLabel } from "../../plan/names.ts";

/** Label of a feed's children and their Pods, made of the feed's name. */
export const FEED_LABEL = "stockfeed.dev/feed";

/**
 * Tells which feed an object concerns, as `namespace/name`: a child by its controller, a Pod by its label. A label is
 * not always the name: of long ones it is a hash, which only the feeds themselves can resolve.
 */
export class FeedKeys {
  readonly #byLabel = new Map<string, string>();

  /** Takes note of a feed. It is not forgotten: its last children are told of after it is gone. */
  learn({ metadata: { name, namespace = "" } }: KubeObject): void {
    const label = feedLabel({ metadata: { name, namespace } });
    if (label !== name) this.#byLabel.set(`${namespace}/${label}`, `${namespace}/${name}`);
  }

  /** Undefined for what is no feed's, such as a Secret. */
  feedOf({ kind, metadata }: KubeObject): string | undefined {
    const { name, namespace = "", labels, ownerReferences } = metadata;
    if (kind === "StockFeed") return `${namespace}/${name}`;
    const owner = ownerReferences?.find((reference) => reference.kind === "StockFeed");
    if (owner !== undefined) return `${namespace}/${owner.name}`;
    const label = labels?.[FEED_LABEL];
    return label === undefined ? undefined : (this.#byLabel.get(`${namespace}/${label}`) ?? `${namespace}/${label}`);
  }
}
