import type { Job, JobPlace, JobState } from "../../job-ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";

/** A launch that is decided: written into the status before it is carried out, so that whoever comes next goes on. */
export interface LaunchIntent extends JobPlace {
  readonly requestId: string;
  /** When it was decided, RFC 3339. */
  readonly time: string;
  readonly specHash: string;
  readonly generation: number;
  /** ID of the job that is updated in place. */
  readonly replaces?: string;
  /** From when the subscription is read again, RFC 3339; an update in place reads on. */
  readonly rewindTo?: string;
}

/** What the controller knows of the job of one window, as `status.pipelines` keeps it. */
export interface JobRecord {
  readonly window: string;
  readonly engine: "Dataflow";
  readonly state: string;
  /** Of the job that computes; empty before there is one. */
  readonly specHash: string;
  readonly jobId?: string;
  readonly projectId?: string;
  readonly region?: string;
  readonly generation?: number;
  readonly maxWorkers?: number;
  /** What the failures and the refusal are of: a change of either tries again. */
  readonly wantedHash?: string;
  readonly specGeneration?: number;
  /** Why Dataflow refused the update to what is wanted. */
  readonly refused?: string;
  readonly failures?: { readonly count: number; readonly jobId: string; readonly time: string };
  readonly rewindTo?: string;
  readonly launch?: LaunchIntent;
}

/** Labels of a job beside those that tell whose it is. */
export const WINDOW_LABEL = "stockfeed-window";
export const SPEC_LABEL = "stockfeed-spec";
export const GENERATION_LABEL = "stockfeed-generation";
/** Tells the launch that a job came from. */
export const REQUEST_LABEL = "stockfeed-request";
/** What a job's graph is built by, in lower case. */
export const TEMPLATE_LABEL = "stockfeed-template";
/** ID of the job that it was launched to take over from in place. */
export const REPLACES_LABEL = "stockfeed-replaces";

const STARTING: readonly JobState[] = ["Queued", "Pending", "Stopped"];

/** Whether a job is still being made. */
export function isStarting({ state }: Pick<Job, "state">): boolean {
  return STARTING.includes(state);
}

/** Whether a job computes, or is about to. */
export function isServing(job: Pick<Job, "state">): boolean {
  return job.state === "Running" || isStarting(job);
}

/** Whether a job is on its way to its end; its name is taken until then. */
export function isEnding({ state }: Pick<Job, "state">): boolean {
  return state === "Draining" || state === "Cancelling";
}

/** Whether a job counts against its project's quota. */
export function isActive(job: Pick<Job, "state">): boolean {
  return isServing(job) || isEnding(job);
}

/** Which of a window's jobs this is, where updates overlap: 0 for the first, and where the label is no number. */
export function generationOf({ labels }: Pick<Job, "labels">): number {
  return Number(labels[GENERATION_LABEL] ?? "0") || 0;
}

/** Whether a job was launched to take over from this other one, keeping its state. */
export function takesOverFrom({ labels }: Pick<Job, "labels">, { id }: Pick<Job, "id">): boolean {
  return labels[REPLACES_LABEL] === id;
}

/** Whether two are in one project and region. */
export function samePlace(one: JobPlace, other: JobPlace): boolean {
  return one.projectId === other.projectId && one.region === other.region;
}

/** A time as the status has it, whole seconds, RFC 3339. */
export function timeText(time: EpochMs): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** A time of the status; undefined for a text that is none. */
export function timeOf(text: string | undefined): EpochMs | undefined {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? undefined : time;
}

/** A record without some of what it need not have. */
export function without(record: JobRecord, ...fields: readonly (keyof Optional)[]): JobRecord {
  const rest: Record<string, unknown> = { ...record };
  for (const field of fields) Reflect.deleteProperty(rest, field);
  return rest as unknown as JobRecord;
}

type Optional = Pick<JobRecord, "launch" | "refused" | "failures" | "rewindTo" | "maxWorkers">;
