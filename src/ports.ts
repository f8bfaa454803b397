/**
 * What the pipeline needs of the world, as contracts. Rooms (poll, stream, replay, console) work on these alone;
 * adapters fill them; main wires the two together.
 */
import type { ProviderType } from "./api/provider-spec.ts";
import type { MarketState } from "./api/status.ts";
import type { FailureKind } from "./quotes/poll-summary.ts";
import type { PriceMicros } from "./quotes/price.ts";
import type { DeadLetter, EpochMs, Quote } from "./quotes/quote.ts";
import type { WindowRow } from "./windows/window-row.ts";

/** Time, real or virtual. */
export interface Clock {
  now(): EpochMs;
  /** Resolves at `time` on this clock, at once if it has passed; rejects with the signal's reason when aborted. */
  sleepUntil(time: EpochMs, signal: AbortSignal): Promise<void>;
}

/** A provider's newest price of one symbol. */
export interface ObservedPrice {
  readonly symbol: string;
  readonly price: PriceMicros;
  /** When the provider says that the price last changed. */
  readonly providerTime: EpochMs;
  readonly volume?: number;
}

/** Why one symbol has no price in this slot; costs that symbol alone. */
export interface SymbolFailure {
  readonly symbol: string;
  readonly kind: FailureKind;
  /** For people: the provider, what was refused and the mend, with every key masked. */
  readonly message: string;
}

/** What a fetch brought: every symbol asked for is in exactly one of the two lists. */
export interface FetchResult {
  readonly prices: readonly ObservedPrice[];
  readonly failures: readonly SymbolFailure[];
  /** Until when the provider asked to be left alone, where it did. */
  readonly rateLimitedUntil?: EpochMs;
}

/** A source of newest prices. Never rejects for what a provider did: that is in `failures`. */
export interface QuoteProvider {
  readonly type: ProviderType;
  /**
   * The newest price of each symbol at the moment of the slot. Retries, batches and rate limits are inside; it ends
   * by `deadline`, with a Timeout failure for what has not come.
   */
  fetch(request: {
    readonly symbols: readonly string[];
    readonly slot: EpochMs;
    readonly deadline: EpochMs;
    readonly signal: AbortSignal;
  }): Promise<FetchResult>;
  close(): Promise<void>;
}

/** Carries quotes from pollers to the stream: at least once, in no promised order. */
export interface Bus {
  publish(quotes: readonly Quote[]): Promise<void>;
  /** Delivers to one subscriber; the handler's promise settles before the quotes count as taken in. */
  subscribe(handler: (quotes: readonly Quote[]) => Promise<void>): void;
  /** Delivers what is under way, then stops. */
  close(): Promise<void>;
}

/** A message of a log. Until it is acknowledged it counts against the log's capacity, and may come again. */
export interface LogMessage {
  /** Unique in its log. */
  readonly id: string;
  /** When the log took it, by the log's own clock. */
  readonly publishedAt: EpochMs;
  readonly data: Uint8Array;
  readonly attributes: Readonly<Partial<Record<string, string>>>;
  ack(): void;
}

/** A log of messages that keeps them for a while, acknowledged or not, so that they can be read again. */
export interface QuoteLog {
  /** How many messages are handed over before some of them have to be acknowledged. */
  readonly capacity: number;
  /** From here on delivers again what was published at this time or later, and nothing from before it. */
  seek(time: EpochMs): Promise<void>;
  /** Delivers to one reader, at least once and in no promised order; interruptions are mended without the reader. */
  read(onMessage: (message: LogMessage) => void): LogReading;
}

/** A reader at work. */
export interface LogReading {
  /** Delivers nothing more, and gives back what was not acknowledged; what was is then sure to be. */
  close(): Promise<void>;
}

/** Where window rows go. A row may come again: of one key the greatest (quoteCount, writtenAt) counts. */
export interface ResultSink {
  writeRows(rows: readonly WindowRow[]): Promise<void>;
}

/** Where raw quotes are kept; a quote may come twice. */
export interface QuoteArchive {
  appendQuotes(quotes: readonly Quote[]): Promise<void>;
}

/** Where what could not be used is kept, with its reason. */
export interface DeadLetters {
  putDeadLetters(letters: readonly DeadLetter[]): Promise<void>;
}

/** What became of one quote on its way; the `outcome` label of `stockfeed_quotes_total`. */
export type QuoteOutcome = "accepted" | "duplicate" | "stale" | "dead_letter";

/** Counters and gauges, by feed; names and meaning as in docs/reference/metrics.md. */
export interface Telemetry {
  countQuotes(feed: string, outcome: QuoteOutcome, count: number): void;
  countPolledSlots(feed: string, count: number): void;
  countMissedSlots(feed: string, count: number): void;
  /** Says how the market looks to the feed from now on. */
  setMarketState(feed: string, state: MarketState): void;
  observeProviderRequest(feed: string, code: string, seconds: number): void;
  countWindows(feed: string, resolution: string, rows: number): void;
  countLateQuotes(feed: string, resolution: string, count: number): void;
  observeWindowClose(feed: string, resolution: string, seconds: number): void;
  countSinkRows(feed: string, outcome: "written" | "failed", count: number): void;
  /** Says how to measure the lag of a feed's watermark, in seconds, whenever it is asked for. */
  measureWatermarkLag(feed: string, lag: () => number): void;
}

/** A query's answer: values as JSON carries them, decimals as text. */
export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly (string | number | boolean | null)[])[];
}

/** Reads the store with SQL: tables `quotes`, `windows`, `dead_letters`, views `top_stocks`, `percentage_gain`. */
export interface ResultReader {
  /**
   * Runs one statement that only reads.
   * @param signal breaks the query off
   * @throws QueryError when the statement is refused; every other error is the store's, or the signal's reason
   */
  query(sql: string, signal?: AbortSignal): Promise<QueryResult>;
}

/** A statement that the store refuses or can't run; the message is for who wrote it. */
export class QueryError extends Error {
  override readonly name = "QueryError";
}
