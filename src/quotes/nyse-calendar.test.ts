import { describe, expect, it } from "vitest";
import { NYSE_CALENDAR_YEARS, tradingDay } from "./nyse-calendar.ts";

/**
 * NYSE's holidays by the words of its Rule 7.2, worked out without the table: a holiday on a Sunday is kept on the
 * Monday after; one on a Saturday on the Friday before, unless that Friday ends a month or a year.
 */
function holidaysByRule(year: number): string[] {
  const date = (month: number, day: number) => new Date(Date.UTC(year, month - 1, day));
  const nth = (n: number, weekday: number, month: number) =>
    date(month, 1 + ((weekday - date(month, 1).getUTCDay() + 7) % 7) + 7 * (n - 1));
  const lastMonday = (month: number) => {
    const end = date(month + 1, 0);
    return date(month, end.getUTCDate() - ((end.getUTCDay() + 6) % 7));
  };
  const observed = (month: number, day: number) => {
    const weekday = date(month, day).getUTCDay();
    if (weekday === 0) return [date(month, day + 1)];
    if (weekday !== 6) return [date(month, day)];
    const friday = date(month, day - 1);
    return new Date(friday.getTime() + 86_400_000).getUTCDate() === 1 ? [] : [friday];
  };
  const easter = easterSunday(year);
  return [
    ...observed(1, 1),
    nth(3, 1, 1), // Martin Luther King, Jr. Day
    nth(3, 1, 2), // Washington's Birthday
    new Date(easter.getTime() - 2 * 86_400_000), // Good Friday
    lastMonday(5), // Memorial Day
    ...(year >= 2022 ? observed(6, 19) : []), // Juneteenth, kept by the exchange since 2022
    ...observed(7, 4),
    nth(1, 1, 9), // Labor Day
    nth(4, 4, 11), // Thanksgiving Day
    ...observed(12, 25),
  ].map(iso);
}

/** Early closes as NYSE announces them: before Independence Day and Christmas, after Thanksgiving. */
function earlyClosesByRule(year: number): string[] {
  const holidays = holidaysByRule(year);
  const thanksgiving = holidays.find((day) => day.startsWith(`${year}-11`)) ?? "";
  const dayAfter = iso(new Date(Date.parse(thanksgiving) + 86_400_000));
  // The eve is short only where the holiday itself falls on Tuesday to Friday, so the eve is a trading day.
  const eves = [`${year}-07-03`, `${year}-12-24`].filter((eve) => {
    const weekday = new Date(eve).getUTCDay();
    return weekday >= 1 && weekday <= 4;
  });
  return [...eves, dayAfter].sort();
}

/** Easter Sunday of the Gregorian calendar, by Gauss's method with its two exceptions. */
function easterSunday(year: number): Date {
  const century = Math.floor(year / 100);
  const moonShift = Math.floor((13 + 8 * century) / 25);
  const m = (15 - moonShift + century - Math.floor(century / 4)) % 30;
  const n = (4 + century - Math.floor(century / 4)) % 7;
  const a = year % 19;
  const d = (19 * a + m) % 30;
  const e = (2 * (year % 4) + 4 * (year % 7) + 6 * d + n) % 7;
  let day = 22 + d + e;
  if (day === 57) day = 50;
  else if (day === 56 && d === 28 && a > 10) day = 49;
  return new Date(Date.UTC(year, 2, day));
}

const iso = (day: Date) => day.toISOString().slice(0, 10);

/** Every date of a year with its day of the week, 1 for Monday to 7 for Sunday. */
function datesOf(year: number): { readonly date: string; readonly weekday: number }[] {
  const dates = [];
  for (let time = Date.UTC(year, 0, 1); time < Date.UTC(year + 1, 0, 1); time += 86_400_000) {
    dates.push({ date: iso(new Date(time)), weekday: new Date(time).getUTCDay() || 7 });
  }
  return dates;
}

const datesThatAre = (year: number, kind: string) =>
  datesOf(year)
    .filter(({ date, weekday }) => weekday <= 5 && tradingDay(date, weekday) === kind)
    .map(({ date }) => date);

const { first, last } = NYSE_CALENDAR_YEARS;
const years = Array.from({ length: last - first + 1 }, (_, i) => first + i);
const mourning = ["2018-12-05", "2025-01-09"];

describe("the independent rule", () => {
  it("knows Easter", () => {
    // Dates of the Western churches' Easter, as printed in any almanac; 1981 and 1954 are the method's exceptions.
    const almanac = ["1954-04-18", "1981-04-19", "2013-03-31", "2016-03-27", "2019-04-21", "2024-03-31", "2038-04-25"];
    expect(almanac.map((day) => iso(easterSunday(Number(day.slice(0, 4)))))).toEqual(almanac);
  });
});

describe("NYSE's calendar", () => {
  it("reaches from the first recordings to 2028", () => {
    expect(years).toHaveLength(16);
    for (const year of years) expect(datesThatAre(year, "Closed").length).toBeGreaterThanOrEqual(9);
  });

  it.each(years)("closes in %i on the days of Rule 7.2 and on days of mourning", (year) => {
    const days = [...holidaysByRule(year), ...mourning.filter((day) => day.startsWith(String(year)))];
    expect(datesThatAre(year, "Closed")).toEqual(days.sort());
  });

  it.each(years)("closes early in %i around Independence Day, Thanksgiving and Christmas", (year) => {
    expect(datesThatAre(year, "EarlyClose")).toEqual(earlyClosesByRule(year));
  });

  it("keeps no New Year's Day on a Friday, where a year of accounts ends", () => {
    expect(tradingDay("2021-12-31", 5)).toBe("Regular");
    expect(tradingDay("2027-12-31", 5)).toBe("Regular");
    expect(datesThatAre(2022, "Closed")[0]).toBe("2022-01-17");
  });

  it("keeps Juneteenth from 2022 on", () => {
    expect(tradingDay("2021-06-18", 5)).toBe("Regular");
    expect(tradingDay("2022-06-20", 1)).toBe("Closed");
  });

  it("is closed at weekends in any year", () => {
    expect(tradingDay("2026-11-21", 6)).toBe("Closed");
    expect(tradingDay("2035-11-25", 7)).toBe("Closed");
  });

  it("takes every weekday of a year that it does not know for a trading day", () => {
    expect(datesThatAre(first - 1, "Regular")).toHaveLength(261);
    expect(datesThatAre(last + 1, "Regular")).toHaveLength(261);
    expect(tradingDay("2029-12-25", 2)).toBe("Regular");
  });
});
