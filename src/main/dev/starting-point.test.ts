import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manualClock } from "../../../test/fakes/manual-clock.ts";
import { MemoryStore } from "../../../test/fakes/memory-store.ts";
import {
  arbitrarySteps,
  arbitraryWindows,
  comparable,
  oracleWorld,
  quote,
  START,
  type Step,
  streamWorld,
} from "../../../test/stream-world.ts";
import type { WindowSpec } from "../../windows/window-spec.ts";
import { startingPoint } from "./starting-point.ts";

/** A crash: how many steps are done, and what of the next one is. */
interface Crash {
  readonly after: number;
  readonly during: "advance" | "archive" | "take";
}

/** Lives through the steps, and through a crash and a restart wherever one is due; gives the store as it ends. */
async function live(windows: readonly WindowSpec[], steps: readonly Step[], crashes: readonly Crash[]) {
  const store = new MemoryStore();
  const clock = manualClock(START);
  const feed = "default/three";
  const start = async () => {
    const from = await startingPoint(store, { feed, windows, now: clock.now() });
    const { stream } = streamWorld(windows, { store, manual: clock, ...from });
    await stream.rebuild(store.readQuotes(feed, from.watermark));
    await stream.advance(clock.now());
    return stream;
  };
  let stream = await start();
  for (const [index, { now, quotes }] of steps.entries()) {
    await clock.leap(now);
    const crash = crashes.find(({ after }) => after === index);
    if (crash?.during !== "advance") await stream.advance(now);
    if (crash?.during === "archive") await store.appendQuotes(quotes);
    if (crash?.during === "take") await stream.take(quotes);
    if (crash !== undefined) stream = await start();
    // What was not confirmed is delivered again.
    if (crash?.during !== "take") await stream.take(quotes);
  }
  await clock.leap(START + 10_000_000);
  await stream.advance(clock.now());
  return store;
}

describe("the starting point", () => {
  it("makes no difference to the winning rows, whenever and however often a feed is killed", async () => {
    const course = arbitraryWindows.chain((windows) => {
      // In time for every window: what is too late for one may count in it when that is made again.
      const latestMs = Math.min(...windows.map(({ allowedLatenessMs }) => allowedLatenessMs));
      const crash = fc.record({
        after: fc.nat({ max: 24 }),
        during: fc.constantFrom("advance" as const, "archive" as const, "take" as const),
      });
      const crashes = fc.uniqueArray(crash, { minLength: 1, maxLength: 4, selector: ({ after }) => after });
      return fc.tuple(fc.constant(windows), arbitrarySteps(windows[0]!.periodMs, latestMs), crashes);
    });
    await fc.assert(
      fc.asyncProperty(course, async ([windows, steps, crashes]) => {
        const store = await live(windows, steps, crashes);
        const oracle = oracleWorld(windows, START - 10_000_000);
        oracle.take(steps.flatMap(({ quotes }) => quotes));
        oracle.advance(START + 10_000_000);
        expect(comparable(store.winningRows(), windows)).toEqual(oracle.final());
        expect(store.letters).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  const windows = [
    { sizeMs: 60_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 60_000 },
    { sizeMs: 900_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 30_000 },
  ];
  const point = (store: MemoryStore) => startingPoint(store, { feed: "default/three", windows, now: START });

  it("is an hour before now in an empty store, for a past that is made up", async () => {
    expect(await point(new MemoryStore())).toEqual({ watermark: START - 3_600_000, writtenUpTo: -Infinity });
  });

  it("is before the first quote where quotes are stored and no rows", async () => {
    const store = new MemoryStore();
    await store.appendQuotes([quote("AAPL", START - 7_200_000)]);
    expect(await point(store)).toEqual({ watermark: START - 10_800_000, writtenUpTo: -Infinity });
  });

  it("is the longest window and the longest lateness before the newest row", async () => {
    const { store, stream } = streamWorld(windows);
    await stream.take([quote("AAPL", START)]);
    await stream.advance(START + 5_000);
    expect(await point(store)).toEqual({
      watermark: START + 5_000 - 60_000 - 910_000,
      writtenUpTo: START + 5_000 - 60_000,
    });
  });
});
