import type { WindowRow } from "../../src/windows/window-row.ts";

/** The end of the window of `WINDOW_ROW`. */
export const WINDOW_END = Date.parse("2024-03-01T14:35:05Z");

/** A window of five minutes with all its quotes. */
export const WINDOW_ROW: WindowRow = {
  feed: "markets/tech",
  symbol: "AAPL",
  resolutionMinutes: 5,
  windowStart: WINDOW_END - 300_000,
  windowEnd: WINDOW_END,
  eventTime: WINDOW_END - 5_000,
  firstEventTime: WINDOW_END - 295_000,
  firstPrice: 100_000_000,
  lastPrice: 101_500_000,
  minPrice: 99_000_000,
  maxPrice: 102_000_000,
  meanPrice: "100.500000000",
  quoteCount: 30,
  expectedCount: 30,
  engine: "Embedded",
  writtenAt: WINDOW_END + 1_234,
};
