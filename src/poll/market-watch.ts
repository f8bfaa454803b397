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

/**
 * Watches, slot by slot, whether prices still move. Each session begins anew: that a price stood still overnight says
 * nothing, since the market was closed.
 */
export class MarketWatch {
  readonly #staleAfterMs: number;
  readonly #last = new Map<string, LastPrice>();
  #sessionEnd: EpochMs | undefined;
  #movedAt: EpochMs | undefined;

  /** @param staleAfterMs how long no price may move before the market counts as stale */
  constructor(staleAfterMs: number) {
    this.#staleAfterMs = staleAfterMs;
  }

  /**
   * @param slot a slot later than the one before
   * @param sessionEnd the last instant of the slot's session, which tells one session from the next
   */
  observe(slot: EpochMs, quotes: readonly Quote[], sessionEnd: EpochMs | undefined): MarketReading {
    if (this.#movedAt === undefined || sessionEnd !== this.#sessionEnd) {
      this.#sessionEnd = sessionEnd;
      this.#movedAt = slot;
      this.#last.clear();
    }
    let stale = 0;
    for (const { symbol, providerTime, price } of quotes) {
      const last = this.#last.get(symbol);
      const newer = last === undefined || providerTime > last.providerTime;
      if (!newer) stale += 1;
      if (newer || price !== last.price) this.#movedAt = slot;
      this.#last.set(symbol, { providerTime: newer ? providerTime : last.providerTime, price });
    }
    return { state: slot - this.#movedAt >= this.#staleAfterMs ? "Stale" : "Open", stale };
  }
}
