import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "../api/kube-object.ts";
import { type MarketState, statusSchema } from "../api/status.ts";
import type { EpochMs } from "../quotes/quote.ts";
import type { JobRecord } from "./jobs/job-record.ts";
import { type Condition, conditionsOf, type StepReport } from "./conditions.ts";

/** The embedded engine's work on one window, as the status tells it. */
interface EngineState {
  readonly window: string;
  readonly engine: "Embedded";
  readonly state: string;
  readonly specHash: string;
}

/** What computes one window, as the status tells it. */
export type PipelineState = EngineState | JobRecord;

/** Status of a feed, as the operator writes it. */
export interface FeedStatus {
  readonly observedGeneration?: number;
  /** Their number, for lists of feeds. */
  readonly symbols?: number;
  readonly conditions: readonly Condition[];
  readonly marketState?: MarketState;
  readonly pipelines?: readonly PipelineState[];
}

/** What a reconcile found out. */
export interface Findings {
  readonly reports: readonly StepReport[];
  /** Undefined where the spec can't be read. */
  readonly symbols?: number;
  readonly marketState?: MarketState;
  /** Undefined where it didn't come so far. */
  readonly pipelines?: readonly PipelineState[];
}

/** The status in an object from the cache; an empty one where there is none, or none that can be read. */
export function statusIn(object: KubeObject): FeedStatus {
  const parsed = statusSchema.safeParse(object.status ?? {});
  if (!parsed.success) return { conditions: [] };
  const { conditions = [], pipelines, ...rest } = parsed.data;
  // What is not said is not there, in JSON.
  return { ...rest, conditions, ...(pipelines && { pipelines }) };
}

/** The status that follows from what a reconcile found out and what was said before. Pure. */
export function statusOf(
  findings: Findings,
  before: { readonly status: FeedStatus; readonly generation: number | undefined; readonly now: EpochMs },
): FeedStatus {
  const { status: previous, generation, now } = before;
  const time = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const conditions = conditionsOf(findings.reports, { generation, time, previous: previous.conditions });
  const symbols = findings.symbols ?? previous.symbols;
  const marketState = findings.marketState ?? previous.marketState;
  const pipelines = findings.pipelines ?? previous.pipelines;
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    ...(symbols !== undefined && { symbols }),
    conditions,
    ...(marketState !== undefined && { marketState }),
    ...(pipelines !== undefined && { pipelines }),
  };
}

/** Whether two statuses say the same, so that there is nothing to write. */
export function sameStatus(one: FeedStatus, other: FeedStatus): boolean {
  return (
    one.observedGeneration === other.observedGeneration &&
    one.symbols === other.symbols &&
    one.marketState === other.marketState &&
    sameList(one.conditions, other.conditions, sameCondition) &&
    sameList(one.pipelines ?? [], other.pipelines ?? [], isDeepStrictEqual)
  );
}

function sameCondition(one: Condition, other: Condition): boolean {
  return (
    one.type === other.type &&
    one.status === other.status &&
    one.reason === other.reason &&
    one.message === other.message &&
    one.observedGeneration === other.observedGeneration
  );
}

function sameList<T>(one: readonly T[], other: readonly T[], same: (a: T, b: T) => boolean): boolean {
  return (
    one.length === other.length && one.every((each, index) => other.slice(index, index + 1).some((o) => same(each, o)))
  );
}
