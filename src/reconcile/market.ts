import type { MarketState } from "../api/status.ts";
import type { StockFeedSpec } from "../api/stockfeed.ts";
import type { EpochMs } from "../quotes/quote.ts";
import { type Session, sessionOf } from "../quotes/session.ts";
import type { PollerNews } from "./poller-book.ts";

/** How the market is, and when that changes by itself. */
export interface MarketNow {
  readonly state: MarketState;
  /** Infinity where nothing is to change. */
  readonly until: EpochMs;
}

type Polling = Pick<StockFeedSpec["polling"], "session" | "extendedHours">;

const sessions = new Map<string, Session>();

/**
 * The market as a feed sees it: outside its session closed, by the calendar; in it open, unless its pollers found in
 * this very session that no price moves.
 */
export function marketNow(polling: Polling, news: PollerNews["market"], now: EpochMs): MarketNow {
  const session = remembered(polling);
  const close = session.closeOf(now);
  if (close === undefined) return { state: "Closed", until: session.nextOpen(now) };
  const stale = news?.state === "Stale" && session.closeOf(news.slot) === close;
  return { state: stale ? "Stale" : "Open", until: close + 1 };
}

/** A session remembers the day it was asked about; feeds of the same hours share that. */
function remembered({ session, extendedHours }: Polling): Session {
  const key = `${session} ${extendedHours}`;
  const known = sessions.get(key) ?? sessionOf({ session, extendedHours });
  sessions.set(key, known);
  return known;
}
