import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryWindows, START } from "../../test/stream-world.ts";
import { windowEnds } from "../../test/oracles/windows.ts";
import type { WindowSpec } from "../windows/window-spec.ts";
import { MARGIN_MS, startPosition } from "./start-position.ts";

const MINUTE = 60_000;
const WEEK = 7 * 86_400_000;
const WINDOWS = [1, 15].map((minutes) => ({
  sizeMs: minutes * MINUTE,
  periodMs: 10_000,
  offsetMs: 5_000,
  allowedLatenessMs: MINUTE,
}));

/** Rows of each of the windows, with quotes up to this time. */
function all(windows: readonly WindowSpec[], time: number) {
  return new Map(windows.map(({ sizeMs }) => [sizeMs, time]));
}

describe("the start of a stream", () => {
  it("is the longest window, the lateness and a margin before the newest quote in the sink", () => {
    const start = startPosition({ newestQuotes: all(WINDOWS, START), windows: WINDOWS, now: START + 20 * MINUTE });
    expect(start.writtenUpTo).toBe(START - MINUTE - MARGIN_MS);
    expect(start.watermark).toBe(start.writtenUpTo - 15 * MINUTE - 10_000);
    // A poller's clock may be a minute ahead of the log's.
    expect(start.seekTo).toBe(start.watermark - MINUTE);
    expect(start.newestQuote).toBe(START);
  });

  it("is where the log begins, when the sink has nothing of the feed, or nothing that recent", () => {
    for (const newestQuotes of [new Map<number, number>(), all(WINDOWS, START - 8 * 86_400_000)]) {
      const start = startPosition({ newestQuotes, windows: WINDOWS, now: START });
      expect(start.watermark).toBe(START - WEEK);
      expect(start.newestQuote).toBeUndefined();
    }
  });

  it("is before quotes that were missed, however new the sink's rows are", () => {
    const missedFrom = START - 60 * MINUTE;
    const start = startPosition({ newestQuotes: all(WINDOWS, START), missedFrom, windows: WINDOWS, now: START });
    expect(start.writtenUpTo).toBe(missedFrom - MARGIN_MS);
    // What the earlier life dealt with stays the same.
    expect(start.dealtWithBefore).toBe(START - MINUTE - MARGIN_MS);
  });

  it("is not in the future where a row's quotes are", () => {
    const newestQuotes = all(WINDOWS, START + 60 * MINUTE);
    const start = startPosition({ newestQuotes, windows: WINDOWS, now: START });
    expect(start.writtenUpTo).toBe(START - MINUTE - MARGIN_MS);
  });

  describe("of resolutions that are not equally far", () => {
    const from = (...newest: readonly [number, number][]) =>
      startPosition({ newestQuotes: new Map(newest), windows: WINDOWS, now: START });

    it("is where the one is that lags most", () => {
      const behind = START - 60 * MINUTE;
      const { seekTo, watermark, writtenUpTo } = from([MINUTE, behind], [15 * MINUTE, behind]);
      expect(from([MINUTE, START], [15 * MINUTE, behind])).toMatchObject({ seekTo, watermark, writtenUpTo });
      expect(from([MINUTE, behind], [15 * MINUTE, START])).toMatchObject({ seekTo, watermark, writtenUpTo });
    });

    it("buries and counts nothing again that the one dealt with that is furthest ahead", () => {
      const back = START - 3 * 86_400_000;
      const { dealtWithBefore } = from([MINUTE, START], [15 * MINUTE, back]);
      expect(dealtWithBefore).toBe(START - MINUTE - MARGIN_MS);
      // Nor what was dealt with for one that the feed no longer has.
      expect(from([MINUTE, back], [5 * MINUTE, START]).dealtWithBefore).toBe(dealtWithBefore);
    });

    it("is where the others are, for one that is new, or that had no row while the log kept its quotes", () => {
      const alike = from([MINUTE, START], [15 * MINUTE, START]);
      expect(from([MINUTE, START])).toEqual(alike);
      expect(from([MINUTE, START], [15 * MINUTE, START - WEEK])).toEqual(alike);
    });

    it("is where the former ones were, when all are new", () => {
      expect(from([5 * MINUTE, START], [10 * MINUTE, START - 60 * MINUTE])).toEqual(from([MINUTE, START]));
    });

    it("does not go by one that the feed no longer has", () => {
      expect(from([MINUTE, START], [5 * MINUTE, START - 60 * MINUTE])).toEqual(from([MINUTE, START]));
    });
  });

  it("leaves every window whole that is written from there, for any windows", () => {
    fc.assert(
      fc.property(arbitraryWindows, fc.nat({ max: 3_600_000 }), fc.nat({ max: 400 }), (windows, age, slotsAgo) => {
        const now = START + 3_600_000;
        const start = startPosition({ newestQuotes: all(windows, now - age), windows, now });
        // Of any quote from before the start, no window is written.
        const periodMs = windows[0]?.periodMs ?? 1;
        const before = Math.floor((start.watermark - 1) / periodMs - slotsAgo) * periodMs;
        const written = windows.flatMap((window) =>
          windowEnds(before, window).filter((end) => end > start.writtenUpTo),
        );
        expect(written).toEqual([]);
        // Whatever may still change, or was on its way, is written again.
        const lateness = Math.max(...windows.map((window) => window.allowedLatenessMs));
        expect(start.writtenUpTo).toBeLessThanOrEqual(now - age - lateness - MARGIN_MS);
      }),
    );
  });
});
