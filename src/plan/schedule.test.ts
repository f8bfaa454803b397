import { describe, expect, it } from "vitest";
import { feedWith } from "../../test/feed.ts";
import { durationMs } from "../api/duration.ts";
import { pollSchedule } from "./schedule.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const pollingOf = (polling: object, resolutions = [{ window: "24h" }]) =>
  feedWith({ spec: { polling, resolutions } }).spec.polling;

/** The minutes of a day at which cron starts a Job, by the rules of crontab(5) that the schedules use. */
function startsOf(schedule: string): number[] {
  const [minutes = "", hours = ""] = schedule.split(" ");
  const fits = (field: string, value: number) => {
    const [, from, to, step = "1"] = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(field) ?? [];
    if (from === undefined) return value % Number(step) === 0;
    return value >= Number(from) && value <= Number(to ?? from) && (value - Number(from)) % Number(step) === 0;
  };
  return Array.from({ length: 1440 }, (_, at) => at).filter(
    (at) => fits(hours, Math.floor(at / 60)) && fits(minutes, at % 60),
  );
}

/** Slots of a day, as milliseconds into it, that some Job of the schedule owns: [M + lead, M + 60 s + lead). */
function slotsPolled(starts: readonly number[], intervalMs: number, leadMs: number): Set<number> {
  const slots = new Set<number>();
  for (const start of starts) {
    const from = start * MINUTE + leadMs;
    for (let slot = Math.ceil(from / intervalMs) * intervalMs; slot < from + MINUTE; slot += intervalMs) {
      slots.add(slot % DAY);
    }
  }
  return slots;
}

describe("a poller's schedule", () => {
  it("is each minute, day and night", () => {
    expect(pollSchedule(pollingOf({}))).toEqual({ schedule: "* * * * *", timeZone: "Etc/UTC" });
  });

  it("keeps to the exchange's hours and days, in its time zone", () => {
    expect(pollSchedule(pollingOf({ session: "NYSE" }))).toEqual({
      schedule: "* 9-15 * * 1-5",
      timeZone: "America/New_York",
    });
    expect(pollSchedule(pollingOf({ session: "NYSE", extendedHours: true })).schedule).toBe("* 3-19 * * 1-5");
  });

  it("starts before the minute of the slot where slots are several minutes apart", () => {
    expect(pollSchedule(pollingOf({ interval: "5m" })).schedule).toBe("4-59/5 * * * *");
    expect(pollSchedule(pollingOf({ interval: "5m", startLead: "0s" })).schedule).toBe("0-59/5 * * * *");
    expect(pollSchedule(pollingOf({ interval: "1h", startLead: "90s" })).schedule).toBe("58 * * * *");
    expect(pollSchedule(pollingOf({ interval: "90m" }, [{ window: "3h" }])).schedule).toBe("* * * * *");
  });

  const intervals = ["1s", "10s", "30s", "1m", "2m", "5m", "15m", "30m", "1h"];
  const leads = ["0s", "10s", "60s", "90s", "5m"];
  const cases = intervals.flatMap((interval) => leads.map((startLead) => ({ interval, startLead })));

  it.each(cases)("polls every slot of a day, every $interval with a lead of $startLead", ({ interval, startLead }) => {
    const intervalMs = durationMs(interval);
    const starts = startsOf(pollSchedule(pollingOf({ interval, startLead })).schedule);
    expect(slotsPolled(starts, intervalMs, durationMs(startLead)).size).toBe(DAY / intervalMs);
    if (intervalMs > MINUTE) expect(starts).toHaveLength(DAY / intervalMs); // no Pod without a slot
  });

  it.each(cases)(
    "polls every slot of a session, every $interval with a lead of $startLead",
    ({ interval, startLead }) => {
      const intervalMs = durationMs(interval);
      const { schedule } = pollSchedule(pollingOf({ interval, startLead, session: "NYSE" }));
      const polled = slotsPolled(startsOf(schedule), intervalMs, durationMs(startLead));
      const [open, close] = [9.5 * 60 * MINUTE, 16 * 60 * MINUTE];
      const wanted = new Set<number>();
      for (let slot = Math.ceil(open / intervalMs) * intervalMs; slot <= close; slot += intervalMs) wanted.add(slot);
      expect([...wanted].filter((slot) => !polled.has(slot))).toEqual([]);
      expect([...polled].filter((slot) => slot >= close + 60 * MINUTE)).toEqual([]);
    },
  );
});
