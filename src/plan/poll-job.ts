/**
 * The Jobs of a feed's CronJob, in time. The Job of minute M owns the slots in [M + lead, M + 60 s + lead): consecutive
 * Jobs share none and leave none out, whatever the interval, and a Job of an interval of several minutes owns one slot
 * or none. The lead is the time that a Pod has to start.
 */
import { durationMs } from "../api/duration.ts";
import type { StockFeedSpec } from "../api/stockfeed.ts";
import type { EpochMs } from "../quotes/quote.ts";
import { slotOf } from "../quotes/slots.ts";

type Polling = Pick<StockFeedSpec["polling"], "interval" | "startLead">;

const MINUTE_MS = 60_000;
/** How far a Job's minute may be from the clock before its name is taken for one that a person chose. */
const EARLIEST_MS = -MINUTE_MS;
const LATEST_MS = 60 * MINUTE_MS;
/** Time after the last slot for the Pod's end. */
const END_SECONDS = 20;

/** The slots that one Job owns, and when it has to be over. */
export interface JobSlots {
  /** Slots in [from, until) are this Job's. */
  readonly from: EpochMs;
  readonly until: EpochMs;
  /** When its last slot ends, or after a minute where a slot is longer: what is not polled by then is missed. */
  readonly end: EpochMs;
}

/**
 * The minute that a CronJob made a Job for: its Jobs' names end in the minutes since the epoch. Undefined where the name
 * says no likely one, as of a Job that a person made.
 */
export function jobMinute(jobName: string | undefined, now: EpochMs): EpochMs | undefined {
  const [, digits] = /-([0-9]{1,9})$/.exec(jobName ?? "") ?? [];
  const minute = Number(digits) * MINUTE_MS;
  const age = now - minute;
  return age >= EARLIEST_MS && age <= LATEST_MS ? minute : undefined;
}

/** The slots of a Job that a person made: those of the minute that begins with the current slot. */
export function slotsFromNow(polling: Polling, now: EpochMs): JobSlots {
  const from = slotOf(now, durationMs(polling.interval));
  return { from, until: from + MINUTE_MS, end: now + MINUTE_MS };
}

/** The slots of the Job of a minute. */
export function jobSlots(polling: Polling, minute: EpochMs): JobSlots {
  const leadMs = durationMs(polling.startLead);
  const lengthMs = slotLengthMs(polling);
  const from = minute + leadMs;
  return { from, until: from + MINUTE_MS, end: minute + MINUTE_MS + Math.ceil(leadMs / lengthMs) * lengthMs };
}

/** How long a Job may live, in whole seconds: until the end of its last slot, and a little to leave its summary. */
export function jobDeadlineSeconds(polling: Polling): number {
  return Math.ceil(jobSlots(polling, 0).end / 1000) + END_SECONDS;
}

/**
 * How late a Job may be made and still be worth it, in whole seconds: half a minute, or until its only slot where the
 * interval is a minute or more.
 */
export function startingDeadlineSeconds(polling: Polling): number {
  const onlySlotMs = Math.ceil(durationMs(polling.startLead) / MINUTE_MS) * MINUTE_MS;
  return durationMs(polling.interval) < MINUTE_MS ? 30 : Math.max(30, onlySlotMs / 1000);
}

/** A slot's length as far as polling goes: a price that took longer than a minute is not the slot's any more. */
function slotLengthMs(polling: Polling): number {
  return Math.min(durationMs(polling.interval), MINUTE_MS);
}
