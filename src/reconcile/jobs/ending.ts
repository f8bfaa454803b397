import type { Job } from "../../job-ports.ts";
import { type EndingTurn, type JobDecision, stopping, waits } from "./decision.ts";
import { isActive, isEnding, isServing, takesOverFrom, timeOf, without } from "./job-record.ts";
import { LISTED_MS } from "./update-book.ts";

/** How long a launch that is not seen may still come to run. */
const UNSEEN_MS = 120_000;

/** Ends every job, and says when none is left. */
export function endJobs(turn: EndingTurn, how: "drain" | "cancel"): JobDecision {
  const { jobs, record } = turn;
  const serving = jobs.filter(isServing);
  if (serving.length > 0) return stopping(turn, serving, how);
  const late = how === "cancel" ? jobs.filter(({ state }) => state === "Draining") : [];
  if (late.length > 0) return stopping(turn, late, "cancel");
  const over = { ...without(record, "launch"), state: "Suspended" };
  return ended(turn) ?? takenOver(turn) ?? unseen(turn) ?? { record: over, verdict: { kind: "off" } };
}

/** Waits for jobs of which Dataflow does not tell yet whose they are; undefined where there are none. */
export function beingMade(turn: EndingTurn, reason: "Draining" | "Launching"): JobDecision | undefined {
  const [job] = turn.unnamed;
  if (job === undefined) return undefined;
  return waits(turn, reason, `Job ${job.name} (${job.id}) is being made; whose it is Dataflow tells later.`);
}

/**
 * Waits for a job that is being made, and for a launch that may have come through although nothing is listed; undefined
 * where that is long enough ago.
 */
export function unseen(turn: EndingTurn): JobDecision | undefined {
  const { record, now } = turn;
  const made = beingMade(turn, "Draining");
  if (made !== undefined) return made;
  const launchedAt = timeOf(record.launch?.time);
  if (launchedAt === undefined || now - launchedAt >= UNSEEN_MS) return undefined;
  return waits(turn, "Draining", `A launch of ${record.window} may still come to run.`);
}

/** Waits for a job that took over from one of these and is not listed yet; undefined where there is none such. */
export function takenOver(turn: EndingTurn): JobDecision | undefined {
  const { jobs, now } = turn;
  const old = jobs.find(
    (job) => job.state === "Updated" && now - job.stateSince < LISTED_MS && !jobs.some(tookOverFrom(job)),
  );
  if (old === undefined) return undefined;
  return waits(turn, "Updating", `The job that took over from job ${old.id} is not listed yet.`);
}

/** One that was over before that was to take over, and failed. */
function tookOverFrom(old: Job): (job: Job) => boolean {
  return (job) => takesOverFrom(job, old) && (isActive(job) || job.stateSince >= old.stateSince);
}

/** Waits for jobs that end, and cancels those that take too long; undefined where none ends. */
export function ended(turn: EndingTurn): JobDecision | undefined {
  const ending = turn.jobs.find(isEnding);
  if (ending === undefined) return undefined;
  const how = ending.state === "Draining" ? "drained" : "cancelled";
  const state = { ...turn, record: { ...turn.record, state: ending.state } };
  return overdue(turn) ?? waits(state, "Draining", `Job ${ending.id} of ${turn.wanted.window} is ${how}.`);
}

/** Cancels drains that take longer than they may; undefined where none does. */
export function overdue(turn: EndingTurn): JobDecision | undefined {
  const { jobs, wanted, now } = turn;
  const late = jobs.filter(
    ({ state, stateSince }) => state === "Draining" && now - stateSince >= wanted.drainTimeoutMs,
  );
  return late.length > 0 ? stopping(turn, late, "cancel") : undefined;
}
