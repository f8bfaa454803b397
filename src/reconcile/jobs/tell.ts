import type { Job } from "../../job-ports.ts";
import { JobsError } from "../../job-ports.ts";
import type { Outcome } from "../outcome.ts";
import type { ValidRun } from "../run.ts";
import type { JobVerdict } from "./decision.ts";

/** Errors of a failed job that a condition has, and how much of each. */
const ERRORS = 2;
const LONGEST_ERROR = 500;

/**
 * What all jobs together come to: what stalls before what waits, and what waits by itself before a call that failed.
 * Where a job failed, its own errors are in the message.
 */
export async function tell(run: ValidRun): Promise<Outcome> {
  const verdicts = run.verdicts.filter((verdict) => verdict.kind === "stalled" || verdict.kind === "waiting");
  const [worst] = verdicts.toSorted((one, other) => rank(one) - rank(other));
  if (worst === undefined) {
    const windows = run.records.map(({ window }) => window).join(", ");
    return { kind: "done", reason: "Running", message: `Dataflow jobs compute windows: ${windows}.` };
  }
  const { job, ...outcome } = worst;
  const message = `${outcome.message}${job === undefined ? "" : await errorsOf(run, job)}`;
  const afterMs = Math.min(...verdicts.map((verdict) => verdict.afterMs ?? Infinity));
  return { ...outcome, message, ...(afterMs < Infinity && { afterMs }) };
}

function rank(verdict: Exclude<JobVerdict, { kind: "running" | "off" }>): number {
  if (verdict.kind === "stalled") return 0;
  return verdict.fault === undefined ? 1 : 2;
}

async function errorsOf(run: ValidRun, job: Job): Promise<string> {
  try {
    const errors = await run.ports.jobs.errorsOf(job);
    return errors
      .slice(0, ERRORS)
      .map((error) => ` Dataflow says: ${error.trim().slice(0, LONGEST_ERROR)}`)
      .join("");
  } catch (error) {
    if (error instanceof JobsError) return "";
    throw error;
  }
}
