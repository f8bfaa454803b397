/** What the controller needs of Dataflow, as a contract: jobs that are launched, listed, resized and stopped. */
import type { EpochMs } from "./quotes/quote.ts";
import type { WindowSpec } from "./windows/window-spec.ts";

/**
 * Dataflow's own states without their prefix; Queued, Pending and Stopped are jobs that are on their way to run.
 * https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.jobs#Job.JobState
 */
export type JobState =
  | "Queued"
  | "Pending"
  | "Stopped"
  | "Running"
  | "Draining"
  | "Drained"
  | "Cancelling"
  | "Cancelled"
  | "Failed"
  | "Updated"
  | "Done";

/** Where jobs run; a job can't be moved. */
export interface JobPlace {
  readonly projectId: string;
  readonly region: string;
}

/**
 * A job as Dataflow has it, of whoever. What a job takes over from is told by its labels alone, if by anything: Dataflow's
 * own field for it is in no list, and not there yet while a template's job is being made.
 */
export interface Job extends JobPlace {
  readonly id: string;
  readonly name: string;
  readonly state: JobState;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: EpochMs;
  /** When it came into its state. */
  readonly stateSince: EpochMs;
  /** Why its labels could not be read: whose it is, is not known. */
  readonly unread?: JobsError;
}

/** What a job runs: enough to build the graph (TypeScript) or the YAML (BeamYaml), and nothing of where. */
export interface JobPipeline {
  readonly template: "TypeScript" | "BeamYaml";
  /** `namespace/name`. */
  readonly feed: string;
  readonly symbols: readonly string[];
  readonly window: WindowSpec;
  /** Where quotes come from: `projects/P/subscriptions/S`. */
  readonly subscription: string;
  /** Where rows go: `projects/P/topics/T`. */
  readonly windowsTopic: string;
  /** Where what is no quote goes: `projects/P/topics/T`. */
  readonly deadLetterTopic: string;
}

/** A job to launch. */
export interface JobLaunch extends JobPlace {
  /** One job of a name runs at a time, but for one that replaces another. */
  readonly name: string;
  /** Makes a repeated launch the same launch. */
  readonly requestId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly pipeline: JobPipeline;
  /** `gs://bucket/folder`. */
  readonly tempLocation: string;
  readonly minWorkers?: number;
  readonly maxWorkers: number;
  readonly serviceAccountEmail?: string;
  readonly network?: string;
  readonly subnetwork?: string;
  /** Whether workers go without external addresses; they get some where it is left out. */
  readonly privateIps?: boolean;
  readonly workerImage: string;
  /** Such as n2d-standard-2; of Dataflow's choice where it is left out. */
  readonly machineType?: string;
  /** The running job of the same name and place that this one takes over from, keeping its state. */
  readonly replaceJobId?: string;
}

/** Dataflow's jobs, of any project. */
export interface Jobs {
  /**
   * Every job of the place that is not long over, whoever made it; one whose details can't be read says so, and hides no
   * other. Listed by one paged call an interval for all feeds;
   * what was launched, stopped or resized through this port shows at once, and after a launch that failed the next
   * call reads anew, since the job may run all the same.
   * @throws JobsError
   */
  list(place: JobPlace): Promise<readonly Job[]>;
  /** @throws JobsError; AlreadyExists where a job of the name runs that was not launched by this request */
  launch(launch: JobLaunch): Promise<Job>;
  /** Asks for a job's end; one that is over already is done. Draining writes what it holds, cancelling drops it. */
  stop(job: Job, how: "drain" | "cancel"): Promise<void>;
  /** Changes a running job's bounds in flight. @throws JobsError */
  setWorkers(job: Job, bounds: { readonly min: number; readonly max: number }): Promise<void>;
  /** Newest error messages of a job, newest first. @throws JobsError */
  errorsOf(job: Job): Promise<readonly string[]>;
}

/** A call of Dataflow that failed; Unavailable passes, and Quota may. */
export class JobsError extends Error {
  override readonly name = "JobsError";
  readonly kind: "AlreadyExists" | "Forbidden" | "NotFound" | "Invalid" | "Quota" | "Unavailable";
  /** Whether it failed before anything was launched: no job can come of it. */
  readonly isUnsent: boolean;

  /** @param message names the project, the job and the mend */
  constructor(kind: JobsError["kind"], message: string, options: ErrorOptions & { readonly isUnsent?: boolean } = {}) {
    super(message, options);
    this.kind = kind;
    this.isUnsent = options.isUnsent ?? false;
  }
}
