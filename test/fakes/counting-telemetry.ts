import type { Telemetry } from "../../src/ports.ts";

/** Telemetry that adds up what it is told, under names such as `quotes.accepted` and `late.1m`. */
export function countingTelemetry(): {
  readonly telemetry: Telemetry;
  readonly counts: Record<string, number>;
  /** The watermark's lag as it is now, in seconds. */
  readonly lag: () => number;
} {
  const counts: Record<string, number> = {};
  let measure = () => NaN;
  const add = (name: string, count: number) => {
    counts[name] = (counts[name] ?? 0) + count;
  };
  const telemetry: Telemetry = {
    countQuotes: (_feed, outcome, count) => {
      add(`quotes.${outcome}`, count);
    },
    countPolledSlots: (_feed, count) => {
      add("polled", count);
    },
    countMissedSlots: (_feed, count) => {
      add("missed", count);
    },
    setMarketState: (_feed, state) => {
      add(`market.${state}`, 1);
    },
    observeProviderRequest: (_feed, code) => {
      add(`requests.${code}`, 1);
    },
    countWindows: (_feed, resolution, rows) => {
      add(`windows.${resolution}`, rows);
    },
    countLateQuotes: (_feed, resolution, count) => {
      add(`late.${resolution}`, count);
    },
    observeWindowClose: (_feed, resolution) => {
      add(`closes.${resolution}`, 1);
    },
    countSinkRows: (_feed, outcome, count) => {
      add(`rows.${outcome}`, count);
    },
    measureWatermarkLag: (_feed, lag) => {
      measure = lag;
    },
  };
  return { telemetry, counts, lag: () => measure() };
}
