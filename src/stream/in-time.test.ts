import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { windowEnds } from "../../test/oracles/windows.ts";
import { arbitraryWindows, START } from "../../test/stream-world.ts";
import { isMissed, publishedTooLate } from "./in-time.ts";

describe("a quote", () => {
  const course = fc.record({
    windows: arbitraryWindows,
    slotsAgo: fc.nat({ max: 20 }),
    delayMs: fc.nat({ max: 3_000_000 }),
    passedMs: fc.nat({ max: 3_000_000 }),
    writtenUpToMs: fc.integer({ min: -2_000_000, max: 2_000_000 }),
  });

  it("is published too late when every one of its windows took no more by then", () => {
    fc.assert(
      fc.property(course, ({ windows, slotsAgo, delayMs }) => {
        const observedAt = START - slotsAgo * (windows[0]?.periodMs ?? 1);
        const publishedAt = observedAt + delayMs;
        const open = windows.filter((window) =>
          windowEnds(observedAt, window).some((end) => publishedAt < end + window.allowedLatenessMs),
        );
        expect(publishedTooLate({ observedAt, publishedAt }, windows)).toBe(open.length === 0);
      }),
    );
  });

  it("is missed when a window that is to be written is over by the watermark, and was not as it was published", () => {
    fc.assert(
      fc.property(course, ({ windows, slotsAgo, delayMs, passedMs, writtenUpToMs }) => {
        const observedAt = START - slotsAgo * (windows[0]?.periodMs ?? 1);
        const publishedAt = observedAt + delayMs;
        const watermark = observedAt + passedMs;
        const writtenUpTo = observedAt + writtenUpToMs;
        const missing = windows.some((window) =>
          windowEnds(observedAt, window).some((end) => {
            const closes = end + window.allowedLatenessMs;
            return end > writtenUpTo && publishedAt < closes && closes <= watermark;
          }),
        );
        expect(isMissed({ observedAt, publishedAt }, windows, { watermark, writtenUpTo })).toBe(missing);
      }),
    );
  });
});
