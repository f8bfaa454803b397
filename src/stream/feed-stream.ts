/**
 * The embedded engine at work for one feed: takes quotes in, keeps them, closes windows as the watermark moves on and
 * writes their rows.
 *
 * - A quote counts as taken in when the archive has it, so a crash loses nothing: windows are made again from there.
 * - What is no quote of the feed, or too late for all of its windows, goes to the dead letter with the reason.
 * - While the sink refuses rows the watermark stands still; quotes that run too far ahead of it wait, and so do those
 *   behind them. Rows are offered again until the sink has them.
 */
import { resolutionLabel } from "../api/window-specs.ts";
import type { Clock, DeadLetters, QuoteArchive, ResultSink, Telemetry } from "../ports.ts";
import type { DeadLetter, EpochMs, Quote } from "../quotes/quote.ts";
import { checkQuote, type QuoteRules, type Rejection } from "../quotes/quote-check.ts";
import { type AddOutcome, WindowEngine } from "../windows/window-engine.ts";
import { rowObjects } from "../windows/row-objects.ts";
import type { WindowRow } from "../windows/window-row.ts";
import type { WindowSpec } from "../windows/window-spec.ts";
import { writeUntilTaken } from "./write-until-taken.ts";

/** Who wants to see the stream at work. */
export interface StreamObserver {
  onQuotes(quotes: readonly Quote[]): void;
  /** Rows that the sink has taken. */
  onRows(rows: readonly WindowRow[]): void;
  onWatermark(watermark: EpochMs): void;
  onSinkError(error: Error, rows: number, retryAt: EpochMs): void;
}

export interface FeedStreamOptions {
  /** `namespace/name` of the feed. */
  readonly feed: string;
  readonly symbols: readonly string[];
  readonly windows: readonly WindowSpec[];
  /** Where the watermark starts. */
  readonly watermark: EpochMs;
  /** Rows of windows that end at or before this are in the sink already; -Infinity where none are. */
  readonly writtenUpTo: EpochMs;
  readonly sink: ResultSink;
  /** Keeps the quotes; without it a restart begins with empty windows. */
  readonly archive?: QuoteArchive;
  readonly deadLetters: DeadLetters;
  /** The feed's time, real or virtual. */
  readonly clock: Clock;
  /** The machine's time, for retries. */
  readonly machineClock: Clock;
  readonly telemetry: Telemetry;
  readonly observer: StreamObserver;
  /** Ends waiting for a sink that takes nothing. */
  readonly signal: AbortSignal;
}

export class FeedStream {
  readonly #options: FeedStreamOptions;
  readonly #rules: QuoteRules;
  readonly #index: ReadonlyMap<string, number>;
  readonly #engine: WindowEngine;
  #lateBefore: readonly number[];
  /** Resolves when the watermark moves on next. */
  #moved = Promise.withResolvers<undefined>();

  constructor(options: FeedStreamOptions) {
    const { symbols, windows, watermark } = options;
    this.#options = options;
    this.#index = new Map(symbols.map((symbol, i) => [symbol, i]));
    this.#engine = new WindowEngine({ symbolCount: symbols.length, windows, watermark });
    this.#rules = { symbols: new Set(symbols), intervalMs: windows[0]?.periodMs ?? NaN };
    this.#lateBefore = this.#engine.lateQuotes;
  }

  /** Takes in quotes as the bus delivers them; when it rejects, they are to be delivered again. */
  async take(quotes: readonly Quote[]): Promise<void> {
    const { clock, archive, observer, telemetry, feed, deadLetters } = this.#options;
    const now = clock.now();
    const letters: DeadLetter[] = [];
    const bury = (quote: Quote, why: Rejection) => {
      letters.push({ feed, ...why, payload: JSON.stringify(quote), receivedAt: now });
    };
    const good = quotes.filter((quote) => {
      const rejection = checkQuote(quote, this.#rules, now);
      if (rejection !== undefined) bury(quote, rejection);
      return rejection === undefined;
    });
    await archive?.appendQuotes(good);
    const outcomes = { accepted: 0, duplicate: 0 };
    for (const quote of good) {
      const outcome = await this.#add(quote);
      if (outcome === "too-late") bury(quote, tooLate(quote, this.#engine.watermark));
      else outcomes[outcome] += 1;
    }
    if (letters.length > 0) await deadLetters.putDeadLetters(letters);
    for (const outcome of ["accepted", "duplicate"] as const) {
      if (outcomes[outcome] > 0) telemetry.countQuotes(feed, outcome, outcomes[outcome]);
    }
    if (letters.length > 0) telemetry.countQuotes(feed, "dead_letter", letters.length);
    observer.onQuotes(good);
  }

  /**
   * Makes windows again from quotes that the archive has: slots in order. Each slot's time is the watermark as it
   * comes, so any stretch of time fits, and rows are written batch by batch.
   */
  async rebuild(batches: AsyncIterable<readonly Quote[]> | Iterable<readonly Quote[]>): Promise<void> {
    for await (const batch of batches) {
      const rows: WindowRow[] = [];
      for (const quote of batch) {
        if (checkQuote(quote, this.#rules, Infinity) !== undefined) continue;
        if (quote.observedAt > this.#engine.watermark) this.#close(quote.observedAt, rows);
        this.#addNow(quote);
      }
      await this.#write(rows);
      this.#options.observer.onQuotes(batch);
    }
  }

  /** Moves the watermark on, and writes the rows of the windows that this closes and of those that changed. */
  async advance(watermark: EpochMs): Promise<void> {
    const { feed, telemetry, observer, clock } = this.#options;
    const rows: WindowRow[] = [];
    this.#close(watermark, rows);
    this.#countLate();
    await this.#write(rows);
    this.#moved.resolve(undefined);
    this.#moved = Promise.withResolvers();
    telemetry.setWatermarkLag(feed, Math.max(0, clock.now() - this.#engine.watermark) / 1000);
    observer.onWatermark(this.#engine.watermark);
  }

  async #add(quote: Quote): Promise<Exclude<AddOutcome, "too-early">> {
    for (;;) {
      const outcome = this.#addNow(quote);
      if (outcome !== "too-early") return outcome;
      await this.#moved.promise;
    }
  }

  #addNow({ symbol, observedAt, price, providerTime }: Quote): AddOutcome {
    return this.#engine.add(this.#index.get(symbol) ?? -1, observedAt, price, providerTime);
  }

  #close(watermark: EpochMs, rows: WindowRow[]): void {
    const { feed, symbols, windows, clock, writtenUpTo } = this.#options;
    const origin = { feed, symbols, windows, engine: "Embedded" } as const;
    const writtenAt = clock.now();
    this.#engine.advance(watermark, (columns) => {
      if (columns.windowEnd > writtenUpTo) rows.push(...rowObjects(columns, origin, writtenAt));
    });
  }

  #countLate(): void {
    const { feed, windows, telemetry } = this.#options;
    const late = this.#engine.lateQuotes;
    windows.forEach((window, i) => {
      const count = (late[i] ?? 0) - (this.#lateBefore[i] ?? 0);
      if (count > 0) telemetry.countLateQuotes(feed, resolutionLabel(window), count);
    });
    this.#lateBefore = late;
  }

  async #write(rows: readonly WindowRow[]): Promise<void> {
    if (rows.length === 0) return;
    const { feed, windows, telemetry, observer, clock } = this.#options;
    await writeUntilTaken(rows, {
      ...this.#options,
      onRefused: (error, retryAt) => {
        telemetry.countSinkRows(feed, "failed", rows.length);
        observer.onSinkError(error, rows.length, retryAt);
      },
    });
    telemetry.countSinkRows(feed, "written", rows.length);
    for (const window of windows) {
      const minutes = window.sizeMs / 60_000;
      const own = rows.filter((row) => row.resolutionMinutes === minutes);
      const newest = own.at(-1);
      if (newest === undefined) continue;
      telemetry.countWindows(feed, resolutionLabel(window), own.length);
      const delay = Math.max(0, clock.now() - newest.windowEnd) / 1000;
      telemetry.observeWindowClose(feed, resolutionLabel(window), delay);
    }
    observer.onRows(rows);
  }
}

function tooLate({ symbol, observedAt }: Quote, watermark: EpochMs): Rejection {
  const behind = (watermark - observedAt) / 1000;
  return {
    reason: "TooLate",
    detail: `${symbol}: observed ${behind} s before the watermark, too late for every window.`,
  };
}
