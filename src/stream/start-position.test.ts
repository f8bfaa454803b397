import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryWindows, START } from "../../test/stream-world.ts";
import { windowEnds } from "../../test/oracles/windows.ts";
import { MARGIN_MS, startPosition } from "./start-position.ts";

const MINUTE = 60_000;
const WEEK = 7 * 86_400_000;
const WINDOWS = [1, 15].map((minutes) => ({
  sizeMs: minutes * MINUTE,
  periodMs: 10_000,
  offsetMs: 5_000,
  allowedLatenessMs: MINUTE,
}));

describe("the start of a stream", () => {
  it("is the longest window, the lateness and a margin before the newest quote in the sink", () => {
    const start = startPosition({ newestQuote: START, windows: WINDOWS, now: START + 20 * MINUTE });
    expect(start.writtenUpTo).toBe(START - MINUTE - MARGIN_MS);
    expect(start.watermark).toBe(start.writtenUpTo - 15 * MINUTE - 10_000);
    // A poller's clock may be a minute ahead of the log's.
    expect(start.seekTo).toBe(start.watermark - MINUTE);
    expect(start.newestQuote).toBe(START);
  });

  it("is where the log begins, when the sink has nothing of the feed, or nothing that recent", () => {
    for (const newestQuote of [undefined, START - 8 * 86_400_000]) {
      const start = startPosition({ newestQuote, windows: WINDOWS, now: START });
      expect(start.watermark).toBe(START - WEEK);
      expect(start.newestQuote).toBeUndefined();
    }
  });

  it("is before quotes that were missed, however new the sink's rows are", () => {
    const missedFrom = START - 60 * MINUTE;
    const start = startPosition({ newestQuote: START, missedFrom, windows: WINDOWS, now: START });
    expect(start.writtenUpTo).toBe(missedFrom - MARGIN_MS);
    // What the earlier life dealt with stays the same.
    expect(start.dealtWithBefore).toBe(START - MINUTE - MARGIN_MS);
  });

  it("is not in the future where a row's quotes are", () => {
    const start = startPosition({ newestQuote: START + 60 * MINUTE, windows: WINDOWS, now: START });
    expect(start.writtenUpTo).toBe(START - MINUTE - MARGIN_MS);
  });

  it("leaves every window whole that is written from there, for any windows", () => {
    fc.assert(
      fc.property(arbitraryWindows, fc.nat({ max: 3_600_000 }), fc.nat({ max: 400 }), (windows, age, slotsAgo) => {
        const now = START + 3_600_000;
        const start = startPosition({ newestQuote: now - age, windows, now });
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
