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
export class CacheMirror {
  readonly #options: CacheMirrorOptions;
  #position: string | undefined;
  /** The position before the list under way. */
  #before: string | undefined;
  #complete = false;
  #seen = new Set<string>();
  /** Keys that `observe` took in since the list began, which may be newer than the list. */
  #ahead = new Set<string>();

  constructor(options: CacheMirrorOptions) {
    this.#options = options;
  }

  /** Up to which version the cache is like the server's; undefined while it is not sure, and so has to be listed. */
  get position(): string | undefined {
    return this.#position;
  }

  /** Whether a first list is whole. From then on the cache may be behind, but never half. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Nothing is sure any more: begins a list. */
  begin(): void {
    this.#before = this.#position ?? this.#before;
    this.#position = undefined;
    this.#seen = new Set();
    this.#ahead = new Set();
  }

  /** Takes in a page; the last one ends the list and gives the position. */
  page({ items, metadata }: ListPage): void {
    for (const object of items) {
      const key = keyOf(object);
      this.#seen.add(key);
      if (!(this.#ahead.has(key) && isOutdated(object, this.#cached(object)))) this.#put(object);
    }
    if (metadata.continue) return;
    const { store } = this.#options;
    for (const object of store.list()) {
      const key = keyOf(object);
      // What was written after the moment of the list is not in it; what was written before, and is not, was deleted.
      const isLater = this.#ahead.has(key) && isNewer(object.metadata.resourceVersion, metadata.resourceVersion);
      if (!this.#seen.has(key) && !isLater) this.#tell(store.remove(key));
    }
    this.#position = metadata.resourceVersion;
    this.#complete = true;
    this.#seen = new Set();
  }

  /** Takes in an event; false when it is older than the position, as after the server's store was set back. */
  event({ type, object }: WatchEvent): boolean {
    const version = object.metadata.resourceVersion;
    if (isNewer(this.#position, version)) return false;
    if (type !== "BOOKMARK") {
      const cached = this.#cached(object);
      const isCurrent = !isOutdated(object, cached);
      if (type !== "DELETED") {
        if (isCurrent) this.#put(object);
      } else if (isCurrent || cached?.metadata.uid === object.metadata.uid) {
        this.#tell(this.#options.store.remove(keyOf(object)));
      }
    }
    this.#position = version ?? this.#position;
    return true;
  }

  /**
   * Takes in what the server answered to a write, so that who wrote reads it at once.
   * @param belongs whether the collection has the object for certain; else one that is not in the cache stays out of it
   */
  observe(object: KubeObject, belongs: boolean): void {
    const version = object.metadata.resourceVersion;
    const cached = this.#cached(object);
    if (cached === undefined ? !belongs : !isNewer(version, cached.metadata.resourceVersion)) return;
    // What the watch has told up to its position is newer than an answer from before it, be it a deletion.
    const position = this.#position ?? this.#before;
    if (position !== undefined && !isNewer(version, position)) return;
    if (this.#position === undefined) this.#ahead.add(keyOf(object));
    this.#put(object);
  }

  /** Takes out an object that a deletion of ours has ended; another of its name stays. */
  forget(namespace: string, name: string, uid: string): void {
    const { store } = this.#options;
    const cached = store.get(namespace, name);
    if (cached?.metadata.uid === uid) this.#tell(store.remove(keyOf(cached)));
  }

  #cached({ metadata }: KubeObject): KubeObject | undefined {
    return this.#options.store.get(metadata.namespace ?? "", metadata.name);
  }

  #put(object: KubeObject): void {
    this.#tell(this.#options.store.put(this.#options.compact(object)));
  }

  #tell(change: ObjectChange | undefined): void {
    if (change) this.#options.onChange(change, !this.#complete);
  }
}
