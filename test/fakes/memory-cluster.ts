import type { KubeObject, ObjectRef } from "../../src/api/kube-object.ts";
import { type Cluster, ClusterError, type FeedEvent } from "../../src/controller-ports.ts";
import { ObjectTable, refOf } from "./object-table.ts";

/** A Kubernetes cluster in memory, whose cache is never behind. */
export interface MemoryCluster extends Cluster {
  /** Makes or replaces an object as by somebody else; a changed spec is a new generation. */
  put(object: KubeObject): KubeObject;
  /** Deletes as by somebody else: what has a finalizer stays until that is gone, what it owns goes with it. */
  remove(ref: ObjectRef): void;
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

const FINALIZER = "stockfeed.dev/cloud-objects";

/** Keeps to the port's contract: apply owns what it is given, says what it did, and sends nothing where nothing differs. */
export function memoryCluster(): MemoryCluster {
  const table = new ObjectTable();
  const write = async (name: string, work: () => unknown): Promise<void> => {
    await Promise.resolve();
    cluster.fault?.(name);
    if (work() === "unchanged") return;
    cluster.writes.push(name);
    cluster.afterWrite?.(name);
  };
  const cluster: MemoryCluster = {
    writes: [],
    events: [],
    terminating: new Set(),
    fault: undefined,
    afterWrite: undefined,
    all: () => table.all(),
    put: (object) => table.put(object),
    remove: (ref) => {
      table.remove(ref);
    },
    get: (ref) => table.get(ref),
    list: (kind, filter) => table.all().filter((object) => object.kind === kind && isWithin(object, filter)),
    apply: async (desired) => {
      let outcome: ReturnType<ObjectTable["apply"]> = "unchanged";
      await write(`apply ${desired.kind} ${desired.metadata.name}`, () => {
        refuseIfTerminating(desired);
        outcome = table.apply(desired);
        return outcome;
      });
      return outcome;
    },
    delete: (ref) =>
      write(`delete ${ref.kind} ${ref.name}`, () => {
        if (ref.uid === undefined || ref.uid === table.get(ref)?.metadata.uid) table.remove(ref);
      }),
    applyStatus: (ref, status) =>
      write(`status ${ref.name}`, () => {
        const object = table.get(ref);
        if (object !== undefined) table.put({ ...object, status });
      }),
    setFinalizer: (feed, present) =>
      write(`finalizer ${feed.metadata.name} ${present ? "on" : "off"}`, () => {
        setFinalizer(table, feed, present);
      }),
    recordEvent: ({ metadata }, event) => {
      cluster.events.push({ about: `${metadata.namespace ?? ""}/${metadata.name}`, event });
    },
  };
  const refuseIfTerminating = (desired: KubeObject) => {
    const { namespace = "" } = desired.metadata;
    if (!cluster.terminating.has(namespace) || table.get(refOf(desired)) !== undefined) return;
    throw new ClusterError(
      "Forbidden",
      `${desired.metadata.name} is forbidden: namespace ${namespace} is being terminated`,
    );
  };
  return cluster;
}

function isWithin({ metadata }: KubeObject, { namespace, labels = {} }: Parameters<Cluster["list"]>[1] = {}): boolean {
  if (namespace !== undefined && metadata.namespace !== namespace) return false;
  return Object.entries(labels).every(([label, value]) => metadata.labels?.[label] === value);
}

function setFinalizer(table: ObjectTable, feed: KubeObject, present: boolean): void {
  const object = table.get(refOf(feed));
  if (object === undefined || object.metadata.uid !== feed.metadata.uid) return;
  const others = (object.metadata.finalizers ?? []).filter((name) => name !== FINALIZER);
  const finalizers = present ? [...others, FINALIZER] : others;
  table.put({ ...object, metadata: { ...object.metadata, finalizers } });
  if (finalizers.length === 0 && object.metadata.deletionTimestamp !== undefined) table.erase(refOf(feed));
}
