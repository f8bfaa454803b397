/**
 * The days on which the New York Stock Exchange keeps other hours than usual, 2013 to 2028.
 *
 * Source: the holiday and early-closings calendars that NYSE Group announces for three years at a time under its Rule
 * 7.2 and lists at nyse.com/markets/hours-calendars; the newest used here is that of December 2025, for 2026 to 2028.
 * Days of mourning are no part of it and were added from the exchange's own notices: 2018-12-05 (George H. W. Bush)
 * and 2025-01-09 (Jimmy Carter). When a later announcement changes a day, this table is what changes.
 */

/** Month and day of whole-day closures, and of days that close at 13:00. */
interface CalendarYear {
  readonly closed: string;
  readonly early: string;
}

// prettier-ignore
const YEARS: Readonly<Record<string, CalendarYear>> = {
  2013: { closed: "01-01 01-21 02-18 03-29 05-27 07-04 09-02 11-28 12-25",             early: "07-03 11-29 12-24" },
  2014: { closed: "01-01 01-20 02-17 04-18 05-26 07-04 09-01 11-27 12-25",             early: "07-03 11-28 12-24" },
  2015: { closed: "01-01 01-19 02-16 04-03 05-25 07-03 09-07 11-26 12-25",             early: "11-27 12-24" },
  2016: { closed: "01-01 01-18 02-15 03-25 05-30 07-04 09-05 11-24 12-26",             early: "11-25" },
  2017: { closed: "01-02 01-16 02-20 04-14 05-29 07-04 09-04 11-23 12-25",             early: "07-03 11-24" },
  2018: { closed: "01-01 01-15 02-19 03-30 05-28 07-04 09-03 11-22 12-05 12-25",       early: "07-03 11-23 12-24" },
  2019: { closed: "01-01 01-21 02-18 04-19 05-27 07-04 09-02 11-28 12-25",             early: "07-03 11-29 12-24" },
  2020: { closed: "01-01 01-20 02-17 04-10 05-25 07-03 09-07 11-26 12-25",             early: "11-27 12-24" },
  2021: { closed: "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24",             early: "11-26" },
  2022: { closed: "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26",             early: "11-25" },
  2023: { closed: "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25",       early: "07-03 11-24" },
  2024: { closed: "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25",       early: "07-03 11-29 12-24" },
  2025: { closed: "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25", early: "07-03 11-28 12-24" },
  2026: { closed: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",       early: "11-27 12-24" },
  2027: { closed: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",       early: "11-26" },
  2028: { closed: "01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25",             early: "07-03 11-24" },
};

/** What kind of trading day a date is. */
export type TradingDay = "Regular" | "EarlyClose" | "Closed";

const exceptions = new Map<string, TradingDay>();
for (const [year, { closed, early }] of Object.entries(YEARS)) {
  for (const day of closed.split(" ")) exceptions.set(`${year}-${day}`, "Closed");
  for (const day of early.split(" ")) exceptions.set(`${year}-${day}`, "EarlyClose");
}

/** First and last year of the table. */
export const NYSE_CALENDAR_YEARS = { first: 2013, last: 2028 } as const;

/**
 * What kind of trading day a date is. Outside {@link NYSE_CALENDAR_YEARS} every weekday is a regular one: a poll on a
 * holiday that nobody announced yet costs a few calls, a day closed by guess would cost its quotes.
 * @param date New York's calendar date, such as `2026-07-03`
 * @param dayOfWeek 1 for Monday to 7 for Sunday
 */
export function tradingDay(date: string, dayOfWeek: number): TradingDay {
  return dayOfWeek > 5 ? "Closed" : (exceptions.get(date) ?? "Regular");
}
