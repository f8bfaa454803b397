import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationMs, formatDuration } from "./duration.ts";

describe("a duration", () => {
  it.each([
    ["500ms", 500],
    ["10s", 10_000],
    ["1m30s", 90_000],
    ["90s", 90_000],
    ["24h", 86_400_000],
    ["1h1m1s1ms", 3_661_001],
    ["0s", 0],
    ["999999999h999999999h", 2 * 999_999_999 * 3_600_000],
  ])("%s is %d ms", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(["", "10", "s", "1.5s", "-1s", "10 s", "10S", "1d", "1000000000s", "1s".repeat(11), "ten"])(
    "is not %j, and the error says what is",
    (text) => {
      expect(() => durationMs(text)).toThrow(RangeError);
      expect(() => durationMs(text)).toThrow(`"${text}" is not a duration. Write whole numbers with a unit`);
    },
  );

  it("is the same after it was written and read", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000_000), (ms) => {
        expect(durationMs(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  it("is written without empty parts, the greatest unit first", () => {
    expect([0, 5, 60_000, 3_600_500, 90_000_000].map(formatDuration)).toEqual(["0s", "5ms", "1m", "1h500ms", "25h"]);
  });

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])("of %d ms can't be written", (ms) => {
    expect(() => formatDuration(ms)).toThrow(RangeError);
  });
});
