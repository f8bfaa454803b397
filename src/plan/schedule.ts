import { durationMs } from "../api/duration.ts";
import type { StockFeedSpec } from "../api/stockfeed.ts";
import { hoursOf } from "../quotes/session.ts";

/** When a CronJob starts its Jobs. */
export interface CronSchedule {
  /** Five fields: minute, hour, day of month, month, day of week. */
  readonly schedule: string;
  readonly timeZone: string;
}

const MINUTE_MS = 60_000;
const MINUTES_A_DAY = 24 * 60;

/**
 * When a feed's poller starts. The Job of minute M polls the slots in [M + lead, M + 60 s + lead), so Jobs run from
 * `lead` before the session opens to `lead` before its last slot, each minute, or each interval's minute where an
 * interval is several. One CronJob can keep to whole hours only: the poller itself ends at once in the part of the
 * first hour before the session, and on holidays.
 */
export function pollSchedule(polling: StockFeedSpec["polling"]): CronSchedule {
  const leadMs = durationMs(polling.startLead);
  const hours = hoursOf(polling);
  const minute = minuteField(durationMs(polling.interval), leadMs);
  if (hours === undefined) return { schedule: `${minute} * * * *`, timeZone: "Etc/UTC" };
  const first = Math.floor(minuteOfDay(hours.open) - leadMs / MINUTE_MS);
  const last = Math.floor(minuteOfDay(hours.close) - leadMs / MINUTE_MS);
  const schedule = `${minute} ${Math.floor(first / 60)}-${Math.floor(last / 60)} * * 1-5`;
  return { schedule, timeZone: "America/New_York" };
}

/** Every minute, or the ones whose Jobs hold a slot where an interval of several minutes divides the hour. */
function minuteField(intervalMs: number, leadMs: number): string {
  const every = intervalMs / MINUTE_MS;
  if (every <= 1 || 60 % every !== 0) return "*";
  const minutesBefore = Math.ceil(leadMs / MINUTE_MS);
  const first = (MINUTES_A_DAY - minutesBefore) % every;
  return every === 60 ? String(first) : `${first}-59/${every}`;
}

function minuteOfDay(clockTime: string): number {
  const [hours, minutes] = clockTime.split(":").map(Number);
  return (hours ?? 0) * 60 + (minutes ?? 0);
}
