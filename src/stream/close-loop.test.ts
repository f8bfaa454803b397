import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comparable, oracleWorld, quote, START, streamWorld, SYMBOLS } from "../../test/stream-world.ts";
import { memoryBus } from "../adapters/memory/memory-bus.ts";
import type { Quote } from "../quotes/quote.ts";
import type { WindowSpec } from "../windows/window-spec.ts";
import { closeUpTo, nextWindowEnd, runCloseLoop } from "./close-loop.ts";
import { QuotesUnderWay } from "./quotes-under-way.ts";

const ONE_MINUTE: WindowSpec = { sizeMs: 60_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 20_000 };
const WINDOWS = [ONE_MINUTE, { ...ONE_MINUTE, sizeMs: 120_000, offsetMs: 2_000 }];

/** A stream behind a bus, with windows that close as time passes. */
function liveWorld() {
  const world = streamWorld(WINDOWS);
  const { clock, stream, stop } = world;
  const bus = new QuotesUnderWay(memoryBus({ clock }));
  bus.subscribe((quotes) => stream.take(quotes));
  const closing = runCloseLoop({ stream, underWay: bus, windows: WINDOWS, clock, signal: stop.signal });
  const published: Quote[] = [];
  return {
    ...world,
    bus,
    closing,
    /** Polls so many slots, each as its time comes, from the clock's on. */
    poll: async (slots: number) => {
      for (let i = 0; i < slots; i += 1) {
        const slot = Math.ceil((clock.now() + 1) / 10_000) * 10_000;
        await clock.advance(slot);
        const quotes = SYMBOLS.map((symbol, at) => quote(symbol, slot, { price: (at + 1) * 1_000_000 + (slot % 997) }));
        published.push(...quotes);
        void bus.publish(quotes);
      }
      await clock.advance(clock.now() + 9_999);
    },
    /** What brute force finds in all that was published. */
    expected: () => {
      const oracle = oracleWorld(WINDOWS);
      oracle.take(published);
      oracle.advance(clock.now());
      return oracle.final();
    },
  };
}

describe("closing windows", () => {
  it("has its next time where the first of the windows ends", () => {
    expect(nextWindowEnd([ONE_MINUTE], START)).toBe(START + 5_000);
    expect(nextWindowEnd([ONE_MINUTE], START + 5_000)).toBe(START + 15_000);
    expect(nextWindowEnd(WINDOWS, START + 5_000)).toBe(START + 12_000);
    expect(nextWindowEnd([{ ...ONE_MINUTE, offsetMs: 0 }], START)).toBe(START + 10_000);
  });

  it("writes each window once, as it ends, while all goes well", async () => {
    const { store, counts, lag, poll, expected, stop, closing } = liveWorld();
    await poll(30);
    expect(comparable(store.rows, WINDOWS)).toEqual(expected());
    expect(store.rows.every(({ windowEnd, writtenAt }) => writtenAt === windowEnd)).toBe(true);
    expect(counts).toMatchObject({ "quotes.accepted": 90 });
    // The newest window ended 5 s after its slot, and the next slot is a millisecond away.
    expect(lag()).toBe(4.999);
    stop.abort();
    await closing;
  });

  it("closes windows without a single quote to say so", async () => {
    const { store, poll, clock, stop, closing } = liveWorld();
    await poll(3);
    await clock.advance(clock.now() + 600_000);
    // The last quotes leave a window after another, then nothing is left to write.
    expect(Math.max(...store.rows.map(({ windowEnd }) => windowEnd))).toBe(START + 30_000 + 120_000 - 8_000);
    stop.abort();
    await closing;
  });

  it("loses no quote when the store refuses rows, quotes or both for a while, however long", async () => {
    const outage = fc.record({
      refused: fc.subarray(["rows", "quotes"] as const, { minLength: 1 }),
      slots: fc.integer({ min: 1, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(outage, async ({ refused, slots }) => {
        const { store, counts, poll, expected, stop, closing } = liveWorld();
        await poll(5);
        for (const what of refused) store.refuses.add(what);
        await poll(slots);
        store.refuses.clear();
        // Redelivery and rewriting are tried again every 10 s at the latest.
        await poll(4);
        expect(comparable(store.winningRows(), WINDOWS)).toEqual(expected());
        expect(store.letters).toEqual([]);
        expect(Object.keys(counts).filter((name) => name.startsWith("late"))).toEqual([]);
        stop.abort();
        await closing;
      }),
      { numRuns: 25 },
    );
  });

  it("goes as far as the oldest quote under way, and once aborted waits for it no longer", async () => {
    const { stream, store, clock } = streamWorld(WINDOWS);
    const bus = new QuotesUnderWay(memoryBus({ clock }));
    await stream.take([quote("AAPL", START)]);
    await clock.leap(START + 30_000);
    await bus.publish([quote("AAPL", START + 20_000), quote("AAPL", START + 10_000)]);
    const given = new AbortController();
    const closing = closeUpTo(START + 30_000, { stream, underWay: bus, signal: given.signal });
    await clock.leap(START + 31_000);
    given.abort();
    await closing;
    expect(store.rows.map(({ windowEnd }) => windowEnd - START)).toEqual([2_000, 5_000]);
  });
});

describe("quotes under way", () => {
  const signal = new AbortController().signal;

  it("are those published and not taken in", async () => {
    const { clock, stream, store } = streamWorld(WINDOWS);
    const bus = new QuotesUnderWay(memoryBus({ clock }));
    expect(bus.oldest).toBe(Infinity);
    await bus.publish([quote("AAPL", START + 10_000), quote("MSFT", START + 10_000)]);
    await bus.publish([quote("AAPL", START)]);
    expect(bus.oldest).toBe(START);
    store.refuses.add("quotes");
    bus.subscribe((quotes) => stream.take(quotes));
    await clock.untilSleeping();
    expect(bus.oldest).toBe(START);
    store.refuses.clear();
    const landing = bus.landing(signal);
    await clock.advance(START + 10_000);
    await landing;
    expect(bus.oldest).toBe(Infinity);
    await bus.close();
  });

  it("are no longer those that the bus refused", async () => {
    const { clock } = streamWorld(WINDOWS);
    const bus = new QuotesUnderWay(memoryBus({ clock }));
    await bus.close();
    await expect(bus.publish([quote("AAPL", START)])).rejects.toThrow("closed");
    expect(bus.oldest).toBe(Infinity);
  });
});
