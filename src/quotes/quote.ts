import type { ProviderType } from "../api/provider-spec.ts";
import type { PriceMicros } from "./price.ts";

/** Milliseconds since the Unix epoch. */
export type EpochMs = number;

/** One observation of a symbol in a slot. */
export interface Quote {
  /** `namespace/name` of the feed. */
  readonly feed: string;
  readonly symbol: string;
  readonly price: PriceMicros;
  /** The slot's time; this is the event time. */
  readonly observedAt: EpochMs;
  /** When the provider says that the price last changed. */
  readonly providerTime: EpochMs;
  /** Shares, as the provider counts them, where it does. */
  readonly volume?: number;
  readonly provider: ProviderType;
}

/** Every reason for the dead letter. */
export const DEAD_LETTER_REASONS = [
  "Malformed",
  "InvalidPrice",
  "UnknownSymbol",
  "InvalidTime",
  "FutureTime",
  "TooLate",
] as const;

/** Why something is in the dead letter. */
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

/** What could not become part of a window, kept with the reason. */
export interface DeadLetter {
  readonly feed: string;
  readonly reason: DeadLetterReason;
  /** Says what is wrong, with the value. */
  readonly detail: string;
  /** The quote or message as it came. */
  readonly payload: string;
  readonly receivedAt: EpochMs;
  /** Of the message that it came in, where a log has given it one; the same letter may be put twice. */
  readonly messageId?: string;
}

/**
 * Whether quote `a` wins a slot over quote `b` of the same feed and symbol: the greatest (providerTime, price) does,
 * whatever arrives first, so what a window holds is a function of the set of quotes.
 */
export function wins(a: Pick<Quote, "providerTime" | "price">, b: Pick<Quote, "providerTime" | "price">): boolean {
  return a.providerTime > b.providerTime || (a.providerTime === b.providerTime && a.price > b.price);
}
