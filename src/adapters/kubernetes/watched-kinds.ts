import type { KubeObject, ObjectRef } from "../../api/kube-object.ts";
import type { WatchedKind } from "../../controller-ports.ts";
import type { Clock } from "../../ports.ts";
import type { ApiClient } from "./api-client.ts";
import { collectionPath, versionOf } from "./api-paths.ts";
import { CacheMirror } from "./cache-mirror.ts";
import { compactor } from "./compact-objects.ts";
import { FEED_LABEL } from "./feed-keys.ts";
import { objectStore, type ObjectChange, type ObjectFilter, type ObjectStore } from "./object-store.ts";
import { runReflector } from "./reflector.ts";

/** Children are watched by this label alone; other workloads of the cluster are not the controller's business. */
const CHILDREN = "app.kubernetes.io/managed-by=stockfeed";
/** Secrets of these types hold no provider's keys, and Helm's are large and many. */
const NO_KEYS = ["helm.sh/release.v1", "kubernetes.io/service-account-token", "kubernetes.io/dockerconfigjson"];
const KINDS = ["StockFeed", "CronJob", "Deployment", "StatefulSet", "Pod", "Secret"] as const;
const PAGE_SIZE = 250;
/** A Pod is several times as large as another child. */
const POD_PAGE_SIZE = 100;

export interface WatchedKindsOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: () => number;
  /** Namespaces to watch; all where it is not given. */
  readonly namespaces?: readonly string[];
  /** Label selector of the feeds to watch. */
  readonly selector?: string;
  readonly onChange: (kind: WatchedKind, change: ObjectChange, initial: boolean) => void;
  readonly onProblem: (error: Error) => void;
}

interface Watched {
  readonly kind: WatchedKind;
  readonly namespace: string | undefined;
  readonly store: ObjectStore;
  readonly mirror: CacheMirror;
}

/** The caches of all kinds that the controller reads: one watch a kind, and a namespace where not all are watched. */
export class WatchedKinds {
  readonly #options: WatchedKindsOptions;
  readonly #watched: readonly Watched[];

  constructor(options: WatchedKindsOptions) {
    this.#options = options;
    const namespaces = options.namespaces ?? [undefined];
    this.#watched = KINDS.flatMap((kind) =>
      namespaces.map((namespace) => {
        const store = objectStore(FEED_LABEL);
        const onChange = (change: ObjectChange, initial: boolean) => {
          options.onChange(kind, change, initial);
        };
        return { kind, namespace, store, mirror: new CacheMirror({ store, compact: compactor(kind), onChange }) };
      }),
    );
  }

  /** Whether every cache has had its first list. */
  synced(): boolean {
    return this.#watched.every(({ mirror }) => mirror.complete);
  }

  /** Keeps the caches up to date until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    const { client, clock, random, onProblem } = this.#options;
    await Promise.all(
      this.#watched.map(async ({ kind, namespace, mirror }) => {
        const path = collectionPath(versionOf(kind), kind, namespace);
        const pageSize = kind === "Pod" ? POD_PAGE_SIZE : PAGE_SIZE;
        const options = { client, path, query: this.#selectorsOf(kind), pageSize, mirror, clock, random, onProblem };
        try {
          await runReflector(options, stop);
        } catch (error) {
          failed.abort(error); // a defect of ours: better no controller than one with a part deaf
          throw error;
        }
      }),
    );
  }

  get({ kind, namespace, name }: ObjectRef): KubeObject | undefined {
    return this.#find(kind, namespace)?.store.get(namespace, name);
  }

  list(kind: WatchedKind, filter: ObjectFilter = {}): readonly KubeObject[] {
    const { namespace } = filter;
    if (namespace !== undefined) return this.#find(kind, namespace)?.store.list(filter) ?? [];
    return this.#watched.filter((each) => each.kind === kind).flatMap(({ store }) => store.list(filter));
  }

  /** Whether the cache would have an object of this kind and namespace, if it had our label. */
  covers(kind: string, namespace: string): boolean {
    return this.#find(kind, namespace) !== undefined;
  }

  observe(object: KubeObject, belongs: boolean): void {
    this.#find(object.kind, object.metadata.namespace ?? "")?.mirror.observe(object, belongs);
  }

  forget({ kind, namespace, name }: ObjectRef, uid: string): void {
    this.#find(kind, namespace)?.mirror.forget(namespace, name, uid);
  }

  #find(kind: string, namespace: string): Watched | undefined {
    return this.#watched.find(
      (each) => each.kind === kind && (each.namespace === undefined || each.namespace === namespace),
    );
  }

  #selectorsOf(kind: WatchedKind): Readonly<Record<string, string>> {
    const { selector } = this.#options;
    if (kind === "StockFeed") return selector === undefined ? {} : { labelSelector: selector };
    if (kind === "Secret") return { fieldSelector: NO_KEYS.map((type) => `type!=${type}`).join(",") };
    return { labelSelector: CHILDREN };
  }
}
