/** A feed on a log, on virtual time: pollers, streams that come and go, and what the rows have to be. */
import { encodeQuote } from "../src/quotes/wire.ts";
import { type Place, Places } from "../src/quotes/place.ts";
import type { Quote } from "../src/quotes/quote.ts";
import { sessionOf } from "../src/quotes/session.ts";
import { type LogStreamObserver, runLogStream } from "../src/stream/log-stream.ts";
import type { WindowRow } from "../src/windows/window-row.ts";
import type { WindowSpec } from "../src/windows/window-spec.ts";
import { countingTelemetry } from "./fakes/counting-telemetry.ts";
import { type ManualClock, manualClock } from "./fakes/manual-clock.ts";
import { type Delivery, MemoryLog } from "./fakes/memory-log.ts";
import { MemoryStore } from "./fakes/memory-store.ts";
import { comparable, oracleWorld, quote, START, SYMBOLS } from "./stream-world.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Of one minute and of three. */
export const WINDOWS: readonly WindowSpec[] = [1, 3].map((minutes) => ({
  sizeMs: minutes * MINUTE,
  periodMs: 10 * SECOND,
  offsetMs: 5 * SECOND,
  allowedLatenessMs: 20 * SECOND,
}));

const IN_ORDER: Delivery = { rate: 500, disorder: 0, random: () => 0 };

/** A feed whose quotes go into a log as time passes, and processes that read it. */
export class LogWorld {
  readonly clock: ManualClock = manualClock(START);
  readonly store = new MemoryStore();
  readonly log: MemoryLog;
  readonly published: Quote[] = [];
  readonly said: string[] = [];
  readonly counts: Record<string, number>;
  readonly #telemetry;
  readonly #random: () => number;
  readonly #end = new AbortController();
  #polled = START;
  #poller = this.#pollerFrom(START + 10 * SECOND);

  constructor(delivery: Delivery = IN_ORDER) {
    this.#random = delivery.random;
    this.log = new MemoryLog(this.clock, delivery);
    void this.log.run(this.#end.signal);
    const { telemetry, counts } = countingTelemetry();
    this.#telemetry = telemetry;
    this.counts = counts;
  }

  /**
   * Starts a stream; it ends when it is told to, with or without a word.
   * @param windows all of the feed's; a job of one resolution is a stream with that one alone
   */
  start({ capacity = 1_000, windows = WINDOWS }: { capacity?: number; windows?: readonly WindowSpec[] } = {}) {
    const stop = new AbortController();
    const died = new AbortController();
    const { store, clock } = this;
    const sinkOfDead = { writeRows: () => new Promise<void>(() => undefined) };
    const ended = runLogStream({
      feed: "default/three",
      symbols: SYMBOLS,
      windows,
      log: this.log.open(capacity, died.signal),
      sink: { writeRows: (rows) => (died.signal.aborted ? sinkOfDead : store).writeRows(rows) },
      newestQuotes: () =>
        store.refuses.has("rows") ? Promise.reject(new Error("away")) : Promise.resolve(newestQuotes(store.rows)),
      deadLetters: store,
      clock,
      random: this.#random,
      telemetry: this.#telemetry,
      observer: this.#observer(),
      signal: AbortSignal.any([stop.signal, died.signal, this.#end.signal]),
      giveUp: AbortSignal.any([died.signal, this.#end.signal]),
    });
    ended.catch(() => undefined);
    return {
      ended,
      stop: () => {
        stop.abort(new Error("stopped"));
      },
      kill: () => {
        died.abort(new Error("killed"));
      },
    };
  }

  /** A minute's poller, a process of its own. */
  #pollerFrom(from: number): Places {
    const always = sessionOf({ session: "Always", extendedHours: false });
    const session = { ...always, isOpen: (time: number) => time > START };
    return new Places({ poller: `p${from}`, shard: 0, session, intervalMs: 10 * SECOND, from });
  }

  /** Lets time pass, and polls each slot as it comes, each symbol some hundred milliseconds after it. */
  async pass(ms: number, { polling = true, symbols = SYMBOLS } = {}): Promise<void> {
    const until = this.clock.now() + ms;
    while (this.#polled + 10 * SECOND <= until) {
      this.#polled += 10 * SECOND;
      await this.clock.advance(this.#polled + 300);
      if (this.#polled % MINUTE === 10 * SECOND) this.#poller = this.#pollerFrom(this.#polled);
      if (!polling) continue;
      const places = this.#poller.of(this.#polled, symbols.length);
      symbols.forEach((symbol, i) => {
        this.publish(quote(symbol, this.#polled, { price: (i + 1) * 1_000_000 + (this.#polled % 9_973) }), places[i]);
      });
      this.#poller.published(this.#polled);
    }
    await this.clock.advance(Math.max(until, this.clock.now()));
  }

  publish(each: Quote, place?: Place): void {
    const { data, attributes } = encodeQuote(each, place);
    this.published.push(each);
    this.log.publish(data, attributes);
  }

  /** What brute force finds in all windows that have ended. */
  expected() {
    const oracle = oracleWorld(
      WINDOWS.map((window) => ({ ...window, allowedLatenessMs: 1e12 })),
      -Infinity,
    );
    oracle.take(this.published);
    oracle.advance(this.clock.now());
    return oracle.final();
  }

  winners() {
    return comparable(this.store.winningRows(), WINDOWS);
  }

  end(): void {
    this.#end.abort(new Error("over"));
  }

  #observer(): LogStreamObserver {
    return {
      onStart: (_start, attempt) => this.said.push(`start ${attempt}`),
      onLive: () => this.said.push("live"),
      onMissed: ({ why }) => this.said.push(`missed: ${why}`),
      onObstacle: (obstacle) => this.said.push(`obstacle: ${obstacle}`),
      onObstacleGone: () => undefined,
    };
  }
}

function newestQuotes(rows: readonly WindowRow[]): Map<number, number> {
  const newest = new Map<number, number>();
  for (const { resolutionMinutes, eventTime } of rows) {
    const sizeMs = resolutionMinutes * MINUTE;
    newest.set(sizeMs, Math.max(newest.get(sizeMs) ?? -Infinity, eventTime));
  }
  return newest;
}
