import type { KubeObject } from "../api/kube-object.ts";
import { feedLabel } from "../plan/names.ts";
import { FEED_LABEL } from "./kube-ownership.ts";

/** What a feed is known by in books of what its Pods say: its namespace, and the label that its Pods have of it. */
export function feedKey({ metadata }: Parameters<typeof feedLabel>[0]): string {
  return `${metadata.namespace}/${feedLabel({ metadata })}`;
}

/** The key of the feed that a Pod is of; undefined of a Pod of no feed. */
export function feedKeyOfPod({ metadata: { namespace = "", labels = {} } }: KubeObject): string | undefined {
  const label = labels[FEED_LABEL];
  return label === undefined ? undefined : `${namespace}/${label}`;
}

/** Whether a Pod is of the feed, `namespace/name`, that its summary names; one that names another's is nobody's. */
export function isPodOf(pod: KubeObject, feed: string): boolean {
  const [namespace = "", ...rest] = feed.split("/");
  return feedKey({ metadata: { namespace, name: rest.join("/") } }) === feedKeyOfPod(pod);
}
