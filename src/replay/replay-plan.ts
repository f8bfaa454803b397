import { formatTime } from "../quotes/format-time.ts";
import type { EpochMs } from "../quotes/quote.ts";
import { firstSlotFrom } from "../quotes/slots.ts";
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

/** A plan that may leave its ends to the recording. */
export type ReplayRequest = Omit<ReplayPlan, "from" | "to"> & {
  readonly from: EpochMs | undefined;
  readonly to: EpochMs | undefined;
};

/** Longest time between the ends of a plan of which the recording sets one. */
const LONGEST_SPAN_MS = 366 * 86_400_000;

/**
 * Sets the ends that a request leaves open: the first slot that sees a tick, and one slot after the last tick is seen.
 * @param span times of the recording's oldest and newest tick
 * @throws RangeError when no time is left between the ends, or more than anybody wants who did not say so: one tick
 *   with a wrong time can stretch a recording over decades
 */
export function planReplay(
  request: ReplayRequest,
  span: { readonly first: EpochMs; readonly last: EpochMs },
): ReplayPlan {
  const { intervalMs } = request;
  const from = request.from ?? firstSlotFrom(span.first, intervalMs);
  const to = request.to ?? firstSlotFrom(span.last, intervalMs) + intervalMs;
  const isAsked = request.from !== undefined && request.to !== undefined;
  const ticks = `The ticks are from ${formatTime(span.first)} to ${formatTime(span.last)}`;
  if (to <= from) throw new RangeError(`${ticks}, and leave no time to replay between --from and --to.`);
  if (!isAsked && to - from > LONGEST_SPAN_MS) {
    throw new RangeError(`${ticks}, over a year: say with --from and --to what to replay.`);
  }
  return { ...request, from, to };
}
