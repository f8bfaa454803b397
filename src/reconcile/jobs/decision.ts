import type { Job } from "../../job-ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import type { Stalled, Waiting } from "../outcome.ts";
import type { JobRecord, LaunchIntent } from "./job-record.ts";
import type { WantedJob } from "./wanted-job.ts";

/** What one turn looks at. */
export interface Turn {
  readonly wanted: WantedJob;
  /** Newest first. */
  readonly jobs: readonly Job[];
  /** Jobs that are being made and may be of this window too: whose they are Dataflow tells later. */
  readonly unnamed: readonly Job[];
  readonly record: JobRecord;
  readonly now: EpochMs;
}

/** As much of a turn as it takes to end jobs. */
export type EndingTurn = Omit<Turn, "wanted"> & { readonly wanted: Pick<WantedJob, "window" | "drainTimeoutMs"> };

/** What to call. */
export type JobAction =
  | { readonly kind: "launch"; readonly intent: LaunchIntent }
  /** Those that don't run yet have nothing to drain, and are cancelled. */
  | { readonly kind: "stop"; readonly jobs: readonly Job[]; readonly how: "drain" | "cancel" }
  /** To the wanted number of workers. */
  | { readonly kind: "resize"; readonly job: Job };

/** How the window fares. */
export type JobVerdict =
  | { readonly kind: "running" }
  /** Ended, as it is wanted. */
  | { readonly kind: "off" }
  /** With the job whose errors tell why, where there is one. */
  | ((Waiting | Stalled) & { readonly job?: Job });

export interface JobDecision {
  /** What to remember; undefined where nothing is left to remember. */
  readonly record: JobRecord | undefined;
  readonly action?: JobAction;
  readonly verdict: JobVerdict;
}

/** How soon to look at what is under way; the list behind it is read once an interval, whoever asks. */
export const LOOK_AGAIN_MS = 5_000;

export function waits({ record }: Pick<Turn, "record">, reason: string, message: string): JobDecision {
  return { record, verdict: { kind: "waiting", reason, message, afterMs: LOOK_AGAIN_MS } };
}

export function stopping(turn: EndingTurn, jobs: readonly Job[], how: "drain" | "cancel"): JobDecision {
  const names = jobs.map(({ id }) => id).join(", ");
  const state = how === "drain" ? "Draining" : "Cancelling";
  const message = `Job ${names} of ${turn.wanted.window} is ${how === "drain" ? "drained" : "cancelled"}.`;
  return {
    ...waits({ ...turn, record: { ...turn.record, state } }, "Draining", message),
    action: { kind: "stop", jobs, how },
  };
}
