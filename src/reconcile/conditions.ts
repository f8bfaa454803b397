import type { Outcome } from "./outcome.ts";

/** Conditions of a part of the feed, in the order of the status. */
export const PARTS = ["PollingReady", "MessagingReady", "PipelineReady", "SinkReady"] as const;
export type Part = (typeof PARTS)[number];

/** A condition as Kubernetes writes it (metav1.Condition). */
export interface Condition {
  readonly type: "Ready" | "Reconciling" | "Stalled" | Part;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  /** When `status` changed last, RFC 3339. */
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** What one step came to, and which part of the feed it speaks of. */
export interface StepReport {
  readonly step: string;
  /** Undefined for a step that speaks of the feed as a whole. */
  readonly part?: Part;
  readonly outcome: Outcome;
}

/** What the conditions are made from. */
interface Said {
  readonly generation: number | undefined;
  /** RFC 3339. */
  readonly time: string;
  readonly previous: readonly Condition[];
}

type Words = Pick<Condition, "status" | "reason" | "message">;

/**
 * The conditions that follow from what the steps came to. Pure, and the only place where outcomes become conditions.
 *
 * - A part's condition is its first step's that is not done; a part that no step got to keeps what was said of it, and of
 *   which generation that was said.
 * - Ready is False while any step stalls or waits; Stalled and Reconciling tell the two apart, as kstatus reads them.
 * - While a call fails and nothing else is wrong, what was said of the same generation stays, so that an outage of an
 *   API writes no status of any feed that runs.
 */
export function conditionsOf(reports: readonly StepReport[], said: Said): Condition[] {
  const word = wordsOfFeed(reports, said);
  return [
    condition("Ready", word.ready, said),
    condition("Reconciling", word.reconciling, said),
    condition("Stalled", word.stalled, said),
    ...PARTS.map((part) => conditionOfPart(part, reports, said)),
  ];
}

/** The one outcome that tells how the feed is: what stalls before what waits, and what waits before a failed call. */
function decisive(reports: readonly StepReport[]): Outcome | undefined {
  const outcomes = reports.map(({ outcome }) => outcome);
  return (
    outcomes.find(({ kind }) => kind === "stalled") ??
    outcomes.find((outcome) => outcome.kind === "waiting" && outcome.fault === undefined) ??
    outcomes.find(({ kind }) => kind === "waiting")
  );
}

function wordsOfFeed(reports: readonly StepReport[], said: Said): Record<"ready" | "reconciling" | "stalled", Words> {
  const outcome = decisive(reports);
  const settled: Words = { status: "False", reason: "Settled", message: "Everything is as the spec wants it." };
  if (outcome === undefined || outcome.kind === "done") {
    const off = reports.map((report) => report.outcome).find((each) => each.kind === "done" && each.off === true);
    const ready: Words =
      off?.kind === "done"
        ? { status: "True", reason: off.reason ?? "Off", message: off.message ?? "" }
        : { status: "True", reason: "Ready", message: "Everything is as the spec wants it." };
    return { ready, reconciling: settled, stalled: settled };
  }
  const { reason, message } = outcome;
  if (outcome.kind === "stalled") {
    const notReconciling: Words = { status: "False", reason, message: "Nothing goes on until what stalls is mended." };
    return {
      ready: { status: "False", reason, message },
      reconciling: notReconciling,
      stalled: { status: "True", reason, message },
    };
  }
  const kept = outcome.fault === undefined ? undefined : runningAsSaid(said);
  if (kept !== undefined) return { ready: kept, reconciling: settled, stalled: settled };
  return {
    ready: { status: "False", reason, message },
    reconciling: { status: "True", reason, message },
    stalled: { status: "False", reason, message: "Nothing stalls; it goes on by itself." },
  };
}

/** What was said of this generation, where it was that the feed is Ready. */
function runningAsSaid({ previous, generation }: Said): Words | undefined {
  return previous.find(
    ({ type, status, observedGeneration }) =>
      type === "Ready" && status === "True" && observedGeneration === generation,
  );
}

function conditionOfPart(part: Part, reports: readonly StepReport[], said: Said): Condition {
  const before = said.previous.find(({ type }) => type === part);
  const own = reports.filter((report) => report.part === part).map(({ outcome }) => outcome);
  const outcome = own.find(({ kind }) => kind !== "done") ?? own.at(-1);
  if (before !== undefined && keeps(before, outcome)) return before;
  return condition(part, outcome === undefined ? unreached(reports) : wordsOf(outcome), said);
}

/** Whether nothing new is known of a part. */
function keeps(before: Condition, outcome: Outcome | undefined): boolean {
  if (outcome === undefined) return true;
  return outcome.kind === "waiting" && outcome.fault !== undefined && before.status === "True";
}

function unreached(reports: readonly StepReport[]): Words {
  const blocker = decisive(reports);
  const reason = blocker === undefined || blocker.kind === "done" ? "NotReached" : blocker.reason;
  return { status: "Unknown", reason, message: "Another part comes first; see Ready." };
}

function wordsOf(outcome: Outcome): Words {
  const { reason = "Ready", message = "" } = outcome;
  return { status: outcome.kind === "done" && outcome.off !== true ? "True" : "False", reason, message };
}

function condition(type: Condition["type"], { status, reason, message }: Words, said: Said): Condition {
  const before = said.previous.find((each) => each.type === type);
  return {
    type,
    status,
    reason,
    message,
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : said.time,
    ...(said.generation !== undefined && { observedGeneration: said.generation }),
  };
}
