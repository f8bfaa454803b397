/**
 * What the console's server and its page say to each other, as JSON. Types alone, so the page can import them.
 * Times are milliseconds since the Unix epoch; prices are in currency units, exact to six places.
 */
import type { MarketState } from "../api/status.ts";

/** A symbol's newest price. */
export interface LatestPrice {
  /** The slot it was observed in. */
  readonly slot: number;
  readonly price: number;
  /** When the provider says that the price last changed. */
  readonly providerTime: number;
}

/** Prices of every symbol on one grid of times, in the order of the feed's symbols. */
export interface PriceGrid {
  /** Time of the first point. */
  readonly start: number;
  /** Time between points: the interval, or a multiple of it where all slots of all symbols would be too much. */
  readonly step: number;
  /** A symbol's newest price within the step that ends at each point; null where there is none. */
  readonly prices: readonly (readonly (number | null)[])[];
}

/** One of the three highest mean prices of a window; a tie shares its rank. */
export interface TopStock {
  readonly rank: number;
  readonly symbol: string;
  /** Decimal text with nine places, as the store has it. */
  readonly meanPrice: string;
  readonly quoteCount: number;
}

/** A symbol's change over a window. */
export interface Gain {
  readonly symbol: string;
  readonly firstPrice: number;
  readonly lastPrice: number;
  /** 100 * (lastPrice - firstPrice) / firstPrice as decimal text, rounded to nine places as in the store's view. */
  readonly gainPercent: string;
  readonly quoteCount: number;
}

/** What one resolution's last closed window says. */
export interface WindowState {
  /** As the manifest has it, such as `5m`. */
  readonly resolution: string;
  readonly sizeMs: number;
  /** Slots in a full window. */
  readonly expectedCount: number;
  /** Absent until a window has closed. */
  readonly closed?: {
    readonly windowStart: number;
    readonly windowEnd: number;
    /** Symbols with a row. */
    readonly symbols: number;
    /** Fewest and most quotes of a symbol in this window; below expectedCount while the feed warms up. */
    readonly fewestQuotes: number;
    readonly mostQuotes: number;
    readonly topStocks: readonly TopStock[];
    /** Highest first; of a feed with very many symbols only the two ends. */
    readonly gains: readonly Gain[];
  };
}

/** How a feed is doing. Counts are since the process started. */
export interface FeedHealth {
  readonly marketState: MarketState;
  readonly nextOpen?: number;
  readonly lastSlot?: number;
  readonly slotsPolled: number;
  readonly slotsMissed: number;
  readonly quotesAccepted: number;
  readonly quotesDuplicate: number;
  readonly quotesStale: number;
  readonly deadLetters: number;
  /** Quotes too late for a window, each counted once a resolution. */
  readonly lateQuotes: number;
  readonly windowRows: number;
  readonly sinkRowsWritten: number;
  readonly sinkRowsFailed: number;
  readonly watermark?: number;
  /** How far the watermark is behind the feed's clock. */
  readonly watermarkLagSeconds?: number;
  /** Symbols that got no price, by the provider's failure. */
  readonly failures: Readonly<Record<string, number>>;
  readonly lastFailure?: {
    readonly slot: number;
    readonly symbol: string;
    readonly kind: string;
    readonly message: string;
  };
}

/** All of a feed that the page shows. */
export interface FeedSnapshot {
  /** `namespace/name`. */
  readonly name: string;
  readonly provider: string;
  readonly session: string;
  readonly engine: string;
  readonly intervalMs: number;
  /** Span of the price table's change and sparkline: the longest resolution, as far as prices are kept. */
  readonly trendMs: number;
  /** Span that prices are kept for, back from the feed's newest slot. */
  readonly historyMs: number;
  readonly symbols: readonly string[];
  readonly latest: readonly (LatestPrice | null)[];
  readonly history: PriceGrid;
  readonly windows: readonly WindowState[];
  readonly health: FeedHealth;
}

/** The whole state: the first event of every connection, and the answer of `/api/snapshot`. */
export interface Snapshot {
  /** The feeds' clock, which a demo may run faster than the wall's. */
  readonly now: number;
  readonly feeds: readonly FeedSnapshot[];
}

/** One quote: index of its symbol, slot, price, provider time. */
export type QuoteTuple = readonly [symbol: number, slot: number, price: number, providerTime: number];

/** What changed since the event before. */
export interface Delta {
  readonly now: number;
  readonly feeds: readonly {
    readonly name: string;
    readonly quotes: readonly QuoteTuple[];
    /** The resolutions whose window changed. */
    readonly windows: readonly WindowState[];
    readonly health: FeedHealth;
  }[];
}

/** One server-sent event: its name and its data. */
export type ConsoleEvent =
  { readonly type: "snapshot"; readonly data: Snapshot } | { readonly type: "delta"; readonly data: Delta };
