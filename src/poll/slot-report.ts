import type { MarketState } from "../api/status.ts";
import type { SymbolFailure } from "../ports.ts";
import type { DeadLetter, EpochMs } from "../quotes/quote.ts";

/** What became of one slot. */
export interface SlotReport {
  readonly slot: EpochMs;
  /** When the fetch began; how far behind the slot shows the loop's jitter. */
  readonly startedAt: EpochMs;
  /** Slots missed since the one before this. */
  readonly missed: number;
  /** Quotes that the bus took. */
  readonly quotes: number;
  /** Of those, the ones whose provider time stood still. */
  readonly staleQuotes: number;
  /** Quotes that the bus did not take within the slot, and why. */
  readonly undeliveredQuotes: number;
  readonly deliveryError?: Error;
  readonly failures: readonly SymbolFailure[];
  readonly deadLetters: readonly DeadLetter[];
  readonly marketState: MarketState;
  readonly newestProviderTime?: EpochMs;
  readonly rateLimitedUntil?: EpochMs;
}
