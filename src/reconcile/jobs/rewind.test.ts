import fc from "fast-check";
import { expect, it } from "vitest";
import { windowEnds } from "../../../test/oracles/windows.ts";
import type { WindowSpec } from "../../windows/window-spec.ts";
import { rewindMs } from "./job-spec.ts";

interface Published {
  readonly slot: number;
  /** When the topic took it. */
  readonly at: number;
}

/** How many of the quotes each window holds, by its end. */
function counts(quotes: readonly Published[], window: WindowSpec): Map<number, number> {
  const held = new Map<number, number>();
  for (const { slot } of quotes) for (const end of windowEnds(slot, window)) held.set(end, (held.get(end) ?? 0) + 1);
  return held;
}

const scenario = fc.record({
  periodMs: fc.constantFrom(1_000, 10_000, 60_000),
  slots: fc.integer({ min: 1, max: 20 }),
  lateness: fc.constantFrom(0, 30_000, 60_000),
  delays: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 60, maxLength: 60 }),
  stop: fc.double({ min: 0, max: 1, noNaN: true }),
});

it("a job that reads again from before its predecessor's end makes full what that one's drain left in part", () => {
  fc.assert(
    fc.property(scenario, ({ periodMs, slots, lateness, delays, stop }) => {
      const window = { sizeMs: slots * periodMs, periodMs, offsetMs: periodMs / 2, allowedLatenessMs: lateness };
      // As late as a quote may be and still count, and as a clock may differ.
      const longest = lateness + periodMs / 2;
      const quotes = delays.map((delay, index) => {
        const slot = index * periodMs;
        return { slot, at: slot + delay * longest };
      });
      const end = stop * delays.length * periodMs;
      const before = counts(
        quotes.filter(({ at }) => at < end),
        window,
      );
      const after = counts(
        quotes.filter(({ at }) => at >= end - rewindMs(window)),
        window,
      );
      for (const [key, count] of counts(quotes, window)) {
        // Of rows with one key, the one with the most quotes counts.
        expect(Math.max(before.get(key) ?? 0, after.get(key) ?? 0)).toBe(count);
      }
    }),
  );
});
