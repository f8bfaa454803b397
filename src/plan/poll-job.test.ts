import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationMs, formatDuration } from "../api/duration.ts";
import { slotsIn } from "../quotes/slots.ts";
import { jobDeadlineSeconds, jobMinute, jobSlots, slotsFromNow, startingDeadlineSeconds } from "./poll-job.ts";
import { pollSchedule } from "./schedule.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const start = Date.parse("2013-10-07T13:30:00Z");

const polling = (intervalMs: number, leadMs: number) => ({
  interval: formatDuration(intervalMs),
  startLead: formatDuration(leadMs),
  session: "Always" as const,
  extendedHours: false,
  staleAfter: "5m",
  shards: 1,
  workload: "CronJob" as const,
});

const anyInterval = fc.oneof(
  fc.constantFrom(1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60).map((seconds) => seconds * 1000),
  fc.integer({ min: 1, max: 24 * 60 }).map((minutes) => minutes * MINUTE),
);
const anyLead = fc.integer({ min: 0, max: 5 * MINUTE });

/** Whether a CronJob's minute field, such as `*` or `4-59/5`, holds a minute of the hour. */
function holds(field: string, minute: number): boolean {
  const [range = "", step] = field.split("/");
  const [low = 0, high = low] = range === "*" ? [0, 59] : range.split("-").map(Number);
  return minute >= low && minute <= high && (minute - low) % Number(step ?? 1) === 0;
}

/** The minutes at which a CronJob makes Jobs, in [from, to). */
function jobMinutes(schedule: string, from: number, to: number): number[] {
  const [field = "", ...rest] = schedule.split(" ");
  expect(rest).toEqual(["*", "*", "*", "*"]);
  const minutes: number[] = [];
  for (let time = from; time < to; time += MINUTE) if (holds(field, (time / MINUTE) % 60)) minutes.push(time);
  return minutes;
}

describe("the Jobs of a CronJob", () => {
  it("partition the slots: none is lost, and none is two Jobs'", () => {
    fc.assert(
      fc.property(anyInterval, anyLead, fc.nat(48 * 60), (intervalMs, leadMs, shift) => {
        const feed = polling(intervalMs, leadMs);
        const from = start + shift * MINUTE;
        const to = from + Math.max(3 * HOUR, 2 * intervalMs);
        const jobs = jobMinutes(pollSchedule(feed).schedule, from - 10 * MINUTE, to);
        const owned = jobs.flatMap((minute) => {
          const slots = jobSlots(feed, minute);
          return [...slotsIn(slots.from, slots.until, intervalMs)];
        });
        expect(owned.filter((slot) => slot >= from && slot < to)).toEqual([...slotsIn(from, to, intervalMs)]);
      }),
    );
  });

  it("live until their last slot has ended, or a minute of it has passed, and 20 s more", () => {
    fc.assert(
      fc.property(anyInterval, anyLead, (intervalMs, leadMs) => {
        const feed = polling(intervalMs, leadMs);
        // 24 h in minutes hold every interval's grid.
        const ends = jobMinutes("* * * * *", 0, 24 * HOUR).flatMap((minute) => {
          const { from, until } = jobSlots(feed, minute);
          const last = [...slotsIn(from, until, intervalMs)].at(-1);
          return last === undefined ? [] : [last + Math.min(intervalMs, MINUTE) - minute];
        });
        expect(jobDeadlineSeconds(feed)).toBe(Math.ceil(Math.max(...ends) / 1000) + 20);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ["10s", "10s", 90],
    ["10s", "15s", 100],
    ["1s", "0s", 80],
    ["1m", "10s", 140],
    ["5m", "10s", 140],
    ["5m", "0s", 80],
  ])("at an interval of %s with a lead of %s may take %i s", (interval, startLead, seconds) => {
    expect(jobDeadlineSeconds({ interval, startLead })).toBe(seconds);
  });

  it.each([
    ["10s", "10s", 30],
    ["10s", "5m", 30],
    ["1m", "0s", 30],
    ["5m", "10s", 60],
    ["5m", "90s", 120],
  ])("at an interval of %s with a lead of %s may be made %i s late", (interval, startLead, seconds) => {
    expect(startingDeadlineSeconds({ interval, startLead })).toBe(seconds);
  });
});

describe("a Job's minute", () => {
  const minutes = start / MINUTE;

  it("is in its name", () => {
    expect(jobMinute(`tech-poll-${minutes}`, start + 1_234)).toBe(start);
    expect(jobMinute(`tech-poll-${minutes}`, start + 90_000)).toBe(start);
  });

  it("is in its name for a clock that is behind, and for a Pod that waited long for a node", () => {
    expect(jobMinute(`tech-poll-${minutes}`, start - 20_000)).toBe(start);
    expect(jobMinute(`tech-poll-${minutes}`, start + 20 * MINUTE)).toBe(start);
  });

  it.each([undefined, "", "by-hand", "test-1", "poll-2013", `x-${minutes + 2}`, `x-${minutes - 61}`, "x-9999999999"])(
    "is not in the name of a Job called %s",
    (name) => {
      expect(jobMinute(name, start + 12_345)).toBeUndefined();
    },
  );
});

describe("a Job that a person made", () => {
  it.each([
    ["10s", [start + 10_000, start + 20_000, start + 30_000, start + 40_000, start + 50_000, start + 60_000]],
    ["30s", [start, start + 30_000]],
    ["1m", [start]],
    ["1h", [start - 30 * MINUTE]],
  ])("at an interval of %s has a minute's slots, the current one first", (interval, slots) => {
    const { from, until, end } = slotsFromNow({ interval, startLead: "10s" }, start + 12_345);
    expect([...slotsIn(from, until, durationMs(interval))]).toEqual(slots);
    expect(end).toBe(start + 12_345 + MINUTE);
  });
});
