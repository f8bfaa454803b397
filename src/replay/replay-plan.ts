import type { EpochMs } from "../quotes/quote.ts";
import type { WindowSpec } from "../windows/window-spec.ts";

/** What to replay a recording into. */
export interface ReplayPlan {
  /** Time between two polls. */
  readonly intervalMs: number;
  /** Polls are at the slots in [from, to); windows that end after `to` are left out. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** The period of each is the interval; rows of one window end come in this order. */
  readonly windows: readonly WindowSpec[];
}
