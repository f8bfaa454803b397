/**
 * What the controller needs of the world, as contracts: a Kubernetes cluster, Pub/Sub's objects, the sink's tables.
 * `reconcile` works on these alone; adapters fill them; main wires the two together.
 */
import type { KubeObject, ObjectRef } from "./api/kube-object.ts";
import type { EpochMs } from "./quotes/quote.ts";
import type { RequestDurations } from "./quotes/request-durations.ts";

/** Kinds that the controller watches; what it wants of any other it applies unread. */
export type WatchedKind = "StockFeed" | "CronJob" | "Deployment" | "StatefulSet" | "Pod" | "Secret";

/**
 * What an apply did: `unchanged` where the desired object and the owned fields were as they had been applied last, and
 * so nothing was sent; `corrected` where the desired object was the same but someone else had changed a field of it.
 */
export type ApplyOutcome = "created" | "updated" | "corrected" | "unchanged";

/** An event about a feed, for people. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
export interface FeedEvent {
  readonly type: "Normal" | "Warning";
  /** One CamelCase word. */
  readonly reason: string;
  /** A sentence; secrets are never in it. */
  readonly note: string;
}

/** A Kubernetes cluster, read through watch caches and written by server-side apply. */
export interface Cluster {
  /** An object from the cache, never by a request; undefined where the cache has none. A Secret's values are not kept. */
  get(ref: ObjectRef & { readonly kind: WatchedKind }): KubeObject | undefined;
  /** Objects from the cache; of a namespace and with labels where those are given. */
  list(
    kind: WatchedKind,
    filter?: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> },
  ): readonly KubeObject[];
  /**
   * Makes the object as it is wanted, taking over every field in it; fields that others own stay.
   * @throws ClusterError
   */
  apply(desired: KubeObject): Promise<ApplyOutcome>;
  /** Deletes an object, its dependents in the background; with a uid only that very object. Already gone is done. */
  delete(ref: ObjectRef & { readonly uid?: string }): Promise<void>;
  /** Writes the status of a feed whole, as the only writer of it. */
  applyStatus(feed: ObjectRef, status: Readonly<Record<string, unknown>>): Promise<void>;
  /**
   * Adds or removes the finalizer of StockFeed; a feed that is gone is done.
   * @throws ClusterError; Conflict where the feed has just changed, and the cache does not have it yet
   */
  setFinalizer(feed: KubeObject, present: boolean): Promise<void>;
  /** Records an event about an object; the same event again within a while is counted up, not written again. */
  recordEvent(about: KubeObject, event: FeedEvent): void;
}

/** What a failed call of the API server means for who made it. */
export type ClusterErrorKind =
  "Conflict" | "NotFound" | "Forbidden" | "Invalid" | "Throttled" | "Unavailable" | "NotLeader";

/** A call of the API server that failed; Throttled, Conflict and Unavailable pass, the others want a change. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
  readonly kind: ClusterErrorKind;
  /** After how many milliseconds to try again, where the server said. */
  readonly retryAfterMs?: number;

  constructor(
    kind: ClusterErrorKind,
    message: string,
    options: ErrorOptions & { readonly retryAfterMs?: number } = {},
  ) {
    super(message, options);
    this.kind = kind;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

/** A topic of Pub/Sub, as far as StockFeed sets it. */
export interface Topic {
  /** Its short name; the project is the inventory's. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** How long the topic keeps messages for subscriptions to seek back to. */
  readonly retentionMs?: number;
}

/** A subscription of Pub/Sub, as far as StockFeed sets it. It never expires, and has no retry nor dead-letter policy. */
export interface Subscription {
  readonly name: string;
  /** Short name of its topic, in the same project. */
  readonly topic: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ackDeadlineSeconds?: number;
  /** Whether acked messages are kept too, so that a restart can seek back. */
  readonly retainAckedMessages?: boolean;
  readonly retentionMs?: number;
  /** Rows go straight into this table, `project.dataset.table`, by the table's own schema. */
  readonly bigQueryTable?: string;
}

/** Topics and subscriptions of one project. */
export interface Messaging {
  /**
   * Everything that the project has, by short name. Listed once an interval for all feeds, never one call a feed; what
   * was written or deleted through this port shows at once.
   * @throws MessagingError
   */
  inventory(project: string): Promise<MessagingInventory>;
  /** Creates the topic, or brings the existing one to these labels and this retention. @throws MessagingError */
  putTopic(project: string, topic: Topic): Promise<void>;
  /** The same of a subscription; one on another topic can't be changed, and is a Conflict. @throws MessagingError */
  putSubscription(project: string, subscription: Subscription): Promise<void>;
  /**
   * From here on delivers again what the topic took at this time or later, as far as it is kept, and nothing from before.
   * @throws MessagingError
   */
  seek(project: string, subscription: string, time: EpochMs): Promise<void>;
  /**
   * A time before which everything that the topic took has been acknowledged: when the oldest message that waits in the
   * subscription was published, or now. 0 where it has waited for nearly as long as it is kept; undefined where there is no
   * such subscription.
   * @throws MessagingError
   */
  acknowledgedUpTo(project: string, subscription: string): Promise<EpochMs | undefined>;
  /** Already gone is done. @throws MessagingError */
  deleteTopic(project: string, name: string): Promise<void>;
  /** Already gone is done. @throws MessagingError */
  deleteSubscription(project: string, name: string): Promise<void>;
}

export interface MessagingInventory {
  readonly topics: ReadonlyMap<string, Topic>;
  readonly subscriptions: ReadonlyMap<string, Subscription>;
}

/** A call of Pub/Sub's administration that failed; Conflict, Quota and Unavailable pass or may pass. */
export class MessagingError extends Error {
  override readonly name = "MessagingError";
  readonly kind: "Forbidden" | "NotFound" | "Conflict" | "Invalid" | "Quota" | "Unavailable";

  /** @param message names the project, the object and the mend */
  constructor(kind: MessagingError["kind"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Where rows are to land. */
export interface SinkTarget {
  readonly projectId: string;
  readonly dataset: string;
  /** Whether raw quotes land there too. */
  readonly archive: boolean;
}

/** One thing that keeps rows from landing. */
export interface SinkProblem {
  readonly kind: "DatasetMissing" | "TableMissing" | "SchemaDiffers" | "Forbidden" | "Unavailable";
  /** Names the table and what is wrong with it. */
  readonly message: string;
  /** The statement or command that would mend it, where one would. */
  readonly mend?: string;
}

/** Looks at a sink before anything is sent to it. */
export interface SinkInspector {
  /** What is wrong with the target's tables, views and rights; empty where nothing is. Answers are kept for a while. */
  inspect(target: SinkTarget): Promise<readonly SinkProblem[]>;
}

/**
 * Asks what runs without end for its summary so far, at its Pod's address. Undefined where nothing comes that can be read;
 * never rejects.
 */
export type AskPod<Summary> = (address: string, signal: AbortSignal) => Promise<Summary | undefined>;

/** What the controller counts of itself and of the pollers; names and meaning as in docs/reference/metrics.md. */
export interface ControllerTelemetry {
  /** @param result what the reconcile came to: ready, waiting, stalled, deleted or failed */
  observeReconcile(result: string, seconds: number): void;
  /** A reconcile that a defect or a failed call ended. */
  countReconcileError(): void;
  /** Objects that were right, and that somebody else had changed or deleted. */
  countDriftCorrections(count: number): void;
  /** Quotes of pollers that ended, by whether Pub/Sub took them. */
  countPublishedQuotes(feed: string, outcome: "published" | "undelivered", count: number): void;
  /** Symbols without a price in their slot, by kind of failure. */
  countSymbolFailures(feed: string, kind: string, count: number): void;
  /** How long the provider took to answer pollers that ended. */
  countProviderRequests(feed: string, requests: RequestDurations): void;
  /** A Dataflow job that was launched, for the spec or since the one before it failed. */
  countJobLaunch(resolution: string, cause: "spec" | "failure"): void;
  /** Drops what was counted of a feed that is gone. */
  forgetFeed(feed: string): void;
}
