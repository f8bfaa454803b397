import type { MarketState } from "../api/status.ts";
import type { SymbolFailure } from "../ports.ts";
import type { EpochMs } from "../quotes/quote.ts";
import type { WindowRow } from "../windows/window-row.ts";
import { PriceHistory } from "./price-history.ts";
import { WindowBoard } from "./window-board.ts";
import type { Delta, FeedHealth, FeedSnapshot } from "./wire.ts";

/** What a feed is, as far as the console shows it. */
export interface FeedDescription {
  readonly name: string;
  readonly provider: string;
  readonly session: string;
  readonly engine: string;
  readonly intervalMs: number;
  readonly symbols: readonly string[];
  readonly resolutions: readonly { readonly resolution: string; readonly sizeMs: number }[];
}

/** How far a reader has read. */
interface Position {
  readonly prices: number;
  readonly boards: readonly number[];
  readonly health: number;
}

/** The numbers of a feed's health. */
type Counter =
  | "quotesAccepted"
  | "quotesDuplicate"
  | "quotesStale"
  | "deadLetters"
  | "lateQuotes"
  | "sinkRowsWritten"
  | "sinkRowsFailed";
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** One feed's live state: prices, last closed windows, health, and how each has changed for readers that follow. */
export class FeedState {
  readonly prices: PriceHistory;
  readonly #feed: FeedDescription;
  readonly #boards: readonly WindowBoard[];
  readonly #boardOf: ReadonlyMap<number, WindowBoard>;
  readonly #failures: Record<string, number> = {};
  readonly #health: Writable<FeedHealth>;
  #healthVersion = 0;

  constructor(feed: FeedDescription) {
    this.#feed = feed;
    const longest = Math.max(...feed.resolutions.map(({ sizeMs }) => sizeMs));
    this.prices = new PriceHistory(feed.symbols, feed.intervalMs, longest);
    this.#boards = feed.resolutions.map(
      (spec) => new WindowBoard({ ...spec, expectedCount: spec.sizeMs / feed.intervalMs }),
    );
    this.#boardOf = new Map(this.#boards.map((board) => [board.spec.sizeMs, board]));
    this.#health = {
      marketState: feed.session === "Always" ? "Open" : "Closed",
      slotsPolled: 0,
      slotsMissed: 0,
      quotesAccepted: 0,
      quotesDuplicate: 0,
      quotesStale: 0,
      deadLetters: 0,
      lateQuotes: 0,
      windowRows: 0,
      sinkRowsWritten: 0,
      sinkRowsFailed: 0,
      failures: this.#failures,
    };
  }

  /** Counts a polled slot and what it lacks. */
  polled(slot: EpochMs, missed: number, failures: readonly SymbolFailure[]): void {
    for (const { kind } of failures) this.#failures[kind] = (this.#failures[kind] ?? 0) + 1;
    const last = failures.at(-1);
    if (last) this.#health.lastFailure = { slot, ...last };
    this.#health.lastSlot = slot;
    this.#health.slotsPolled += 1;
    this.#health.slotsMissed += missed;
    this.#healthVersion += 1;
  }

  market(state: MarketState, nextOpen: EpochMs | undefined): void {
    this.#health.marketState = state;
    if (nextOpen === undefined) delete this.#health.nextOpen;
    else this.#health.nextOpen = nextOpen;
    this.#healthVersion += 1;
  }

  /** Rows of a resolution that the feed no longer has are left out. */
  rows(rows: readonly WindowRow[]): void {
    for (const row of rows) this.#boardOf.get(Math.round(row.resolutionMinutes * 60_000))?.add(row);
    this.#health.windowRows += rows.length;
    this.#healthVersion += 1;
  }

  watermark(watermark: EpochMs): void {
    this.#health.watermark = watermark;
    this.#healthVersion += 1;
  }

  add(counter: Counter, count: number): void {
    this.#health[counter] += count;
    this.#healthVersion += 1;
  }

  snapshot(now: EpochMs, points: number): FeedSnapshot {
    const { name, provider, session, engine, intervalMs, symbols } = this.#feed;
    const longest = Math.max(...this.#feed.resolutions.map(({ sizeMs }) => sizeMs));
    return {
      name,
      provider,
      session,
      engine,
      intervalMs,
      trendMs: Math.min(longest, this.prices.slots * intervalMs),
      historyMs: this.prices.slots * intervalMs,
      symbols,
      latest: this.prices.latest(),
      history: this.prices.grid(points),
      windows: this.#boards.map((board) => board.state()),
      health: this.#healthAt(now),
    };
  }

  /** Where a reader stands that has read everything so far. */
  position(): Position {
    return {
      prices: this.prices.changes,
      boards: this.#boards.map((board) => board.version),
      health: this.#healthVersion,
    };
  }

  /** What changed since a position, undefined where nothing did; null where that is no longer known. */
  deltaSince(position: Position, now: EpochMs, always: boolean): Delta["feeds"][number] | undefined | null {
    const quotes = this.prices.since(position.prices);
    if (!quotes) return null;
    const windows = this.#boards.filter((board, index) => board.version !== position.boards[index]);
    if (!always && quotes.length === 0 && windows.length === 0 && position.health === this.#healthVersion) {
      return undefined;
    }
    return {
      name: this.#feed.name,
      quotes,
      windows: windows.map((board) => board.state()),
      health: this.#healthAt(now),
    };
  }

  #healthAt(now: EpochMs): FeedHealth {
    const { watermark } = this.#health;
    const lag = watermark === undefined ? {} : { watermarkLagSeconds: Math.max(0, now - watermark) / 1000 };
    return { ...this.#health, ...lag, failures: { ...this.#failures } };
  }
}
