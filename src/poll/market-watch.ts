import type { MarketState } from "../api/status.ts";
import type { EpochMs, Quote } from "../quotes/quote.ts";

/** What a slot's quotes say of the market. */
export interface MarketReading {
  readonly state: Exclude<MarketState, "Closed">;
  /** Quotes whose provider time stood still since the symbol's last quote of the session. */
  readonly stale: number;
}

interface LastPrice {
  readonly providerTime: EpochMs;
  readonly price: number;
}

/** How a watch begins. */
interface MarketWatchOptions {
  /** How long no price may move before the market counts as stale. */
  readonly staleAfterMs: number;
  /**
   * Set where others have polled the slots before, as the Jobs of the minutes before have: the provider's times then tell
   * what was to be seen in those. Else the first quote of a symbol is fresh, however old its price.
   */
  readonly joined?: {
    readonly intervalMs: number;
    /** First instant of the session that is open at a time. */
    readonly openOf: (time: EpochMs) => EpochMs | undefined;
  };
}

/**
 * Watches, slot by slot, whether prices still move. Each session begins anew: that a price stood still overnight says
 * nothing, since the market was closed.
 */
export class MarketWatch {
  readonly #staleAfterMs: number;
  readonly #joined: MarketWatchOptions["joined"];
  readonly #last = new Map<string, LastPrice>();
  #sessionEnd: EpochMs | undefined;
  #movedAt: EpochMs | undefined;

  constructor({ staleAfterMs, joined }: MarketWatchOptions) {
    this.#staleAfterMs = staleAfterMs;
    this.#joined = joined;
  }

  /**
   * @param slot a slot later than the one before
   * @param sessionEnd the last instant of the slot's session, which tells one session from the next
   */
  observe(slot: EpochMs, quotes: readonly Quote[], sessionEnd: EpochMs | undefined): MarketReading {
    let seenBefore: EpochMs | undefined;
    if (this.#movedAt === undefined || sessionEnd !== this.#sessionEnd) {
      if (this.#movedAt === undefined) seenBefore = this.#slotSeenByOthers(slot);
      this.#sessionEnd = sessionEnd;
      this.#movedAt = seenBefore === undefined ? slot : this.#lastMove(slot, quotes);
      this.#last.clear();
    }
    let stale = 0;
    for (const { symbol, providerTime, price } of quotes) {
      const assumed = seenBefore === undefined ? undefined : { providerTime: seenBefore, price };
      const last = this.#last.get(symbol) ?? assumed;
      const newer = last === undefined || providerTime > last.providerTime;
      if (!newer) stale += 1;
      if (newer || price !== last.price) this.#movedAt = slot;
      this.#last.set(symbol, { providerTime: newer ? providerTime : last.providerTime, price });
    }
    return { state: slot - this.#movedAt >= this.#staleAfterMs ? "Stale" : "Open", stale };
  }

  /** The slot before the first one, where somebody polled that in the same session. */
  #slotSeenByOthers(slot: EpochMs): EpochMs | undefined {
    if (this.#joined === undefined) return undefined;
    const before = slot - this.#joined.intervalMs;
    return before >= (this.#joined.openOf(slot) ?? Infinity) ? before : undefined;
  }

  /** When a price moved last, by the provider's times, but not before the session. */
  #lastMove(slot: EpochMs, quotes: readonly Quote[]): EpochMs {
    if (quotes.length === 0) return slot;
    const open = this.#joined?.openOf(slot) ?? slot;
    return Math.min(
      slot,
      quotes.reduce((newest, { providerTime }) => Math.max(newest, providerTime), open),
    );
  }
}
