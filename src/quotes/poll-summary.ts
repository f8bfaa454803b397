/**
 * What a poller says of its work when it ends: the operator reads it from the Pod's termination message and makes
 * counters and conditions of it, so the poller itself needs no client of Kubernetes.
 *
 * - An encoded summary is whole JSON in at most 4,096 bytes, which is what Kubernetes keeps of a container's message.
 * - Decoding never throws; what is no summary is undefined. Kinds and fields that a newer poller may add are left out.
 */
import { z } from "zod";
import { PROVIDER_TYPES, type ProviderType } from "../api/provider-spec.ts";
import type { MarketState } from "../api/status.ts";
import { cutText } from "./cut-text.ts";
import { isTime } from "./quote-check.ts";
import { DEAD_LETTER_REASONS, type DeadLetterReason, type EpochMs } from "./quote.ts";
import { type RequestDurations, requestDurationsSchema } from "./request-durations.ts";

/** Every kind of failure that a provider can have; the outcome label of metrics. */
export const FAILURE_KINDS = [
  "Unauthorized",
  "NotFound",
  "RateLimited",
  "ServerError",
  "Timeout",
  "Network",
  "InvalidResponse",
  "CircuitOpen",
] as const;

/** Why a provider gave no price. */
export type FailureKind = (typeof FAILURE_KINDS)[number];

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
  /** How long the provider took; absent where it was not asked over the network, and of a poller that is older than this. */
  readonly requests?: RequestDurations;
  readonly marketState?: MarketState;
  /** The newest slot that was polled: of several summaries, the one with the greatest tells how things are now. */
  readonly lastSlot?: EpochMs;
  readonly newestProviderTime?: EpochMs;
  /** Until when the provider asked to be left alone, where it did last. */
  readonly rateLimitedUntil?: EpochMs;
  /** What went wrong last, for people: names what to mend, with every key masked. */
  readonly problem?: string;
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

/** Characters of the problem that are kept; written as JSON, one takes six bytes at most. */
const LONGEST_PROBLEM = 400;
/** A feed's `namespace/name` at its longest. */
export const LONGEST_NAME = 63 + 1 + 253;

const count = z.int().min(0);
/** What is asked of a time later, such as which session it is in, is answered for those of a calendar only. */
const time = z.int().refine(isTime);

/** Counts by kind; a kind that is not known here is left out. */
function countsOf<Kind extends string>(kinds: readonly Kind[]) {
  return z.record(z.string(), count).transform((counts) => {
    const known: Partial<Record<Kind, number>> = {};
    for (const kind of kinds) if (Object.hasOwn(counts, kind)) known[kind] = counts[kind];
    return known;
  });
}

const summarySchema = z.object({
  feed: z.string().min(1).max(LONGEST_NAME),
  provider: z.enum(PROVIDER_TYPES),
  slotsPolled: count,
  slotsMissed: count,
  quotes: count,
  staleQuotes: count,
  undeliveredQuotes: count,
  deadLetters: countsOf(DEAD_LETTER_REASONS),
  failures: countsOf(FAILURE_KINDS),
  requests: requestDurationsSchema.optional(),
  marketState: z.enum(["Open", "Closed", "Stale"]).optional(),
  lastSlot: time.optional(),
  newestProviderTime: time.optional(),
  rateLimitedUntil: time.optional(),
  problem: z.string().max(LONGEST_PROBLEM).optional(),
});

/** The summary as the text of a termination message. */
export function encodeSummary(summary: PollSummary): string {
  const { problem } = summary;
  return JSON.stringify(problem === undefined ? summary : { ...summary, problem: cutText(problem, LONGEST_PROBLEM) });
}

/** Reads a termination message; undefined where it is no summary, such as of a container that was killed. */
export function decodeSummary(text: string): PollSummary | undefined {
  try {
    const parsed = summarySchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
