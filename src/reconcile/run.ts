import type { KubeObject } from "../api/kube-object.ts";
import type { TurnOrder } from "../lanes/turn-order.ts";
import type { EpochMs } from "../quotes/quote.ts";
import type { Change } from "./changes.ts";
import type { Part } from "./conditions.ts";
import type { FeedBook } from "./feed-book.ts";
import type { JobVerdict } from "./jobs/decision.ts";
import type { JobRecord } from "./jobs/job-record.ts";
import type { JobSurvey } from "./jobs/survey.ts";
import type { UpdateBook } from "./jobs/update-book.ts";
import type { Outcome } from "./outcome.ts";
import type { OwnedIndex } from "./owned-index.ts";
import type { PollerBook } from "./poller-book.ts";
import type { ControllerPorts, ControllerSettings } from "./ports.ts";
import type { FeedStatus, PipelineState } from "./status.ts";
import type { StreamBook } from "./stream-book.ts";
import type { ClusterFeed } from "./wanted-messaging.ts";
import type { Hold, WorkloadBook } from "./workload-book.ts";

/** What the controller remembers between reconciles; all of it can be made anew, so a restart loses nothing. */
export interface Memory {
  readonly feeds: FeedBook;
  readonly pollers: PollerBook;
  readonly streams: StreamBook;
  readonly owned: OwnedIndex;
  readonly workloads: WorkloadBook;
  /** Until when a place counts as full, since Dataflow said so. */
  readonly fullPlaces: Map<string, EpochMs>;
  /** The same for updates in place, which may have room where a further job has none. */
  readonly fullForUpdates: Map<string, EpochMs>;
  /** Since when Dataflow does not tell of a feed's jobs, by the feed's UID. */
  readonly unsurveyed: Map<string, EpochMs>;
  /** Of which windows a launch failed last, by the feed's UID. */
  readonly failedLaunches: Map<string, TurnOrder>;
  readonly updates: UpdateBook;
}

/** One reconcile of one feed under way: what every step reads, and where it leaves what it found. */
export interface FeedRun {
  readonly ports: ControllerPorts;
  readonly settings: ControllerSettings;
  readonly memory: Memory;
  readonly now: EpochMs;
  /** The feed as the cache has it. */
  readonly object: KubeObject;
  /** Status that was written last. */
  readonly previous: FeedStatus;
  /** What must not run, as the steps so far have it. */
  hold: Hold;
  /** Whether Pub/Sub's objects are all there, so that what talks to them may be made. */
  messagingReady: boolean;
  /** Undefined until the spec is found to be one that a cluster can run. */
  feed: ClusterFeed | undefined;
  pipelines: readonly PipelineState[] | undefined;
  /** What Dataflow has; undefined until it is listed. */
  survey: JobSurvey | undefined;
  /** What is known of the jobs, one a window: as it was written last, until a step knows more. */
  records: readonly JobRecord[];
  /** How each window's job fares. */
  verdicts: readonly JobVerdict[];
  /** Whether rows of jobs have somewhere to go. */
  rowsReady: boolean;
  readonly changes: Change[];
}

/** A run whose spec is one that a cluster can run. */
export type ValidRun = FeedRun & { readonly feed: ClusterFeed };

/** What becomes of the feed where a step is not done. */
export type Otherwise =
  /** The later steps do nothing: all stays as it is. */
  | "stop"
  /** The later steps go on, with the poller suspended. */
  | "hold-poller"
  /** The later steps go on where it waits; where it stalls, with everything suspended. */
  | "hold-when-stalled"
  /** The later steps go on. */
  | "go-on";

/** One step of a reconcile; small, and safe to run again at any time. */
export interface Step<Run = ValidRun> {
  readonly name: string;
  /** The condition that it speaks for; without one, it speaks of the feed as a whole. */
  readonly part?: Part;
  readonly otherwise: Otherwise;
  /** @throws ClusterError and MessagingError, which become outcomes in one place */
  readonly run: (run: Run) => Outcome | Promise<Outcome>;
}
