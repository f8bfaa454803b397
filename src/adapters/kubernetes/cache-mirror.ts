import type { KubeObject } from "../../api/kube-object.ts";
import { isOutdated, keyOf, type ObjectChange, type ObjectStore } from "./object-store.ts";
import { isNewer } from "./resource-version.ts";
import type { ListPage, WatchEvent } from "./watch-format.ts";

export interface CacheMirrorOptions {
  readonly store: ObjectStore;
  /** Reduces an object to what is to be kept; called at once for each that arrives. */
  readonly compact: (object: KubeObject) => KubeObject;
  /** Told of each change of the cache, in order; `initial` are those of the first list. */
  readonly onChange: (change: ObjectChange, initial: boolean) => void;
}

/**
 * Makes a cache like a collection of the server's, from pages of a list, events of a watch, and answers to writes.
 *
 * Guarantees: after a whole list and all events up to a resource version, the cache is what the server had at that
 * version, or newer where a write of ours was answered. A write's answer never brings back what a deletion has taken,
 * and never replaces something newer. What differs at the end of a list is told like what a watch tells.
 * Assumptions: events come in the order of their versions, as the server promises.
 */
export interface CacheMirror {
  /** Up to which version the cache is like the server's; undefined while it is not sure, and so has to be listed. */
  readonly position: string | undefined;
  /** Whether a first list is whole. From then on the cache may be behind, but never half. */
  readonly complete: boolean;
  /** Nothing is sure any more: begins a list. */
  begin(): void;
  /** Takes in a page; the last one ends the list and gives the position. */
  page(page: ListPage): void;
  /** Takes in an event; false when it is older than the position, as after the server's store was set back. */
  event(event: WatchEvent): boolean;
  /**
   * Takes in what the server answered to a write, so that who wrote reads it at once.
   * @param created whether the write made the object; one that was there, yet not in the cache, stays out of it
   */
  observe(object: KubeObject, created: boolean): void;
  /** Takes out an object that a deletion of ours has ended; another of its name stays. */
  forget(namespace: string, name: string, uid: string): void;
}

export function cacheMirror({ store, compact, onChange }: CacheMirrorOptions): CacheMirror {
  let position: string | undefined;
  let complete = false;
  let seen = new Set<string>();
  /** Keys that `observe` took in since the list began, which may be newer than the list. */
  let ahead = new Set<string>();

  const tell = (change: ObjectChange | undefined) => {
    if (change) onChange(change, !complete);
  };
  const cachedOf = ({ metadata }: KubeObject) => store.get(metadata.namespace ?? "", metadata.name);

  return {
    get position() {
      return position;
    },
    get complete() {
      return complete;
    },
    begin: () => {
      position = undefined;
      seen = new Set();
      ahead = new Set();
    },
    page: ({ items, metadata }) => {
      for (const object of items) {
        const key = keyOf(object);
        seen.add(key);
        if (!(ahead.has(key) && isOutdated(object, cachedOf(object)))) tell(store.put(compact(object)));
      }
      if (metadata.continue) return;
      for (const key of [...store.keys()]) if (!seen.has(key) && !ahead.has(key)) tell(store.remove(key));
      position = metadata.resourceVersion;
      complete = true;
      seen = new Set();
    },
    event: ({ type, object }) => {
      const version = object.metadata.resourceVersion;
      if (isNewer(position, version)) return false;
      if (type !== "BOOKMARK") {
        const cached = cachedOf(object);
        if (type === "DELETED") {
          const same = cached?.metadata.uid === object.metadata.uid;
          if (same || !isOutdated(object, cached)) tell(store.remove(keyOf(object)));
        } else if (!isOutdated(object, cached)) tell(store.put(compact(object)));
      }
      position = version ?? position;
      return true;
    },
    observe: (object, created) => {
      const version = object.metadata.resourceVersion;
      const cached = cachedOf(object);
      if (cached === undefined ? !created : !isNewer(version, cached.metadata.resourceVersion)) return;
      // What the watch has told up to its position is newer than an answer from before it, be it a deletion.
      if (position !== undefined && !isNewer(version, position)) return;
      if (position === undefined) ahead.add(keyOf(object));
      tell(store.put(compact(object)));
    },
    forget: (namespace, name, uid) => {
      const cached = store.get(namespace, name);
      if (cached?.metadata.uid === uid) tell(store.remove(keyOf(cached)));
    },
  };
}
