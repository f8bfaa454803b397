import type { Telemetry } from "../../src/ports.ts";

/** Telemetry that adds up what it is told, under names such as `quotes.accepted` and `late.1m`. */
export function countingTelemetry(): { readonly telemetry: Telemetry; readonly counts: Record<string, number> } {
  const counts: Record<string, number> = {};
  const add = (name: string, count: number) => {
    counts[name] = (counts[name] ?? 0) + count;
  };
  const telemetry: Telemetry = {
    countQuotes: (_feed, outcome, count) => {
      add(`quotes.${outcome}`, count);
    },
    countMissedSlots: (_feed, count) => {
      add("missed", count);
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
    setWatermarkLag: (_feed, seconds) => {
      counts.lag = seconds;
    },
  };
  return { telemetry, counts };
}
