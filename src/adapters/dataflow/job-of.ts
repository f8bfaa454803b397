import type { Job, JobPlace, JobState } from "../../job-ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import type { ApiJob } from "./dataflow-calls.ts";

const OVER: ReadonlySet<JobState> = new Set(["Drained", "Cancelled", "Failed", "Updated", "Done"]);

/** By Dataflow's name; states that it says it does not use yet count as the nearest that hold a job's place. */
const STATES: Readonly<Record<string, JobState>> = {
  JOB_STATE_STOPPED: "Stopped",
  JOB_STATE_RUNNING: "Running",
  JOB_STATE_DONE: "Done",
  JOB_STATE_FAILED: "Failed",
  JOB_STATE_CANCELLED: "Cancelled",
  JOB_STATE_UPDATED: "Updated",
  JOB_STATE_DRAINING: "Draining",
  JOB_STATE_DRAINED: "Drained",
  JOB_STATE_PENDING: "Pending",
  JOB_STATE_CANCELLING: "Cancelling",
  JOB_STATE_QUEUED: "Queued",
  JOB_STATE_RESOURCE_CLEANING_UP: "Running",
  JOB_STATE_PAUSING: "Running",
  JOB_STATE_PAUSED: "Running",
};

/** States of a job that does not run yet, of which not all is known. */
const BEING_MADE: ReadonlySet<JobState> = new Set(["Queued", "Pending", "Stopped"]);

/** Whether a job has ended for good. */
export function isOver({ state }: Pick<Job, "state">): boolean {
  return OVER.has(state);
}

/** Whether a job is still being made: what Dataflow tells of it then, labels too, need not be all. */
export function isBeingMade({ state }: Pick<Job, "state">): boolean {
  return BEING_MADE.has(state);
}

/** A job as the port shows it; what a list leaves out is missing here too. */
export function jobOf(place: JobPlace, job: ApiJob): Job {
  const createdAt = milliseconds(job.createTime);
  return {
    projectId: place.projectId,
    region: place.region,
    id: job.id ?? "",
    name: job.name ?? "",
    state: STATES[String(job.currentState)] ?? "Pending",
    labels: { ...job.labels },
    createdAt,
    stateSince: job.currentStateTime ? milliseconds(job.currentStateTime) : createdAt,
  };
}

function milliseconds(time: ApiJob["createTime"]): EpochMs {
  return Number(time?.seconds ?? 0) * 1000 + Math.floor((time?.nanos ?? 0) / 1_000_000);
}
