import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countingTelemetry } from "../../test/fakes/counting-telemetry.ts";
import { type ManualClock, manualClock } from "../../test/fakes/manual-clock.ts";
import { type Delivery, MemoryLog } from "../../test/fakes/memory-log.ts";
import { MemoryStore } from "../../test/fakes/memory-store.ts";
import { comparable, oracleWorld, quote, START, SYMBOLS } from "../../test/stream-world.ts";
import { type Place, Places } from "../quotes/place.ts";
import type { Quote } from "../quotes/quote.ts";
import { sessionOf } from "../quotes/session.ts";
import { encodeQuote } from "../quotes/wire.ts";
import type { WindowRow } from "../windows/window-row.ts";
import type { WindowSpec } from "../windows/window-spec.ts";
import { type LogStreamObserver, runLogStream } from "./log-stream.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const WINDOWS: readonly WindowSpec[] = [1, 3].map((minutes) => ({
  sizeMs: minutes * MINUTE,
  periodMs: 10 * SECOND,
  offsetMs: 5 * SECOND,
  allowedLatenessMs: 20 * SECOND,
}));

const IN_ORDER: Delivery = { rate: 500, disorder: 0, random: () => 0 };

/** A feed whose quotes go into a log as time passes, and processes that read it. */
class LogWorld {
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

  /** Starts a stream; it ends when it is told to, with or without a word. */
  start(capacity = 1_000) {
    const stop = new AbortController();
    const died = new AbortController();
    const { store, clock } = this;
    const sinkOfDead = { writeRows: () => new Promise<void>(() => undefined) };
    const ended = runLogStream({
      feed: "default/three",
      symbols: SYMBOLS,
      windows: WINDOWS,
      log: this.log.open(capacity, died.signal),
      sink: { writeRows: (rows) => (died.signal.aborted ? sinkOfDead : store).writeRows(rows) },
      newestQuoteTime: () =>
        store.refuses.has("rows") ? Promise.reject(new Error("away")) : Promise.resolve(newestQuote(store.rows)),
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

function newestQuote(rows: readonly WindowRow[]): number | undefined {
  return rows.length === 0 ? undefined : Math.max(...rows.map(({ eventTime }) => eventTime));
}

describe("a stream on a log", () => {
  it("writes each window once, as it ends, while all goes well", async () => {
    const world = new LogWorld();
    world.start();
    await world.pass(8 * MINUTE);
    expect(world.winners()).toEqual(world.expected());
    const { rows } = world.store;
    expect(rows).toHaveLength(world.expected().length);
    expect(rows.every(({ windowEnd, writtenAt }) => writtenAt - windowEnd <= 100)).toBe(true);
    expect(world.said).toEqual(["start 0", "live"]);
    world.end();
  });

  it("closes windows though no quote comes any more", async () => {
    const world = new LogWorld();
    world.start();
    await world.pass(MINUTE);
    await world.pass(5 * MINUTE, { polling: false });
    expect(world.winners()).toEqual(world.expected());
    world.end();
  });

  it("writes what is due as it is stopped", async () => {
    const world = new LogWorld();
    const stream = world.start();
    await world.pass(2 * MINUTE);
    stream.stop();
    await world.clock.advance(world.clock.now());
    await stream.ended;
    expect(world.winners()).toEqual(world.expected());
    world.end();
  });

  it("reads after a restart what the windows need, and writes no row that is there in its last state", async () => {
    const world = new LogWorld();
    const stream = world.start();
    await world.pass(20 * MINUTE);
    stream.kill();
    const before = world.store.rows.length;
    const settled = world.clock.now() - 3 * MINUTE;
    world.start();
    await world.pass(MINUTE);
    expect(world.winners()).toEqual(world.expected());
    const again = world.store.rows.slice(before);
    expect(Math.min(...again.map(({ windowEnd }) => windowEnd))).toBeGreaterThan(settled);
    expect(world.counts["quotes.accepted"]).toBeLessThan(world.published.length + 3 * 6 * 4);
    world.end();
  });

  it("makes the rows of an outage of the sink that outlasts the longest window, backlog and all", async () => {
    const world = new LogWorld({ rate: 5, disorder: 3, random: () => 0.5 });
    world.start(40);
    await world.pass(5 * MINUTE);
    world.store.refuses.add("rows");
    await world.pass(20 * MINUTE);
    world.store.refuses.clear();
    await world.pass(5 * MINUTE);
    expect(world.winners()).toEqual(world.expected());
    expect(world.store.letters).toEqual([]);
    world.end();
  });

  it("reads again what it missed while it was cut off from the log, and calls none of it late", async () => {
    const world = new LogWorld();
    world.start();
    await world.pass(5 * MINUTE);
    world.log.connected = false;
    await world.pass(10 * MINUTE);
    world.log.connected = true;
    await world.pass(5 * MINUTE);
    expect(world.winners()).toEqual(world.expected());
    expect(world.store.letters).toEqual([]);
    expect(world.said).toContain("missed: late");
    world.end();
  });

  it("puts a quote that was published too late into the dead letter, once, and what is none with its reason", async () => {
    const world = new LogWorld();
    const stream = world.start();
    await world.pass(6 * MINUTE);
    const late = quote("IBM", START + MINUTE, { price: 7 });
    world.log.publish(encodeQuote(late).data);
    world.log.publish("no quote");
    world.log.publish(encodeQuote({ ...late, feed: "default/four" }).data);
    world.log.publish(encodeQuote({ ...late, observedAt: START + 20 * MINUTE }).data);
    await world.pass(10 * SECOND);
    const reasons = ["TooLate", "Malformed", "Malformed", "FutureTime"];
    expect(world.store.letters.map(({ reason }) => reason)).toEqual(reasons);
    expect(world.counts["quotes.dead_letter"]).toBe(4);
    expect(world.winners()).toEqual(world.expected());
    // They are read again at the next start.
    await world.pass(6 * MINUTE);
    stream.kill();
    world.start();
    await world.pass(MINUTE);
    expect(world.store.letters).toHaveLength(4);
    world.end();
  });

  it("keeps what the dead letter does not take, and goes on with the rest", async () => {
    const world = new LogWorld();
    world.start();
    await world.pass(MINUTE);
    world.store.refuses.add("letters");
    world.log.publish("no quote");
    await world.pass(2 * MINUTE);
    expect(world.said).toContain("obstacle: dead letter");
    expect(world.winners()).toEqual(world.expected());
    world.store.refuses.clear();
    await world.pass(MINUTE);
    expect(world.store.letters.map(({ payload }) => payload)).toEqual(["no quote"]);
    world.end();
  });

  it("waits for a sink that can't say how far it is", async () => {
    const world = new LogWorld();
    world.store.refuses.add("rows");
    world.start();
    await world.pass(3 * MINUTE);
    expect(world.said).toEqual(world.said.map(() => "obstacle: sink"));
    world.store.refuses.clear();
    await world.pass(MINUTE);
    expect(world.winners()).toEqual(world.expected());
    world.end();
  });

  it.each(["older", "newer"])("of two at once mends alone what both have done, the %s one", async (survivor) => {
    let seed = 1;
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const world = new LogWorld({ rate: 50, disorder: 2, random });
    const older = world.start();
    await world.pass(10 * MINUTE);
    const newer = world.start();
    await world.pass(3 * MINUTE);
    (survivor === "older" ? newer : older).kill();
    await world.pass(12 * MINUTE);
    expect(world.said).toContain("missed: second reader");
    expect(world.winners()).toEqual(world.expected());
    expect(world.store.letters).toEqual([]);
    world.end();
  });
});

/** How a log gives its messages to two readers. */
const arbitrarySplit = fc.oneof(
  fc.constantFrom(0, 1).map((older) => ({ kind: "share" as const, older })),
  fc.record({ kind: fc.constant("share" as const), older: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant("every" as const), nth: fc.integer({ min: 1, max: 40 }) }),
);

describe("two streams at once", () => {
  const seconds = (max: number) => fc.integer({ min: 0, max });
  const course = fc.record({
    symbols: fc.integer({ min: 1, max: SYMBOLS.length }),
    split: fc.array(arbitrarySplit, { minLength: 1, maxLength: 4 }),
    alone: seconds(600),
    together: seconds(90),
    survivor: fc.constantFrom("older" as const, "newer" as const),
    died: fc.constantFrom("killed" as const, "stopped" as const),
    after: seconds(120),
    // The last quotes may be those that the other one had.
    falls: fc.constantFrom("silent" as const, "not silent" as const),
    rate: fc.integer({ min: 4, max: 60 }),
    disorder: fc.nat({ max: 30 }),
  });

  it("end as brute force has them once one of the two is gone, however the log is split between them", async () => {
    await fc.assert(
      fc.asyncProperty(
        course,
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        async ({ symbols, split, alone, together, survivor, died, after, falls, rate, disorder }, randoms) => {
          const random = () => randoms.next().value as number;
          let at = 0;
          const pick = (readers: number, { id }: { readonly id: string }) => {
            const way = split[Math.floor(at) % split.length];
            if (way === undefined || readers < 2) return 0;
            return way.kind === "share" ? Number(random() >= way.older) : Number(Number(id) % way.nth === 0);
          };
          const world = new LogWorld({ rate, disorder, random, pick });
          const polling = { symbols: SYMBOLS.slice(0, symbols) };
          const older = world.start();
          await world.pass(MINUTE + alone * SECOND, polling);
          const newer = world.start();
          for (let i = 0; i < split.length; i += 1) {
            at = i;
            await world.pass((together / split.length) * SECOND, polling);
          }
          const gone = survivor === "older" ? newer : older;
          if (died === "killed") gone.kill();
          else gone.stop();
          await world.pass(after * SECOND, polling);
          await world.pass(12 * MINUTE, { ...polling, polling: falls === "not silent" });
          world.end();
          expect(world.winners()).toEqual(world.expected());
          expect(world.store.letters).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("whatever happens to a stream", () => {
  const event = fc.oneof(
    fc.record({ kind: fc.constant("pass" as const), seconds: fc.integer({ min: 1, max: 90 }) }),
    fc.record({ kind: fc.constant("kill" as const), down: fc.nat({ max: 400 }) }),
    fc.record({ kind: fc.constant("sink away" as const), seconds: fc.nat({ max: 400 }) }),
    fc.record({ kind: fc.constant("cut off" as const), seconds: fc.nat({ max: 400 }) }),
  );

  it("the winning rows end as brute force has them, and no good quote in the dead letter", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 8 }),
        fc.integer({ min: 4, max: 60 }),
        fc.nat({ max: 30 }),
        fc.integer({ min: 10, max: 500 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        async (events, rate, disorder, capacity, randoms) => {
          const random = () => randoms.next().value as number;
          const world = new LogWorld({ rate, disorder, random });
          let stream = world.start(capacity);
          await world.pass(MINUTE);
          for (const each of events) {
            if (each.kind === "pass") await world.pass(each.seconds * SECOND);
            if (each.kind === "kill") {
              stream.kill();
              await world.pass(each.down * SECOND);
              stream = world.start(capacity);
            }
            if (each.kind === "sink away") {
              world.store.refuses.add("rows");
              await world.pass(each.seconds * SECOND);
              world.store.refuses.clear();
            }
            if (each.kind === "cut off") {
              world.log.connected = false;
              await world.pass(each.seconds * SECOND);
              world.log.connected = true;
            }
          }
          await world.pass(10 * MINUTE);
          world.end();
          expect(world.winners()).toEqual(world.expected());
          expect(world.store.letters).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
  });
});
