import type { KubeObject, ObjectRef } from "../../src/api/kube-object.ts";

/** An object as it is, and what was applied to it last: what the API server's managed fields tell. */
interface Stored {
  readonly object: KubeObject;
  readonly applied?: string;
}

const BEGINNING = Date.UTC(2026, 0, 2);

/** Kubernetes objects in memory with the server's own fields: UID, generation, resource version, times. */
export class ObjectTable {
  readonly #stored = new Map<string, Stored>();
  #version = 0;

  get(ref: ObjectRef): KubeObject | undefined {
    return this.#stored.get(keyOf(ref))?.object;
  }

  all(): KubeObject[] {
    return [...this.#stored.values()].map(({ object }) => object);
  }

  /** Makes or replaces an object; a changed spec is a new generation. */
  put(object: KubeObject, applied = this.#stored.get(keyOf(refOf(object)))?.applied): KubeObject {
    const key = keyOf(refOf(object));
    const before = this.get(refOf(object));
    const changed = before === undefined || JSON.stringify(before.spec) !== JSON.stringify(object.spec);
    const version = ++this.#version;
    const whole: KubeObject = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: before?.metadata.uid ?? `uid-${version}`,
        creationTimestamp: before?.metadata.creationTimestamp ?? timeOf(version),
        generation: (before?.metadata.generation ?? 0) + (changed ? 1 : 0),
        resourceVersion: String(version),
      },
    };
    this.#stored.set(key, { object: whole, ...(applied !== undefined && { applied }) });
    return whole;
  }

  /** Server-side apply by one manager: what was applied last and is desired no more goes. */
  apply(desired: KubeObject): "created" | "updated" | "corrected" | "unchanged" {
    const present = this.#stored.get(keyOf(refOf(desired)));
    const applied = JSON.stringify(desired);
    if (present === undefined) {
      this.put(desired, applied);
      return "created";
    }
    const last: unknown = present.applied === undefined ? undefined : JSON.parse(present.applied);
    const merged = merge(present.object, last, desired) as KubeObject;
    const same = JSON.stringify(merged) === JSON.stringify(present.object);
    if (same && present.applied === applied) return "unchanged";
    this.put(merged, applied);
    return present.applied === applied ? "corrected" : "updated";
  }

  /** Deletes: what has a finalizer stays until that is gone. */
  remove(ref: ObjectRef): void {
    const object = this.get(ref);
    if (object === undefined) return;
    if ((object.metadata.finalizers ?? []).length === 0) {
      this.erase(ref);
      return;
    }
    const { deletionTimestamp = timeOf(this.#version) } = object.metadata;
    this.put({ ...object, metadata: { ...object.metadata, deletionTimestamp } });
  }

  /** Takes an object out, and what it owns with it. */
  erase(ref: ObjectRef): void {
    const gone = this.get(ref);
    this.#stored.delete(keyOf(ref));
    for (const object of this.all()) {
      const owned = object.metadata.ownerReferences?.some(({ uid }) => uid === gone?.metadata.uid) === true;
      if (owned) this.erase(refOf(object));
    }
  }
}

export function refOf({ kind, metadata }: KubeObject): ObjectRef {
  return { kind, namespace: metadata.namespace ?? "", name: metadata.name };
}

function keyOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace}/${name}`;
}

function timeOf(version: number): string {
  return new Date(BEGINNING + version * 1_000).toISOString();
}

/** What is desired over what is there, field by field in mappings; everything else whole. */
function merge(present: unknown, last: unknown, desired: unknown): unknown {
  if (!isMapping(present) || !isMapping(desired)) return desired;
  const merged: Record<string, unknown> = { ...present };
  const applied = isMapping(last) ? last : {};
  for (const key of Object.keys(applied)) if (!Object.hasOwn(desired, key)) Reflect.deleteProperty(merged, key);
  for (const [key, value] of Object.entries(desired)) merged[key] = merge(present[key], applied[key], value);
  return merged;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
