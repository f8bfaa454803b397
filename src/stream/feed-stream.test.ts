import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
  arbitrarySteps,
  arbitraryWindows,
  comparable,
  oracleWorld,
  quote,
  START,
  streamWorld,
  SYMBOLS,
} from "../../test/stream-world.ts";
import { windowEnds } from "../../test/oracles/windows.ts";
import { resolutionLabel } from "../api/window-specs.ts";
import type { Quote } from "../quotes/quote.ts";
import { quoteJson } from "../quotes/wire.ts";
import type { WindowSpec } from "../windows/window-spec.ts";

const TEN_SECONDS: WindowSpec = { sizeMs: 60_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 60_000 };
const FIVE_MINUTES: WindowSpec = { ...TEN_SECONDS, sizeMs: 300_000 };

describe("a feed's stream", () => {
  it("writes the rows that brute force finds, whatever comes late, twice or in any order", async () => {
    const course = arbitraryWindows.chain((windows) =>
      fc.tuple(fc.constant(windows), arbitrarySteps(windows[0]!.periodMs)),
    );
    await fc.assert(
      fc.asyncProperty(course, async ([windows, steps]) => {
        const { store, clock, counts, stream } = streamWorld(windows);
        const oracle = oracleWorld(windows);
        const taken: Quote[] = [];
        let tooLate = 0;
        for (const { now, quotes } of steps) {
          await clock.leap(now);
          await stream.advance(now);
          oracle.advance(now);
          tooLate += quotes.filter(({ observedAt }) => isTooLate(observedAt, windows, now)).length;
          await stream.take(quotes);
          oracle.take(quotes);
          taken.push(...quotes);
        }
        await stream.advance(START + 10_000_000);
        oracle.advance(START + 10_000_000);

        expect(comparable(store.winningRows(), windows)).toEqual(oracle.final());
        expect(store.quotes).toEqual(taken);
        expect(store.letters.filter(({ reason }) => reason === "TooLate")).toHaveLength(tooLate);
        const { "quotes.accepted": accepted = 0, "quotes.duplicate": duplicate = 0 } = counts;
        expect(accepted + duplicate + (counts["quotes.dead_letter"] ?? 0)).toBe(taken.length);
        const late = windows.map((window) => counts[`late.${resolutionLabel(window)}`] ?? 0);
        expect(late).toEqual(oracle.lateQuotes);
      }),
      { numRuns: 150 },
    );
  });

  it("sends what is no quote of the feed to the dead letter with the reason, and keeps the others", async () => {
    const { store, counts, clock, stream } = streamWorld([TEN_SECONDS]);
    const poison = [
      quote("AAPL", START, { price: NaN }),
      quote("TSLA", START),
      quote("AAPL", START + 1),
      quote("AAPL", START + 120_000),
    ];
    const good = quote("MSFT", START);
    await stream.take([...poison, good]);
    expect(store.letters.map(({ reason }) => reason)).toEqual([
      "InvalidPrice",
      "UnknownSymbol",
      "InvalidTime",
      "FutureTime",
    ]);
    expect(store.letters.map(({ payload }) => payload)).toEqual(poison.map(quoteJson));
    expect(store.letters[0]).toMatchObject({ feed: "default/three", receivedAt: clock.now() });
    expect(store.quotes).toEqual([good]);
    expect(counts).toMatchObject({ "quotes.accepted": 1, "quotes.dead_letter": 4 });
  });

  it("says how late a quote was that is too late for every window", async () => {
    const { store, stream, clock } = streamWorld([TEN_SECONDS]);
    await clock.leap(START + 130_000);
    await stream.advance(clock.now());
    await stream.take([quote("IBM", START)]);
    expect(store.letters.map(({ reason, detail }) => [reason, detail])).toEqual([
      ["TooLate", "IBM: observed 130 s before the watermark, too late for every window."],
    ]);
  });

  it("is not changed by quotes that are delivered again", async () => {
    const { store, counts, stream } = streamWorld([TEN_SECONDS]);
    const batch = SYMBOLS.map((symbol) => quote(symbol, START));
    await stream.take(batch);
    await stream.advance(START + 5_000);
    const before = store.rows.length;
    await stream.take(batch);
    await stream.advance(START + 10_000);
    expect(store.rows).toHaveLength(before);
    expect(counts).toMatchObject({ "quotes.accepted": 3, "quotes.duplicate": 3 });
  });

  it("writes a row later than the one it replaces, also when no time has passed", async () => {
    const { store, stream } = streamWorld([TEN_SECONDS]);
    await stream.take([quote("AAPL", START)]);
    await stream.advance(START + 5_000);
    await stream.take([quote("AAPL", START, { price: 200_000_000, providerTime: START + 1 })]);
    await stream.advance(START + 5_000);
    const [before, after] = store.rows;
    expect([before?.lastPrice, after?.lastPrice]).toEqual([100_000_000, 200_000_000]);
    expect(after?.writtenAt).toBeGreaterThan(before?.writtenAt ?? Infinity);
  });

  it("does not take in what its archive refuses, and takes it in when it comes again", async () => {
    const { store, counts, stream } = streamWorld([TEN_SECONDS]);
    store.refuses.add("quotes");
    await expect(stream.take([quote("AAPL", START)])).rejects.toThrow("no room for quotes");
    await stream.advance(START + 5_000);
    expect([store.rows, counts["quotes.accepted"]]).toEqual([[], undefined]);
    store.refuses.clear();
    await stream.take([quote("AAPL", START)]);
    await stream.advance(START + 15_000);
    expect(store.winningRows().map(({ windowEnd }) => windowEnd)).toEqual([START + 5_000, START + 15_000]);
  });

  it("counts each quote once and asks for it again when the dead letter refuses its neighbour", async () => {
    const { store, counts, stream } = streamWorld([TEN_SECONDS]);
    store.refuses.add("letters");
    const batch = [quote("AAPL", START), quote("TSLA", START)];
    await expect(stream.take(batch)).rejects.toThrow("no room for letters");
    store.refuses.clear();
    await stream.take(batch);
    expect(counts).toMatchObject({ "quotes.accepted": 1, "quotes.duplicate": 1, "quotes.dead_letter": 1 });
    expect(store.letters).toHaveLength(1);
  });

  it("offers rows again, ever less often, until the sink has them", async () => {
    const { store, counts, lag, clock, stream } = streamWorld([TEN_SECONDS]);
    await stream.take([quote("AAPL", START)]);
    await clock.leap(START + 5_000);
    store.refuses.add("rows");
    const written = stream.advance(START + 5_000);
    for (const delay of [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
      await clock.untilSleeping();
      expect(clock.wakeTimes).toEqual([clock.now() + delay]);
      await clock.advance(clock.now() + delay);
    }
    expect(counts).toMatchObject({ "rows.failed": 9 });
    // Measured from the watermark, not told when it moves: an outage shows while it lasts.
    expect(lag()).toBe(35.75);
    store.refuses.clear();
    await clock.untilSleeping();
    await clock.advance(clock.now() + 10_000);
    await written;
    expect(store.rows).toHaveLength(1);
    expect(counts["rows.written"]).toBe(1);
  });

  it("lets quotes wait that run too far ahead of a watermark which stands still, and takes them in when it moves", async () => {
    const { store, clock, stream } = streamWorld([TEN_SECONDS]);
    const far = START + 100_000;
    await clock.leap(far);
    const taking = stream.take([quote("AAPL", START), quote("AAPL", far)]);
    const settled = vi.fn();
    void taking.then(settled);
    await clock.leap(far + 1);
    expect(store.quotes).toHaveLength(2);
    expect(settled).not.toHaveBeenCalled();
    await stream.advance(far);
    await taking;
    await stream.advance(far + 5_000);
    expect(store.rows.at(-1)).toMatchObject({ windowEnd: far + 5_000, quoteCount: 1, eventTime: far });
    expect(store.letters).toEqual([]);
  });

  it("takes in the quotes of now though the watermark is at the last window's end, minutes ago", async () => {
    const slow = { sizeMs: 1_200_000, periodMs: 600_000, offsetMs: 5_000, allowedLatenessMs: 60_000 };
    const { store, clock, stream } = streamWorld([slow]);
    await stream.advance(START + 5_000);
    await clock.leap(START + 600_000);
    await stream.take([quote("AAPL", START + 600_000)]);
    await clock.leap(START + 605_000);
    await stream.advance(START + 605_000);
    expect(store.rows).toMatchObject([{ windowEnd: START + 605_000, quoteCount: 1 }]);
  });

  it("lets go of waiting quotes when it is stopped while the sink refuses, and says why rows are missing", async () => {
    const { store, clock, stop, stream } = streamWorld([TEN_SECONDS]);
    await stream.take([quote("AAPL", START)]);
    await clock.leap(START + 200_000);
    const taking = stream.take([quote("AAPL", START + 200_000)]);
    store.refuses.add("rows");
    const advancing = stream.advance(START + 5_000);
    await clock.untilSleeping();
    stop.abort(new Error("stopped"));
    await expect(advancing).rejects.toThrow("no room for rows");
    await taking;
    expect(store.quotes).toHaveLength(2);
    store.refuses.clear();
    // What it let go of must not be passed over now: the next start makes these windows from the archive.
    await expect(stream.advance(START + 205_000)).rejects.toThrow("no room for rows");
    expect(store.rows).toEqual([]);
  });

  it("makes windows again from stored quotes, and writes only those that are not written", async () => {
    const slots = Array.from({ length: 40 }, (_, i) => START + i * 10_000);
    const stored = slots.map((slot) => SYMBOLS.map((symbol) => quote(symbol, slot)));
    const writtenUpTo = START + 200_000;
    const windows = [TEN_SECONDS, FIVE_MINUTES];
    const { store, counts, stream } = streamWorld(windows, { watermark: START - 3_600_000, writtenUpTo });
    await stream.rebuild([[quote("AAPL", START - 7_200_000)], ...stored]);
    await stream.advance(START + 400_000);

    const oracle = oracleWorld(windows, START - 3_600_000);
    oracle.take(stored.flat());
    oracle.advance(START + 400_000);
    const missing = oracle.final().filter(({ end }) => end > writtenUpTo);
    expect(comparable(store.winningRows(), windows)).toEqual(missing);
    expect(Object.keys(counts).filter((name) => name.startsWith("late"))).toEqual([]);
  });

  it("writes the rows of a long past in pieces", async () => {
    const symbols = Array.from({ length: 300 }, (_, i) => `S${i}`);
    const minute = Array.from({ length: 60 }, (_, i) => START + i * 10_000);
    const { store, stream } = streamWorld([TEN_SECONDS, FIVE_MINUTES], { symbols, watermark: START - 3_600_000 });
    await stream.rebuild([minute.flatMap((slot) => symbols.map((symbol) => quote(symbol, slot)))]);
    await stream.advance(START + 7_200_000);
    // A window ends 60 s after the last slot, the other 300 s after it: 65 and 89 windows of 300 rows.
    expect(store.rows).toHaveLength((65 + 89) * 300);
    expect(Math.max(...store.writes)).toBeLessThan(20_000 + 600);
  });
});

function isTooLate(slot: number, windows: readonly WindowSpec[], watermark: number): boolean {
  return windows.every((window) =>
    windowEnds(slot, window).every((end) => watermark >= end + window.allowedLatenessMs),
  );
}
