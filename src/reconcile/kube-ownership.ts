import type { KubeObject, OwnerReference } from "../api/kube-object.ts";
import { API_VERSION, KIND } from "../api/stockfeed.ts";

/** Label of every object that StockFeed makes. */
const MANAGED_BY = "app.kubernetes.io/managed-by";
/** Label with the feed's name, of every object that is made for it. */
export const FEED_LABEL = "stockfeed.dev/feed";
/** Label that tells pollers from streams. */
export const COMPONENT_LABEL = "app.kubernetes.io/component";

/** What runs Pods of a feed. */
export type Component = "poller" | "stream";

/** Whose an object in a feed's namespace is. */
export type Ownership =
  | { readonly kind: "ours" }
  /** Of a feed of the same name that is gone: garbage that is about to be collected. */
  | { readonly kind: "leftover" }
  | { readonly kind: "foreign"; readonly owner: string };

/** The reference by which a feed owns its children, so that they go with it. */
export function ownerReference(feed: KubeObject): OwnerReference {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    name: feed.metadata.name,
    uid: feed.metadata.uid ?? "",
    controller: true,
    blockOwnerDeletion: true,
  };
}

/**
 * Whose an object is: the feed's where it controls it, or where nobody does and the labels name the feed (as after a
 * deletion that left the children).
 * @param label the feed's value of FEED_LABEL
 */
export function ownershipOf(object: KubeObject, feed: KubeObject, label: string): Ownership {
  const { labels = {}, ownerReferences = [] } = object.metadata;
  const controller = ownerReferences.find((owner) => owner.controller === true);
  if (controller === undefined) {
    const named = labels[MANAGED_BY] === "stockfeed" && labels[FEED_LABEL] === label;
    return named ? { kind: "ours" } : { kind: "foreign", owner: "was made by somebody else" };
  }
  if (controller.uid === feed.metadata.uid) return { kind: "ours" };
  if (controller.kind === KIND && controller.name === feed.metadata.name) return { kind: "leftover" };
  return { kind: "foreign", owner: `belongs to ${controller.kind} ${controller.name}` };
}
