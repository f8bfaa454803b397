/**
 * The embedded engine at work for one feed: takes quotes in, keeps them, closes windows as the watermark moves on and
 * writes their rows.
 *
 * - A quote counts as taken in when the archive has it, so a crash loses nothing: windows are made again from there.
 * - What is no quote of the feed, or too late for all of its windows, goes to the dead letter with the reason.
 * - While the sink refuses rows the watermark stands still; quotes that run too far ahead of it wait, and so do those
 *   behind them. Rows are offered again until the sink has them.
 * - The rows of a step of the watermark are written whole or not at all, so the newest row in the sink tells how far
 *   the windows of all resolutions are there.
 */
import { resolutionLabel } from "../api/window-specs.ts";
import type { Clock, DeadLetters, QuoteArchive, ResultSink, Telemetry } from "../ports.ts";
import type { DeadLetter, EpochMs, Quote } from "../quotes/quote.ts";
import { checkQuote, FUTURE_TOLERANCE_MS, type QuoteRules, type Rejection } from "../quotes/quote-check.ts";
import { type AddOutcome, WindowEngine } from "../windows/window-engine.ts";
import { rowObjects } from "../windows/row-objects.ts";
import { quoteJson } from "../quotes/wire.ts";
import type { WindowRow } from "../windows/window-row.ts";
import type { WindowSpec } from "../windows/window-spec.ts";
import { writeUntilTaken } from "./write-until-taken.ts";

/** Rows that are written at once, about: an hour of windows made again would be a million objects. */
const BATCH_ROWS = 20_000;

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
  /**
   * Most milliseconds between the window ends of one write, for a sink that may break off in the middle of one: what is
   * then missing is no further back from its newest row. Any number where a write is whole or not at all.
   */
  readonly writeSpanMs?: number;
  /** Keeps the quotes; without it a restart begins with empty windows. */
  readonly archive?: QuoteArchive;
  readonly deadLetters: DeadLetters;
  /** The feed's time, real or virtual. */
  readonly clock: Clock;
  /** The machine's time, for retries and for when rows are written. */
  readonly machineClock: Clock;
  readonly telemetry: Telemetry;
  readonly observer: StreamObserver;
  /** Ends the waiting for a sink that takes nothing. */
  readonly signal: AbortSignal;
}

export class FeedStream {
  readonly #options: FeedStreamOptions;
  readonly #rules: QuoteRules;
  readonly #index: ReadonlyMap<string, number>;
  readonly #engine: WindowEngine;
  readonly #periodMs: number;
  readonly #aheadMs: number;
  /** How long after its slot a quote is in no open window any more. */
  readonly #reachMs: number;
  #newestSlot: EpochMs = -Infinity;
  /** When the rows that are being closed count as written. */
  #writtenAt: EpochMs = -Infinity;
  #lateBefore: readonly number[];
  /** Resolves when the watermark moves on next, or never will. */
  #moved = Promise.withResolvers<undefined>();
  /** Why rows could not be written, once the stream has given up on them. */
  #failure: Error | undefined;

  constructor(options: FeedStreamOptions) {
    const { symbols, windows, watermark } = options;
    const periodMs = windows[0]?.periodMs ?? NaN;
    this.#options = options;
    this.#periodMs = periodMs;
    this.#reachMs = Math.max(...windows.map(({ sizeMs }) => sizeMs)) + periodMs;
    this.#index = new Map(symbols.map((symbol, i) => [symbol, i]));
    // The watermark moves from one window's end to the next, so it may be a period behind the clock, and a step more
    // while rows are written.
    const aheadMs = FUTURE_TOLERANCE_MS + 2 * periodMs;
    this.#aheadMs = aheadMs;
    this.#engine = new WindowEngine({ symbolCount: symbols.length, windows, watermark, aheadMs });
    this.#rules = { symbols: new Set(symbols), intervalMs: periodMs };
    this.#lateBefore = this.#engine.lateQuotes;
    const lag = () => Math.max(0, options.clock.now() - this.#engine.watermark) / 1000;
    options.telemetry.measureWatermarkLag(options.feed, lag);
  }

  get watermark(): EpochMs {
    return this.#engine.watermark;
  }

  /** The newest slot whose quotes are not too early now. */
  get takesUpTo(): EpochMs {
    return this.#engine.watermark + this.#aheadMs;
  }

  /**
   * Takes in one quote that is known to be good, at once or, where it is too early, not at all. Nothing else happens:
   * no archive, no dead letter, no count.
   */
  offer(quote: Quote): AddOutcome {
    return this.#addNow(quote);
  }

  /**
   * Takes in quotes as the bus delivers them; when it rejects, they are to be delivered again. Once the stream has
   * given up on its sink, quotes are kept in the archive alone, for the next start.
   */
  async take(quotes: readonly Quote[]): Promise<void> {
    const { clock, archive, observer, telemetry, feed } = this.#options;
    const now = clock.now();
    const buried: [Quote, Rejection][] = [];
    const good = quotes.filter((quote) => {
      const rejection = checkQuote(quote, this.#rules, now);
      if (rejection !== undefined) buried.push([quote, rejection]);
      return rejection === undefined;
    });
    await archive?.appendQuotes(good);
    const counts = { accepted: 0, duplicate: 0 };
    for (const quote of good) {
      const atOnce = this.#addNow(quote);
      const outcome = atOnce === "too-early" ? await this.#addLater(quote) : atOnce;
      if (outcome === "too-late") buried.push([quote, tooLate(quote, this.#engine.watermark)]);
      else if (outcome !== "too-early") counts[outcome] += 1;
    }
    for (const outcome of ["accepted", "duplicate"] as const) {
      if (counts[outcome] > 0) telemetry.countQuotes(feed, outcome, counts[outcome]);
    }
    observer.onQuotes(good);
    await this.#bury(buried, now);
  }

  /**
   * Makes windows again from quotes that the archive has: slots in order. Each slot's time is the watermark as it
   * comes, so any stretch of time fits, and none of them is late.
   */
  async rebuild(batches: AsyncIterable<readonly Quote[]> | Iterable<readonly Quote[]>): Promise<void> {
    for await (const batch of batches) {
      const rows: WindowRow[] = [];
      for (const quote of batch) {
        if (checkQuote(quote, this.#rules, Infinity) !== undefined) continue;
        if (quote.observedAt > this.#engine.watermark) await this.#closeUpTo(quote.observedAt, rows);
        this.#addNow(quote);
      }
      await this.#write(rows);
      this.#options.observer.onQuotes(batch);
    }
    // Late or not was counted when they first came.
    this.#lateBefore = this.#engine.lateQuotes;
  }

  /**
   * Moves the watermark on, and writes the rows of the windows that this closes and of those that changed.
   * @throws the sink's error, when the sink still refused the rows as the signal was aborted
   */
  async advance(watermark: EpochMs): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const rows: WindowRow[] = [];
    await this.#closeUpTo(watermark, rows);
    this.#countLate();
    await this.#write(rows);
    this.#observeDelay(rows);
    this.#moved.resolve(undefined);
    this.#moved = Promise.withResolvers();
    this.#options.observer.onWatermark(this.#engine.watermark);
  }

  /** Adds a quote that is too early, when the watermark is near enough; "too-early" where it never will be. */
  async #addLater(quote: Quote): Promise<AddOutcome> {
    let outcome: AddOutcome = "too-early";
    while (outcome === "too-early" && this.#failure === undefined) {
      await this.#moved.promise;
      outcome = this.#addNow(quote);
    }
    return outcome;
  }

  #addNow({ symbol, observedAt, price, providerTime }: Quote): AddOutcome {
    const outcome = this.#engine.add(this.#index.get(symbol) ?? -1, observedAt, price, providerTime);
    if (outcome === "accepted") this.#newestSlot = Math.max(this.#newestSlot, observedAt);
    return outcome;
  }

  async #bury(quotes: readonly [Quote, Rejection][], receivedAt: EpochMs): Promise<void> {
    const { feed, deadLetters, telemetry } = this.#options;
    if (quotes.length === 0) return;
    const letters = quotes.map(([quote, why]): DeadLetter => {
      return { feed, ...why, payload: quoteJson(quote), receivedAt };
    });
    await deadLetters.putDeadLetters(letters);
    telemetry.countQuotes(feed, "dead_letter", letters.length);
  }

  /** Moves the engine's watermark on and adds its rows to `rows`, of which those before are written as they are many. */
  async #closeUpTo(watermark: EpochMs, rows: WindowRow[]): Promise<void> {
    // Rises each time: of two rows with as many quotes the later one counts, also within one millisecond.
    const { machineClock, writeSpanMs = Infinity } = this.#options;
    this.#writtenAt = Math.max(machineClock.now(), this.#writtenAt + 1);
    const busyUntil = Math.min(watermark, this.#newestSlot + this.#reachMs);
    let next = this.#engine.watermark;
    do {
      next = next + this.#periodMs < busyUntil ? next + this.#periodMs : watermark;
      const span = (rows.at(-1)?.windowEnd ?? 0) - (rows[0]?.windowEnd ?? 0);
      if (rows.length >= BATCH_ROWS || span >= writeSpanMs) await this.#write(rows.splice(0));
      this.#close(next, rows);
    } while (next < watermark);
  }

  #close(watermark: EpochMs, rows: WindowRow[]): void {
    const { feed, symbols, windows, writtenUpTo } = this.#options;
    const origin = { feed, symbols, windows, engine: "Embedded" } as const;
    const writtenAt = this.#writtenAt;
    this.#engine.advance(watermark, (columns) => {
      if (columns.windowEnd <= writtenUpTo) return;
      for (const row of rowObjects(columns, origin, writtenAt)) rows.push(row);
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
    const { feed, telemetry, observer } = this.#options;
    const onRefused = (error: Error, retryAt: EpochMs) => {
      telemetry.countSinkRows(feed, "failed", rows.length);
      observer.onSinkError(error, rows.length, retryAt);
    };
    try {
      await writeUntilTaken(rows, { ...this.#options, onRefused });
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#moved.resolve(undefined);
      throw error;
    }
    telemetry.countSinkRows(feed, "written", rows.length);
    for (const { label, count } of this.#byResolution(rows)) telemetry.countWindows(feed, label, count);
    observer.onRows(rows);
  }

  /** How long after their windows' ends the newest of these rows were there. */
  #observeDelay(rows: readonly WindowRow[]): void {
    const { feed, telemetry, clock } = this.#options;
    const now = clock.now();
    for (const { label, lastEnd } of this.#byResolution(rows)) {
      telemetry.observeWindowClose(feed, label, Math.max(0, now - lastEnd) / 1000);
    }
  }

  /** Of each resolution that has rows among these, how many, and the window end of the last. */
  #byResolution(rows: readonly WindowRow[]): { readonly label: string; count: number; lastEnd: EpochMs }[] {
    const own = this.#options.windows.map((window) => {
      return { minutes: window.sizeMs / 60_000, label: resolutionLabel(window), count: 0, lastEnd: -Infinity };
    });
    for (const { resolutionMinutes, windowEnd } of rows) {
      const resolution = own.find(({ minutes }) => minutes === resolutionMinutes);
      if (resolution === undefined) continue;
      resolution.count += 1;
      resolution.lastEnd = windowEnd;
    }
    return own.filter(({ count }) => count > 0);
  }
}

function tooLate({ symbol, observedAt }: Quote, watermark: EpochMs): Rejection {
  const behind = (watermark - observedAt) / 1000;
  return {
    reason: "TooLate",
    detail: `${symbol}: observed ${behind} s before the watermark, too late for every window.`,
  };
}
