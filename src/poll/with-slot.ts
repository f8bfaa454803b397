import type { PollSummary } from "../quotes/poll-summary.ts";
import type { SlotReport } from "./slot-report.ts";

/** The summary with one more slot in it; missed slots are counted when they are missed, so not from the report. */
export function withSlot(summary: PollSummary, report: SlotReport): PollSummary {
  const newest = Math.max(summary.newestProviderTime ?? -Infinity, report.newestProviderTime ?? -Infinity);
  const problem = problemOf(report, summary.problem);
  return {
    ...summary,
    slotsPolled: summary.slotsPolled + 1,
    quotes: summary.quotes + report.quotes,
    staleQuotes: summary.staleQuotes + report.staleQuotes,
    undeliveredQuotes: summary.undeliveredQuotes + report.undeliveredQuotes,
    deadLetters: tally(
      summary.deadLetters,
      report.deadLetters.map(({ reason }) => reason),
    ),
    failures: tally(
      summary.failures,
      report.failures.map(({ kind }) => kind),
    ),
    marketState: report.marketState,
    lastSlot: report.slot,
    ...(newest > -Infinity && { newestProviderTime: newest }),
    ...(report.rateLimitedUntil !== undefined && { rateLimitedUntil: report.rateLimitedUntil }),
    ...(problem !== undefined && { problem }),
  };
}

/**
 * What went wrong in a slot, the gravest first: nothing delivered, then no price, then a price that is none. That a
 * provider is left alone for a while says less than why, which an earlier slot said.
 */
function problemOf({ deliveryError, failures, deadLetters }: SlotReport, before?: string): string | undefined {
  const failure = failures.find(({ kind }) => kind !== "CircuitOpen")?.message;
  const left = failures.length > 0 ? (before ?? failures[0]?.message) : undefined;
  return deliveryError?.message ?? failure ?? left ?? deadLetters[0]?.detail;
}

function tally<K extends string>(
  counts: Readonly<Partial<Record<K, number>>>,
  more: readonly K[],
): Partial<Record<K, number>> {
  const sums: Partial<Record<K, number>> = { ...counts };
  for (const key of more) sums[key] = (sums[key] ?? 0) + 1;
  return sums;
}
