import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sessionOf } from "./session.ts";

const always = sessionOf({ session: "Always", extendedHours: false });
const nyse = sessionOf({ session: "NYSE", extendedHours: false });
const extended = sessionOf({ session: "NYSE", extendedHours: true });

/** Milliseconds of an RFC 3339 time, with New York's offset written out so that the test does no time zone math. */
const at = (text: string) => Date.parse(text);
/** First and last open instant of the session that follows a time. */
const hoursAfter = (session: typeof nyse, text: string) => {
  const open = session.nextOpen(at(text));
  return [new Date(open).toISOString(), new Date(session.closeOf(open) ?? NaN).toISOString()];
};

describe("session Always", () => {
  it("is open at any time and never ends", () => {
    for (const time of [0, at("2026-12-25T12:00:00Z"), -1]) {
      expect(always.isOpen(time)).toBe(true);
      expect(always.nextOpen(time)).toBe(time);
      expect(always.closeOf(time)).toBe(Infinity);
      expect(always.openOf(time)).toBe(-Infinity);
    }
  });
});

describe("session NYSE", () => {
  it("is open from 09:30 to 16:00 in New York, both ends included", () => {
    expect(nyse.isOpen(at("2013-10-07T09:30:00-04:00") - 1)).toBe(false);
    expect(nyse.isOpen(at("2013-10-07T09:30:00-04:00"))).toBe(true);
    expect(nyse.isOpen(at("2013-10-07T16:00:00-04:00"))).toBe(true);
    expect(nyse.isOpen(at("2013-10-07T16:00:00-04:00") + 1)).toBe(false);
  });

  it("closes at 13:00 on early-close days, that end included", () => {
    expect(hoursAfter(nyse, "2024-11-29T00:00:00-05:00")).toEqual([
      "2024-11-29T14:30:00.000Z",
      "2024-11-29T18:00:00.000Z",
    ]);
    expect(nyse.isOpen(at("2024-11-29T13:00:00-05:00"))).toBe(true);
    expect(nyse.isOpen(at("2024-11-29T13:00:00-05:00") + 1)).toBe(false);
  });

  it("with extended hours is open from 04:00 to 20:00, to 17:00 on early-close days", () => {
    expect(hoursAfter(extended, "2024-11-27T00:00:00-05:00")).toEqual([
      "2024-11-27T09:00:00.000Z",
      "2024-11-28T01:00:00.000Z",
    ]);
    expect(hoursAfter(extended, "2024-11-28T00:00:00-05:00")).toEqual([
      "2024-11-29T09:00:00.000Z",
      "2024-11-29T22:00:00.000Z",
    ]);
  });

  it.each([
    ["the Friday before spring's change", "2026-03-06", "14:30", "21:00"],
    ["the Monday after spring's change", "2026-03-09", "13:30", "20:00"],
    ["the Friday before autumn's change", "2026-10-30", "13:30", "20:00"],
    ["the Monday after autumn's change", "2026-11-02", "14:30", "21:00"],
    ["the first Monday of summer time in 2013", "2013-03-11", "13:30", "20:00"],
    ["the first Monday of winter time in 2013", "2013-11-04", "14:30", "21:00"],
    ["the first Monday of summer time in 2028", "2028-03-13", "13:30", "20:00"],
    ["the first Monday of winter time in 2028", "2028-11-06", "14:30", "21:00"],
  ])("follows New York's clock on %s", (_, date, opens, closes) => {
    expect(hoursAfter(nyse, `${date}T00:00:00-05:00`)).toEqual([
      `${date}T${opens}:00.000Z`,
      `${date}T${closes}:00.000Z`,
    ]);
  });

  it("sleeps over weekends and holidays", () => {
    // Thanksgiving week, and Christmas 2026 on a Friday.
    expect(nyse.nextOpen(at("2026-11-25T16:00:00.001-05:00"))).toBe(at("2026-11-27T09:30:00-05:00"));
    expect(nyse.nextOpen(at("2026-12-24T13:00:00.001-05:00"))).toBe(at("2026-12-28T09:30:00-05:00"));
    expect(nyse.nextOpen(at("2026-03-06T16:00:00.001-05:00"))).toBe(at("2026-03-09T09:30:00-04:00"));
    expect(nyse.isOpen(at("2025-01-09T12:00:00-05:00"))).toBe(false);
    expect(nyse.closeOf(at("2025-01-09T12:00:00-05:00"))).toBeUndefined();
    expect(nyse.openOf(at("2025-01-09T12:00:00-05:00"))).toBeUndefined();
  });

  it("is the same by rule at any time, whatever was asked before", () => {
    const time = fc.integer({ min: at("2013-01-01T00:00:00Z"), max: at("2028-12-31T00:00:00Z") });
    fc.assert(
      fc.property(time, (when) => {
        const wall = newYorkWallClock(when);
        const minutes = (wall % DAY) / 60_000;
        if (nyse.isOpen(when)) {
          expect([1, 2, 3, 4, 5]).toContain(new Date(wall).getUTCDay());
          expect(minutes).toBeGreaterThanOrEqual(9.5 * 60);
          expect(minutes).toBeLessThanOrEqual(16 * 60);
          expect(newYorkWallClock(nyse.openOf(when) ?? NaN)).toBe(wall - (wall % DAY) + 9.5 * HOUR);
          expect(newYorkWallClock(nyse.closeOf(when) ?? NaN) % DAY).toBeOneOf([13 * HOUR, 16 * HOUR]);
        } else {
          const open = nyse.nextOpen(when);
          expect(open).toBeGreaterThan(when);
          // Never more than a long weekend with a holiday away.
          expect(open - when).toBeLessThan(5 * DAY);
          expect(newYorkWallClock(open) % DAY).toBe(9.5 * HOUR);
          expect(nyse.isOpen(open - 1)).toBe(false);
        }
        if (nyse.isOpen(when)) expect(extended.isOpen(when)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("opens on as many days a year as the exchange traded", () => {
    // Known counts of trading days; one fewer in 2018 and 2025, where a day of mourning fell.
    const tradingDays = { 2013: 252, 2018: 251, 2020: 253, 2024: 252, 2025: 250, 2026: 251 };
    for (const [year, days] of Object.entries(tradingDays)) {
      let count = 0;
      for (let time = nyse.nextOpen(at(`${year}-01-01T05:00:00Z`)); new Date(time).getUTCFullYear() === Number(year);) {
        count += 1;
        time = nyse.nextOpen((nyse.closeOf(time) ?? NaN) + 1);
      }
      expect([year, count]).toEqual([year, days]);
    }
  });

  it("answers a million questions a second", () => {
    const open = at("2026-11-20T09:30:00-05:00");
    const started = performance.now();
    let answers = 0;
    for (let i = 0; i < 1_000_000; i += 1) if (nyse.isOpen(open + i * 20)) answers += 1;
    expect(answers).toBe(1_000_000);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * New York's wall clock as if it were UTC, by the Energy Policy Act of 2005 and not by a time zone database: summer
 * time from 02:00 on the second Sunday of March to 02:00 on the first Sunday of November.
 */
function newYorkWallClock(time: number): number {
  const year = new Date(time).getUTCFullYear();
  const firstSunday = (month: number) => {
    const first = Date.UTC(year, month, 1);
    return first + ((7 - new Date(first).getUTCDay()) % 7) * DAY;
  };
  const summer = time >= firstSunday(2) + 7 * DAY + 7 * HOUR && time < firstSunday(10) + 6 * HOUR;
  return time - (summer ? 4 : 5) * HOUR;
}
