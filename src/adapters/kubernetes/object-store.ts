import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "../../api/kube-object.ts";
import { isNewer } from "./resource-version.ts";

/** What became of an object in the cache. */
export type ObjectChange =
  | { readonly type: "added"; readonly object: KubeObject }
  | { readonly type: "changed"; readonly object: KubeObject; readonly previous: KubeObject }
  | { readonly type: "deleted"; readonly object: KubeObject };

/** Which objects: of a namespace and with labels, where those are given. */
export interface ObjectFilter {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** The cached objects of one kind in one scope. */
export interface ObjectStore {
  get(namespace: string, name: string): KubeObject | undefined;
  list(filter?: ObjectFilter): readonly KubeObject[];
  /** Takes the object in; undefined where nothing but its resource version differs from what was there. */
  put(object: KubeObject): ObjectChange | undefined;
  remove(key: string): ObjectChange | undefined;
}

/** `namespace/name`, which tells the objects of a kind apart. */
export function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

/**
 * A Map of objects with an index by namespace, and by one label within the namespace: finding a feed's children costs
 * the same among ten thousand feeds as among two. An object is never changed in place: what `get` gave stays as it was.
 */
export function objectStore(indexLabel: string): ObjectStore {
  const objects = new Map<string, KubeObject>();
  const index = new Map<string, Set<string>>();

  const placesOf = ({ metadata }: KubeObject) => {
    const namespace = metadata.namespace ?? "";
    const value = metadata.labels?.[indexLabel];
    return value === undefined ? [namespace] : [namespace, `${namespace}/${value}`];
  };
  const link = (key: string, object: KubeObject) => {
    for (const place of placesOf(object)) {
      const keys = index.get(place);
      if (keys) keys.add(key);
      else index.set(place, new Set([key]));
    }
  };
  const unlink = (key: string, object: KubeObject) => {
    for (const place of placesOf(object)) {
      const keys = index.get(place);
      keys?.delete(key);
      if (keys?.size === 0) index.delete(place);
    }
  };
  const candidates = ({ namespace, labels }: ObjectFilter): Iterable<KubeObject> => {
    if (namespace === undefined) return objects.values();
    const value = labels?.[indexLabel];
    const keys = index.get(value === undefined ? namespace : `${namespace}/${value}`) ?? [];
    return Array.from(keys, (key) => objects.get(key)).filter((object) => object !== undefined);
  };

  return {
    get: (namespace, name) => objects.get(`${namespace}/${name}`),
    list: (filter = {}) => {
      const wanted = Object.entries(filter.labels ?? {});
      return [...candidates(filter)].filter((object) =>
        wanted.every(([name, value]) => object.metadata.labels?.[name] === value),
      );
    },
    put: (object) => {
      const key = keyOf(object);
      const previous = objects.get(key);
      objects.set(key, object);
      if (previous) unlink(key, previous);
      link(key, object);
      if (previous === undefined) return { type: "added", object };
      return alikeBesideVersion(previous, object) ? undefined : { type: "changed", object, previous };
    },
    remove: (key) => {
      const object = objects.get(key);
      if (object === undefined) return undefined;
      objects.delete(key);
      unlink(key, object);
      return { type: "deleted", object };
    },
  };
}

/** Whether `object` tells something older than what the cache has of the same object. */
export function isOutdated(object: KubeObject, cached: KubeObject | undefined): boolean {
  return isNewer(cached?.metadata.resourceVersion, object.metadata.resourceVersion);
}

/** Compared whole: where a server's store was set back, one version may stand for two states. */
function alikeBesideVersion(one: KubeObject, other: KubeObject): boolean {
  const rest = (object: KubeObject) => ({ ...object, metadata: { ...object.metadata, resourceVersion: undefined } });
  return isDeepStrictEqual(rest(one), rest(other));
}
