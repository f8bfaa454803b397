import { Temporal } from "temporal-polyfill";
import type { StockFeedSpec } from "../api/stockfeed.ts";
import { tradingDay } from "./nyse-calendar.ts";
import type { EpochMs } from "./quote.ts";

/** The hours in which a feed polls. Pure: every answer follows from the time alone. */
export interface Session {
  /** Whether the session is open at a time; both its first and its last instant are open. */
  isOpen(time: EpochMs): boolean;
  /** The first time from `time` on at which the session is open: `time` itself while it is. */
  nextOpen(time: EpochMs): EpochMs;
  /** The first instant of the session that is open at `time`, -Infinity where none began; undefined while closed. */
  openOf(time: EpochMs): EpochMs | undefined;
  /** The last instant of the session that is open at `time`, Infinity where none ends; undefined while closed. */
  closeOf(time: EpochMs): EpochMs | undefined;
}

/** The session that a manifest asks for. */
export function sessionOf(polling: SessionChoice): Session {
  const hours = hoursOf(polling);
  return hours === undefined ? always : nyseSession(hours);
}

/** A trading day's hours in the session that a manifest asks for; undefined where it never closes. */
export function hoursOf(polling: SessionChoice): Hours | undefined {
  switch (polling.session) {
    case "Always":
      return undefined;
    case "NYSE":
      return polling.extendedHours ? EXTENDED_HOURS : REGULAR_HOURS;
  }
}

type SessionChoice = Pick<StockFeedSpec["polling"], "session" | "extendedHours">;

const always: Session = {
  isOpen: () => true,
  nextOpen: (time) => time,
  openOf: () => -Infinity,
  closeOf: () => Infinity,
};

/** A day's hours in New York, and when it ends on a day that closes early. */
export interface Hours {
  readonly open: string;
  readonly close: string;
  readonly earlyClose: string;
}

/** NYSE's core trading session. */
const REGULAR_HOURS: Hours = { open: "09:30", close: "16:00", earlyClose: "13:00" };
/** With NYSE Arca's early and late trading sessions; the late one ends at 17:00 after an early close. */
const EXTENDED_HOURS: Hours = { open: "04:00", close: "20:00", earlyClose: "17:00" };

/** One New York calendar day: [start, end) in time, and its open hours, both ends included. */
interface Day {
  readonly start: EpochMs;
  readonly end: EpochMs;
  readonly hours: { readonly open: EpochMs; readonly close: EpochMs } | undefined;
}

function dayAt(time: EpochMs, hours: Hours): Day {
  const midnight = Temporal.Instant.fromEpochMilliseconds(Math.floor(time))
    .toZonedDateTimeISO("America/New_York")
    .startOfDay();
  const at = (clockTime: string) => midnight.withPlainTime(clockTime).epochMilliseconds;
  const kind = tradingDay(midnight.toPlainDate().toString(), midnight.dayOfWeek);
  const close = kind === "EarlyClose" ? hours.earlyClose : hours.close;
  return {
    start: midnight.epochMilliseconds,
    end: midnight.add({ days: 1 }).epochMilliseconds,
    hours: kind === "Closed" ? undefined : { open: at(hours.open), close: at(close) },
  };
}

function nyseSession(hours: Hours): Session {
  // Time zone arithmetic costs microseconds; questions come a slot at a time, so one remembered day answers most.
  let remembered = dayAt(0, hours);
  const day = (time: EpochMs): Day => {
    if (!(time >= remembered.start && time < remembered.end)) remembered = dayAt(time, hours);
    return remembered;
  };

  const hoursAt = (time: EpochMs) => {
    const open = day(time).hours;
    return open !== undefined && time >= open.open && time <= open.close ? open : undefined;
  };
  return {
    openOf: (time) => hoursAt(time)?.open,
    closeOf: (time) => hoursAt(time)?.close,
    isOpen: (time) => hoursAt(time) !== undefined,
    nextOpen: (time) => {
      if (hoursAt(time) !== undefined) return time;
      let next = day(time);
      while (next.hours === undefined || next.hours.open < time) next = day(next.end);
      return next.hours.open;
    },
  };
}
