import { type EndingTurn, type JobDecision, stopping, waits } from "./decision.ts";
import { isEnding, isServing, timeOf } from "./job-record.ts";

/** How long a launch that is not seen may still come to run. */
const UNSEEN_MS = 120_000;

/** Ends every job, and says when none is left. */
export function endJobs(turn: EndingTurn, how: "drain" | "cancel"): JobDecision {
  const { jobs, record, now } = turn;
  const serving = jobs.filter(isServing);
  if (serving.length > 0) return stopping(turn, serving, how);
  const late = how === "cancel" ? jobs.filter(({ state }) => state === "Draining") : [];
  if (late.length > 0) return stopping(turn, late, "cancel");
  const ending = ended(turn);
  if (ending !== undefined) return ending;
  const { launch, ...rest } = record;
  const isUnseen = launch !== undefined && now - (timeOf(launch.time) ?? 0) < UNSEEN_MS;
  if (isUnseen) return waits(turn, "Draining", `A launch of ${record.window} may still come to run.`);
  return { record: { ...rest, state: "Suspended" }, verdict: { kind: "off" } };
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
