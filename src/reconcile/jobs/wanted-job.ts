import type { JobPlace } from "../../job-ports.ts";

/** A place and how full it is. */
export interface Room extends JobPlace {
  /** Jobs of whoever that run there, those that are decided included. */
  readonly active: number;
  /** Most that may run. */
  readonly limit: number;
  /** Whether Dataflow has just refused an update there for its quota. */
  readonly refusesUpdates?: boolean;
}

/** What is wanted of the job of one window. */
export interface WantedJob {
  /** Its resolution, such as `1m`. */
  readonly window: string;
  /** `run` it; `stay`: leave it as it is, since something else is about to take over; or end it. */
  readonly want: "run" | "stay" | "drain" | "cancel";
  /** Of what would change the graph or can't be changed in flight. */
  readonly hash: string;
  /** What its graph is built by. */
  readonly template: "TypeScript" | "BeamYaml";
  /** Where it may run, best first. */
  readonly places: readonly Room[];
  readonly updatePolicy: "Replace" | "DrainThenStart" | "Overlap";
  readonly maxWorkers: number;
  readonly drainTimeoutMs: number;
  /** How far back a new job has to read, so that its rows are full where those of the drain are not. */
  readonly rewindMs: number;
  /** Whether the embedded engine is there, and computes the window until a job does. */
  readonly hasEngine: boolean;
  /** Generation of the feed's spec. */
  readonly specGeneration: number;
}
