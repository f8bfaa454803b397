import type { JobDecision, Turn } from "./decision.ts";
import { timeOf } from "./job-record.ts";

/** Failed jobs in a row after which a person has to look. */
const BUDGET = 5;
const FIRST_BACKOFF_MS = 30_000;

/** Why it is too early for another try after failures, or no use; undefined where there were none, or long ago. */
export function backedOff({ wanted, record, jobs, now }: Turn): JobDecision | undefined {
  const { count = 0, time, jobId = "" } = record.failures ?? {};
  if (count === 0) return undefined;
  const job = jobs.find(({ id }) => id === jobId);
  const what = `${count === 1 ? "The job" : `${count} jobs in a row`} of ${wanted.window} failed, last ${jobId}.`;
  const isServed = record.state === "Running";
  const failed = isServed ? record : { ...record, state: "Failed" };
  if (count >= BUDGET) {
    const message = `${what} A change of the spec has it tried again.`;
    return { record: failed, verdict: { kind: "stalled", reason: "JobFailed", message, ...(job && { job }) } };
  }
  const until = (timeOf(time) ?? now) + FIRST_BACKOFF_MS * 2 ** (count - 1);
  if (now >= until) return undefined;
  const message = `${what} It is tried again.`;
  return {
    record: failed,
    verdict: { kind: "waiting", reason: "JobFailed", message, afterMs: until - now, ...(job && { job }) },
  };
}
