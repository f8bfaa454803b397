import { isDeepStrictEqual } from "node:util";
import type { KubeObject, ObjectRef } from "../../api/kube-object.ts";
import type { ApplyOutcome, Cluster, FeedEvent, WatchedKind } from "../../controller-ports.ts";
import type { Clock } from "../../ports.ts";
import type { ApiClient } from "./api-client.ts";
import { ApiError } from "./api-error.ts";
import { objectPath } from "./api-paths.ts";
import { createApplier, type Apply } from "./applier.ts";
import { EventRecorder } from "./event-recorder.ts";
import { FeedKeys } from "./feed-keys.ts";
import { feedWrites, writeFinalizer, type FeedWritesOptions } from "./feed-writes.ts";
import { ALWAYS_LEADER, fencedWrites, type Leadership } from "./fenced-writes.ts";
import { ForeignObjects } from "./foreign-objects.ts";
import type { ObjectChange, ObjectFilter } from "./object-store.ts";
import { WatchedKinds } from "./watched-kinds.ts";

/** Who tells events, in their `reportingController`. */
const CONTROLLER = "stockfeed.dev/operator";

export interface KubeClusterOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Who may write; everybody where it is not given. */
  readonly leadership?: Leadership;
  /** Namespaces to watch; all where it is not given. */
  readonly namespaces?: readonly string[];
  /** Label selector of the feeds to watch, for sharding. */
  readonly selector?: string;
  /** This process, as events name it. */
  readonly instance: string;
  /** Told of each failure that is dealt with here, for the log. */
  readonly onProblem: (error: Error) => void;
}

/** A change in the caches. */
export interface ClusterEvent {
  readonly kind: WatchedKind;
  readonly change: ObjectChange;
  /** `namespace/name` of the feed that it concerns; of a Secret, only the feeds' specs tell. */
  readonly feed?: string;
  /** Whether it was there when the process started. */
  readonly initial: boolean;
}

/**
 * The Cluster port on a real API server: reads from watch caches, writes through the leader's fence.
 *
 * Guarantees: those of `runReflector`, `createApplier`, `fencedWrites` and `EventRecorder`. What the server answered to a
 * write is in the cache when the write's promise resolves. A change of a feed's status alone is told to nobody, so that
 * our own writes wake no reconcile; nor is one that leaves the cached form of an object as it was.
 * Caveat: before `synced()` is true the caches are incomplete, and nothing should be concluded from what is missing.
 */
export class KubeCluster implements Cluster {
  readonly #watched: WatchedKinds;
  readonly #foreign: ForeignObjects;
  readonly #recorder: EventRecorder;
  readonly #apply: Apply;
  readonly #writes: FeedWritesOptions;
  readonly #feeds = new FeedKeys();
  readonly #listeners: ((event: ClusterEvent) => void)[] = [];

  constructor(options: KubeClusterOptions) {
    const { client, clock, leadership = ALWAYS_LEADER, instance, onProblem } = options;
    const write = fencedWrites(client, leadership);
    const read = (object: KubeObject) => readObject(client, object);
    this.#watched = new WatchedKinds({
      ...options,
      onChange: (kind, change, initial) => {
        this.#tell(kind, change, initial);
      },
    });
    this.#foreign = new ForeignObjects(clock, read, (object) => {
      this.#tell(object.kind as WatchedKind, { type: "deleted", object }, false);
    });
    this.#recorder = new EventRecorder({ write, clock, controller: CONTROLLER, instance, onProblem });
    this.#writes = {
      write,
      cached: (ref) => this.#watched.get(ref),
      observe: (object) => {
        this.#watched.observe(object, false);
      },
      forget: (ref, uid) => {
        this.#watched.forget(ref, uid);
      },
    };
    this.#apply = createApplier({
      write,
      read,
      cached: (object) => this.#cached(object),
      // It has our labels now, also where it had been somebody else's or had lost them.
      observe: (object) => {
        this.#watched.observe(object, true);
      },
      onForeign: (object) => {
        this.#foreign.put(object);
      },
    });
  }

  /** Keeps the caches up to date until the signal is aborted; rejects with a defect of ours, or of a listener, alone. */
  run(signal: AbortSignal): Promise<void> {
    return this.#watched.run(signal);
  }

  /** Whether the caches are whole. */
  synced(): boolean {
    return this.#watched.synced();
  }

  /** Resolves once what was recorded so far is written, or dropped. */
  drainEvents(): Promise<void> {
    return this.#recorder.drain();
  }

  /** Calls back at each change of the caches, at once and in order, from now on. */
  subscribe(listener: (event: ClusterEvent) => void): void {
    this.#listeners.push(listener);
  }

  get(ref: ObjectRef & { readonly kind: WatchedKind }): KubeObject | undefined {
    return this.#watched.get(ref) ?? this.#foreign.get(ref);
  }

  list(kind: WatchedKind, filter?: ObjectFilter): readonly KubeObject[] {
    return this.#watched.list(kind, filter);
  }

  apply(desired: KubeObject): Promise<ApplyOutcome> {
    return this.#apply(desired);
  }

  delete(ref: ObjectRef & { readonly uid?: string }): Promise<void> {
    return feedWrites(this.#writes).delete(ref);
  }

  applyStatus(feed: ObjectRef, status: Readonly<Record<string, unknown>>): Promise<void> {
    return feedWrites(this.#writes).applyStatus(feed, status);
  }

  setFinalizer(feed: KubeObject, present: boolean): Promise<void> {
    return writeFinalizer(this.#writes, feed, present);
  }

  recordEvent(about: KubeObject, event: FeedEvent): void {
    this.#recorder.record(about, event);
  }

  #cached({ kind, metadata: { name, namespace = "" } }: KubeObject): KubeObject | undefined | "unwatched" {
    if (!this.#watched.covers(kind, namespace)) return "unwatched";
    return this.#watched.get({ kind, namespace, name }) ?? this.#foreign.get({ kind, namespace, name });
  }

  #tell(kind: WatchedKind, change: ObjectChange, initial: boolean): void {
    const { object } = change;
    const { name, namespace = "" } = object.metadata;
    if (change.type === "added") this.#foreign.drop({ kind, namespace, name });
    if (kind === "StockFeed") this.#feeds.learn(object);
    if (kind === "StockFeed" && change.type === "changed" && sameButStatus(change.object, change.previous)) return;
    const feed = this.#feeds.feedOf(object);
    for (const listener of this.#listeners) listener({ kind, change, ...(feed !== undefined && { feed }), initial });
  }
}

/** The UID of a namespace: of kube-system, it tells a cluster from all others. @throws ApiError */
export async function namespaceUid(client: Pick<ApiClient, "request">, name = "kube-system"): Promise<string> {
  const object = await readObject(client, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  if (object?.metadata.uid === undefined) throw new ApiError("NotFound", `There is no namespace ${name}.`);
  return object.metadata.uid;
}

async function readObject(client: Pick<ApiClient, "request">, object: KubeObject): Promise<KubeObject | undefined> {
  try {
    return (await client.request({ method: "GET", path: objectPath(object) })).body as KubeObject;
  } catch (error) {
    if (error instanceof ApiError && error.kind === "NotFound") return undefined;
    throw error;
  }
}

/** Whether nothing of a feed has changed that a reconcile would act on. */
function sameButStatus(one: KubeObject, other: KubeObject): boolean {
  const acted = ({ metadata }: KubeObject) => {
    const { uid, generation, deletionTimestamp, labels, annotations, finalizers } = metadata;
    return { uid, generation, deletionTimestamp, labels, annotations, finalizers };
  };
  return isDeepStrictEqual(acted(one), acted(other));
}
