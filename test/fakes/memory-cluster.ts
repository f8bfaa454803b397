import type { KubeObject, ObjectRef } from "../../src/api/kube-object.ts";
import { type ApplyOutcome, type Cluster, ClusterError, type FeedEvent } from "../../src/controller-ports.ts";

/** A Kubernetes cluster in memory, whose cache is never behind. */
export interface MemoryCluster extends Cluster {
  /** Makes or replaces an object as by somebody else; a changed spec is a new generation. */
  put(object: KubeObject): KubeObject;
  /** Deletes as by somebody else: what has a finalizer stays until that is gone, what it owns goes with it. */
  remove(ref: ObjectRef): void;
  /** Every object, by kind and name. */
  readonly all: () => KubeObject[];
  /** Writes that were made, such as `apply CronJob tech-poll`; events and what changed nothing are not among them. */
  readonly writes: string[];
  readonly events: { readonly about: string; readonly event: FeedEvent }[];
  /** Namespaces that are being deleted: nothing can be created in them. */
  readonly terminating: Set<string>;
  /** Called before each write; what it throws is the call's answer. */
  fault: ((write: string) => void) | undefined;
  /** Called after each write has been made; what it throws is all that the caller sees. */
  afterWrite: ((write: string) => void) | undefined;
}

/** What was applied last and the object as it is, side by side as the API server's managed fields have them. */
interface Stored {
  object: KubeObject;
  applied?: string;
}

const BEGINNING = Date.UTC(2026, 0, 2);

/** Keeps to the port's contract: apply owns what it is given, says what it did, and sends nothing where nothing differs. */
export function memoryCluster(): MemoryCluster {
  const stored = new Map<string, Stored>();
  let version = 0;

  const store = (object: KubeObject, applied?: string): KubeObject => {
    const key = keyOf(refOf(object));
    const before = stored.get(key)?.object;
    const changed = before === undefined || JSON.stringify(before.spec) !== JSON.stringify(object.spec);
    version += 1;
    const whole: KubeObject = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: before?.metadata.uid ?? `uid-${version}`,
        creationTimestamp: before?.metadata.creationTimestamp ?? new Date(BEGINNING + version * 1_000).toISOString(),
        generation: (before?.metadata.generation ?? 0) + (changed ? 1 : 0),
        resourceVersion: String(version),
      },
    };
    stored.set(key, { object: whole, ...(applied !== undefined && { applied }) });
    return whole;
  };
  const erase = (ref: ObjectRef) => {
    const gone = stored.get(keyOf(ref))?.object;
    stored.delete(keyOf(ref));
    for (const { object } of [...stored.values()]) {
      const owned = object.metadata.ownerReferences?.some(({ uid }) => uid === gone?.metadata.uid) === true;
      if (owned) erase(refOf(object));
    }
  };
  const remove = (ref: ObjectRef) => {
    const object = stored.get(keyOf(ref))?.object;
    if (object === undefined) return;
    if ((object.metadata.finalizers ?? []).length === 0) {
      erase(ref);
      return;
    }
    const { deletionTimestamp = new Date(BEGINNING + ++version * 1_000).toISOString() } = object.metadata;
    store({ ...object, metadata: { ...object.metadata, deletionTimestamp } }, stored.get(keyOf(ref))?.applied);
  };
  const write = async <T>(name: string, work: () => T): Promise<T> => {
    await Promise.resolve();
    cluster.fault?.(name);
    const result = work();
    if (result === "unchanged" || result === false) return result;
    cluster.writes.push(name);
    cluster.afterWrite?.(name);
    return result;
  };

  const apply = (desired: KubeObject): ApplyOutcome => {
    const { namespace = "" } = desired.metadata;
    const present = stored.get(keyOf(refOf(desired)));
    const applied = JSON.stringify(desired);
    if (present === undefined) {
      if (cluster.terminating.has(namespace)) {
        throw new ClusterError("Forbidden", `namespace ${namespace} is being terminated: no new content`);
      }
      store(desired, applied);
      return "created";
    }
    const last: unknown = present.applied === undefined ? undefined : JSON.parse(present.applied);
    const merged = merge(present.object, last, desired) as KubeObject;
    const same = JSON.stringify(merged) === JSON.stringify(present.object);
    if (same && present.applied === applied) return "unchanged";
    store(merged, applied);
    return present.applied === applied ? "corrected" : "updated";
  };

  const cluster: MemoryCluster = {
    writes: [],
    events: [],
    terminating: new Set(),
    fault: undefined,
    afterWrite: undefined,
    all: () => [...stored.values()].map(({ object }) => object),
    put: (object) => store(object, stored.get(keyOf(refOf(object)))?.applied),
    remove,
    get: (ref) => stored.get(keyOf(ref))?.object,
    list: (kind, { namespace, labels = {} } = {}) =>
      [...stored.values()]
        .map(({ object }) => object)
        .filter((object) => object.kind === kind)
        .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
        .filter(({ metadata }) => Object.entries(labels).every(([label, value]) => metadata.labels?.[label] === value)),
    apply: (desired) => write(`apply ${desired.kind} ${desired.metadata.name}`, () => apply(desired)),
    delete: (ref) =>
      write(`delete ${ref.kind} ${ref.name}`, () => {
        const present = stored.get(keyOf(ref))?.object;
        if (present !== undefined && (ref.uid === undefined || ref.uid === present.metadata.uid)) remove(ref);
      }),
    applyStatus: (ref, status) =>
      write(`status ${ref.name}`, () => {
        const present = stored.get(keyOf(ref));
        if (present === undefined) throw new ClusterError("NotFound", `${ref.kind} ${ref.name} is gone`);
        store({ ...present.object, status }, present.applied);
      }),
    setFinalizer: (feed, present) =>
      write(`finalizer ${feed.metadata.name} ${present ? "on" : "off"}`, () => {
        const ref = refOf(feed);
        const object = stored.get(keyOf(ref))?.object;
        if (object === undefined || object.metadata.uid !== feed.metadata.uid) return;
        const others = (object.metadata.finalizers ?? []).filter((name) => name !== FINALIZER);
        const finalizers = present ? [...others, FINALIZER] : others;
        store({ ...object, metadata: { ...object.metadata, finalizers } });
        if (finalizers.length === 0 && object.metadata.deletionTimestamp !== undefined) erase(ref);
      }),
    recordEvent: (about, event) => {
      cluster.events.push({ about: `${about.metadata.namespace ?? ""}/${about.metadata.name}`, event });
    },
  };
  return cluster;
}

const FINALIZER = "stockfeed.dev/cloud-objects";

function refOf({ kind, metadata }: KubeObject): ObjectRef {
  return { kind, namespace: metadata.namespace ?? "", name: metadata.name };
}

function keyOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace}/${name}`;
}

/** What is desired over what is there, field by field in mappings; what was applied last and is desired no more goes. */
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
