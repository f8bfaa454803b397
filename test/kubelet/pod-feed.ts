/**
 * All Pods of the cluster as they are now: a list, then a watch, and the list again whenever the watch ends, for whatever
 * reason. The test's own loop, not the reflector of src/adapters/kubernetes, which it helps to test.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { KubeClient } from "../kube-client.ts";
import type { Pod } from "./pod.ts";

const PODS = "/api/v1/pods";
const RELIST_PAUSE = 300;

export interface PodListener {
  /** A Pod that is new or has changed; or any, where it comes from a list. */
  seen(pod: Pod, listed: boolean): void;
  gone(uid: string): void;
}

/** Runs until the signal. */
export async function followPods(client: KubeClient, signal: AbortSignal, listener: PodListener): Promise<void> {
  const known = new Set<string>();
  while (!signal.aborted) {
    try {
      await listAndWatch(client, signal, known, listener);
    } catch {
      // The server is away or said that the version is too old: both end in a new list.
    }
    await delay(RELIST_PAUSE, undefined, { signal }).catch(() => undefined);
  }
}

async function listAndWatch(
  client: KubeClient,
  signal: AbortSignal,
  known: Set<string>,
  listener: PodListener,
): Promise<void> {
  const { metadata, items } = await client.list<Pod>(PODS);
  const listed = new Set(items.map((pod) => pod.metadata.uid));
  for (const uid of known) {
    if (listed.has(uid)) continue;
    known.delete(uid);
    listener.gone(uid);
  }
  for (const pod of items) {
    known.add(pod.metadata.uid);
    listener.seen(pod, true);
  }
  const events = client.watch<Pod>(`${PODS}?timeoutSeconds=300`, metadata.resourceVersion, signal);
  for await (const { type, object } of events) {
    if (type === "ERROR") return;
    if (type === "BOOKMARK") continue;
    const { uid } = object.metadata;
    if (type === "DELETED") {
      known.delete(uid);
      listener.gone(uid);
    } else {
      known.add(uid);
      listener.seen(object, false);
    }
  }
}
