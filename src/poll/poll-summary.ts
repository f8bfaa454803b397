import type { MarketState } from "../api/status.ts";
import type { ProviderType } from "../api/provider-spec.ts";
import type { FailureKind } from "../ports.ts";
import type { DeadLetterReason, EpochMs } from "../quotes/quote.ts";
import type { SlotReport } from "./slot-report.ts";

/** What a poll loop did, from its start to its end. */
export interface PollSummary {
  readonly feed: string;
  readonly provider: ProviderType;
  readonly slotsPolled: number;
  readonly slotsMissed: number;
  /** Quotes that the bus took. */
  readonly quotes: number;
  /** Of those, the ones whose provider time stood still. */
  readonly staleQuotes: number;
  /** Quotes that the bus did not take within their slot. */
  readonly undeliveredQuotes: number;
  readonly deadLetters: Readonly<Partial<Record<DeadLetterReason, number>>>;
  /** Symbols without a price, by kind of failure. */
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>;
  readonly marketState?: MarketState;
  readonly newestProviderTime?: EpochMs;
  /** Until when the provider asked to be left alone, where it did last. */
  readonly rateLimitedUntil?: EpochMs;
}

/** A summary of nothing yet. */
export function emptySummary(feed: string, provider: ProviderType): PollSummary {
  return {
    feed,
    provider,
    slotsPolled: 0,
    slotsMissed: 0,
    quotes: 0,
    staleQuotes: 0,
    undeliveredQuotes: 0,
    deadLetters: {},
    failures: {},
  };
}

/** The summary with one more slot in it; missed slots are counted when they are missed, so not from the report. */
export function withSlot(summary: PollSummary, report: SlotReport): PollSummary {
  const newest = Math.max(summary.newestProviderTime ?? -Infinity, report.newestProviderTime ?? -Infinity);
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
    ...(newest > -Infinity && { newestProviderTime: newest }),
    ...(report.rateLimitedUntil !== undefined && { rateLimitedUntil: report.rateLimitedUntil }),
  };
}

function tally<K extends string>(
  counts: Readonly<Partial<Record<K, number>>>,
  more: readonly K[],
): Partial<Record<K, number>> {
  const sums: Partial<Record<K, number>> = { ...counts };
  for (const key of more) sums[key] = (sums[key] ?? 0) + 1;
  return sums;
}
