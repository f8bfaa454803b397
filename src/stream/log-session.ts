/**
 * One reading of a log, from a start position on: messages to quotes to windows, in step with the clock once all of the
 * past is read.
 *
 * - A message is acknowledged as it is taken in, or the dead letter has it. What is forgotten when the process ends is
 *   read again from the log, which keeps what was acknowledged.
 * - The watermark follows the clock, so a silent provider or symbol holds nothing up; while a backlog is read it follows
 *   that. Quotes too far ahead of it are parked, and when more are parked than the log hands over, delivery rests:
 *   that is how an outage of the sink stops the intake, and the end of it lets it go on.
 * - No row is written while quotes are known to be outstanding that belong before it, so that the newest quote in the
 *   sink tells a later start how far everything was taken in.
 * - A quote that was published in time and comes too late all the same (a lost connection, a second reader, an order
 *   that the backlog did not show) is never called late: the session ends, and the next one starts before it. The same
 *   where messages lack that were published, for then somebody else may have them.
 */
import type { Clock, LogMessage, QuoteLog, Telemetry } from "../ports.ts";
import { checkQuote, type QuoteRules, type Rejection } from "../quotes/quote-check.ts";
import type { DeadLetter, EpochMs, Quote } from "../quotes/quote.ts";
import { decodePlace, decodeQuote } from "../quotes/wire.ts";
import type { WindowSpec } from "../windows/window-spec.ts";
import { Backlog } from "./backlog.ts";
import { BySlot } from "./by-slot.ts";
import { nextWindowEnd } from "./close-loop.ts";
import type { FeedStream } from "./feed-stream.ts";
import { isMissed, publishedTooLate } from "./in-time.ts";
import { type Findings, LackWatch, SETTLING_MS, type Verdict } from "./lack-watch.ts";
import { type LetterOptions, putUntilTaken } from "./put-until-taken.ts";
import { MARGIN_MS, type StartPosition } from "./start-position.ts";

/** What of a stream a session works with. */
export type SessionStream = Pick<FeedStream, "watermark" | "takesUpTo" | "offer" | "advance">;

export interface SessionOptions extends LetterOptions {
  /** `namespace/name` of the feed. */
  readonly feed: string;
  readonly symbols: readonly string[];
  readonly windows: readonly WindowSpec[];
  readonly start: StartPosition;
  readonly stream: SessionStream;
  readonly log: QuoteLog;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** How long no piece of a backlog may come before there is none. */
  readonly quietMs: number;
  /** How long after a missed quote the session goes on, to see which others were missed. */
  readonly patienceMs: number;
  /** What the session before found out. */
  readonly earlier: Findings | undefined;
  /** Everything that is there is read, and the windows keep up with the clock. */
  readonly onLive: () => void;
  /** Stops the session. */
  readonly signal: AbortSignal;
}

/** Quotes that a session has missed, or may have. */
export interface Missed {
  readonly why: "late" | Verdict["why"];
  /** Those of this slot and later ones. */
  readonly from: EpochMs;
}

/** How a session ended. */
export type SessionEnding =
  | { readonly kind: "stopped" }
  /** @param liveMs how long the session had been live before */
  | (Missed & { readonly kind: "missed"; readonly liveMs: number });

/** How long after its publication a quote may come before a clock's step or a slow network can't be all there is to it. */
const DELIVERY_MS = 5_000;
/** How often a stream that is behind looks whether it can go on. */
const STEP_MS = 100;
/** How far behind a stream may be that keeps up. */
const KEEPS_UP_MS = 5_000;
/** How long a log that is known to hold quotes may take to deliver the first of them. */
const FIRST_DELIVERY_MS = 15_000;

interface Parked {
  readonly quote: Quote;
  readonly message: LogMessage;
  /** Whether it is acknowledged although the engine does not have it yet. */
  readonly acknowledged: boolean;
}

export class LogSession {
  readonly #options: SessionOptions;
  readonly #rules: QuoteRules;
  readonly #backlog: Backlog;
  readonly #parked = new BySlot<Parked>();
  readonly #startedAt: EpochMs;
  #delivered = false;
  #outstanding = 0;
  /** Parked messages that are acknowledged. */
  #early = 0;
  #liveSince: EpochMs | undefined;
  readonly #lacks: LackWatch;
  /** How long a slot is remembered. */
  readonly #reachMs: number;
  #missed: (Missed & { readonly at: EpochMs }) | undefined;

  constructor(options: SessionOptions) {
    const { symbols, windows, clock, start, quietMs, earlier } = options;
    const intervalMs = windows[0]?.periodMs ?? NaN;
    this.#options = options;
    this.#rules = { symbols: new Set(symbols), intervalMs };
    this.#startedAt = clock.now();
    this.#backlog = new Backlog(this.#startedAt, Math.max(quietMs, SETTLING_MS));
    this.#backlog.noteOutstanding(start.seekTo, this.#startedAt);
    this.#reachMs = MARGIN_MS + Math.max(...windows.map(({ sizeMs, allowedLatenessMs }) => sizeMs + allowedLatenessMs));
    this.#lacks = new LackWatch({ start, intervalMs, startedAt: this.#startedAt, earlier });
  }

  /** What the next session has to know. */
  get findings(): Findings {
    return this.#lacks.findings(this.#settled);
  }

  /**
   * Reads until it is stopped, or has to be begun anew.
   * @throws the stream's error, when it can't write its rows
   */
  async run(): Promise<SessionEnding> {
    const { log, clock, signal } = this.#options;
    const reading = log.read((message) => {
      this.#receive(message);
    });
    let ending: SessionEnding | undefined;
    try {
      while (ending === undefined) {
        this.#judgeLacks();
        await this.#closeUpTo(this.#target());
        ending = signal.aborted ? { kind: "stopped" } : this.#ending();
        if (ending === undefined) await clock.sleepUntil(this.#nextLook(), signal).catch(() => undefined);
      }
    } finally {
      await reading.close();
    }
    if (ending.kind === "stopped") await this.#closeUpTo(this.#target());
    return ending;
  }

  /** How far the watermark may go now. */
  #target(): EpochMs {
    const { clock, start, quietMs } = this.#options;
    const now = clock.now();
    // The log is known to hold quotes: those of the newest row.
    const awaited = !this.#delivered && start.newestQuote !== undefined && now < this.#startedAt + FIRST_DELIVERY_MS;
    const wanted = this.#liveSince === undefined ? this.#lacks.wantedFrom : Infinity;
    const target = awaited ? start.seekTo : Math.min(now, this.#backlog.readUpTo(now, quietMs), wanted);
    // What is full of parked quotes gets nothing else to go by.
    return this.#backlog.full && this.#parked.oldest < Infinity ? Math.max(target, this.#parked.oldest) : target;
  }

  /** All that was published before this has had its time to come. */
  get #settled(): EpochMs {
    const now = this.#options.clock.now();
    return Math.min(now - SETTLING_MS, this.#backlog.readUpTo(now, SETTLING_MS));
  }

  #judgeLacks(): void {
    const { clock, stream } = this.#options;
    this.#lacks.forget(Math.min(clock.now(), stream.watermark) - this.#reachMs);
    const verdict = this.#hasMissed ? undefined : this.#lacks.judge(this.#settled);
    if (verdict !== undefined) this.#miss(verdict.why, verdict.from);
  }

  /** Moves the watermark on, over no parked quote: each is taken in as the watermark comes near it. */
  async #closeUpTo(target: EpochMs): Promise<void> {
    const { stream, clock, onLive } = this.#options;
    if (target < stream.watermark) return;
    while (!this.#hasMissed) {
      const step = Math.min(target, this.#parked.oldest);
      await stream.advance(step);
      while (this.#parked.oldest <= stream.takesUpTo) {
        for (const { quote, message, acknowledged } of this.#parked.takeOldest()) {
          if (acknowledged) this.#early -= 1;
          this.#offer(quote, message, acknowledged);
        }
      }
      if (step === target) break;
    }
    const behind = clock.now() - target > KEEPS_UP_MS;
    if (this.#hasMissed || this.#liveSince !== undefined || behind || this.#parked.oldest < Infinity) return;
    this.#liveSince = clock.now();
    onLive();
  }

  get #hasMissed(): boolean {
    return this.#missed !== undefined;
  }

  #ending(): SessionEnding | undefined {
    const { clock, patienceMs } = this.#options;
    if (this.#missed === undefined) return undefined;
    const { why, from, at } = this.#missed;
    const liveMs = this.#liveSince === undefined ? 0 : at - this.#liveSince;
    return clock.now() >= at + patienceMs ? { kind: "missed", why, from, liveMs } : undefined;
  }

  #nextLook(): EpochMs {
    const { clock, windows, stream, quietMs } = this.#options;
    const now = clock.now();
    const next = nextWindowEnd(windows, now);
    const restless =
      this.#parked.oldest < Infinity ||
      this.#missed !== undefined ||
      this.#backlog.readUpTo(now, quietMs) < Infinity ||
      nextWindowEnd(windows, stream.watermark) < next;
    return restless ? Math.min(next, now + STEP_MS) : next;
  }

  #receive(message: LogMessage): void {
    const { feed, clock, log } = this.#options;
    const now = clock.now();
    this.#delivered = true;
    this.#outstanding += 1;
    this.#backlog.setFull(this.#outstanding >= log.capacity, now);
    this.#backlog.noteDelivery(message.publishedAt, now);
    const place = decodePlace(message.attributes);
    if (place !== undefined) this.#lacks.note(place, message.publishedAt);
    const decoded = decodeQuote(message.data);
    // Held to the clock of its publication, so that it is judged the same whenever it is read.
    const rejection = "quote" in decoded ? this.#reject(decoded.quote, message.publishedAt, feed) : decoded;
    if (rejection !== undefined) this.#bury(message, rejection);
    else if ("quote" in decoded) this.#offer(decoded.quote, message);
  }

  #reject(quote: Quote, publishedAt: EpochMs, feed: string): Rejection | undefined {
    if (quote.feed === feed) return checkQuote(quote, this.#rules, publishedAt);
    return { reason: "Malformed", detail: `feed is ${JSON.stringify(quote.feed)}: this is the topic of ${feed}.` };
  }

  #offer(quote: Quote, message: LogMessage, acknowledged = false): void {
    const { stream, windows, start, clock, log } = this.#options;
    const { watermark } = stream;
    const outcome = stream.offer(quote);
    if (outcome === "too-early") {
      // As long as memory allows: a log that has no acknowledgement delivers nothing twice, also where it should.
      const early = acknowledged || this.#early < log.capacity / 2;
      if (early) this.#early += 1;
      if (early && !acknowledged) this.#acknowledge(message);
      this.#parked.add(quote.observedAt, { quote, message, acknowledged: early });
      return;
    }
    const published = { observedAt: quote.observedAt, publishedAt: message.publishedAt };
    const missed = outcome !== "duplicate" && isMissed(published, windows, { ...start, watermark });
    const slow = clock.now() - message.publishedAt > DELIVERY_MS;
    if (outcome === "too-late" && (publishedTooLate(published, windows) || (missed && !slow))) {
      this.#bury(message, tooLate(quote, message.publishedAt), acknowledged);
      return;
    }
    if (missed && slow) this.#miss("late", quote.observedAt);
    if (outcome !== "too-late") this.#count(outcome, message);
    if (!acknowledged) this.#acknowledge(message);
  }

  #miss(why: Missed["why"], slot: EpochMs): void {
    const { from, at } = this.#missed ?? { from: Infinity, at: this.#options.clock.now() };
    this.#missed = { why, from: Math.min(from, slot), at };
  }

  /** Puts a message into the dead letter, but for one whose letter an earlier life has put there. */
  #bury(message: LogMessage, why: Rejection, acknowledged = false): void {
    const { feed, clock, start } = this.#options;
    const done = () => {
      if (!acknowledged) this.#acknowledge(message);
    };
    if (message.publishedAt < start.dealtWithBefore) {
      done();
      return;
    }
    const payload = new TextDecoder().decode(message.data);
    const letter: DeadLetter = { feed, ...why, payload, receivedAt: clock.now(), messageId: message.id };
    void putUntilTaken(letter, this.#options).then((taken) => {
      // Stopped: the log has it still.
      if (!taken) return;
      this.#count("dead_letter", message);
      done();
    });
  }

  /** What an earlier life dealt with has been counted. */
  #count(outcome: "accepted" | "duplicate" | "dead_letter", { publishedAt }: LogMessage): void {
    const { telemetry, feed, start } = this.#options;
    if (publishedAt >= start.dealtWithBefore) telemetry.countQuotes(feed, outcome, 1);
  }

  #acknowledge(message: LogMessage): void {
    const { clock, log } = this.#options;
    const now = clock.now();
    message.ack();
    this.#outstanding -= 1;
    this.#backlog.setFull(this.#outstanding >= log.capacity, now);
  }
}

function tooLate({ symbol, observedAt }: Quote, publishedAt: EpochMs): Rejection {
  const after = (publishedAt - observedAt) / 1000;
  return { reason: "TooLate", detail: `${symbol}: published ${after} s after its slot, too late for every window.` };
}
