import type { KubeObject } from "../api/kube-object.ts";

/**
 * What a function makes of an object, made once as long as the object stands: the caches never change one in place, and
 * a scrape that reads every feed's status anew would hold up ten thousand feeds' reconciles for a tenth of a second.
 */
export function onceEach<T>(make: (object: KubeObject) => T): (object: KubeObject) => T {
  const made = new WeakMap<KubeObject, { readonly value: T }>();
  return (object) => {
    const known = made.get(object);
    if (known) return known.value;
    const value = make(object);
    made.set(object, { value });
    return value;
  };
}
