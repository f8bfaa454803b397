import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manualClock } from "../../../test/fakes/manual-clock.ts";
import { virtualClock } from "./virtual-clock.ts";

const never = new AbortController().signal;
const open = Date.parse("2013-10-07T13:30:00Z");

describe("virtual clock", () => {
  it("starts at its start and runs at its speed", async () => {
    const base = manualClock(5_000);
    const clock = virtualClock({ start: open, speed: 60, base });
    expect(clock.now()).toBe(open);
    await base.advance(6_000);
    expect(clock.now()).toBe(open + 60_000);
  });

  it("wakes a sleeper when its own time is there", async () => {
    const base = manualClock(5_000);
    const clock = virtualClock({ start: open, speed: 60, base });
    const woken = clock.sleepUntil(open + 10_000, never).then(() => base.now());
    await base.advance(6_000);
    // Ten virtual seconds are 166.7 real milliseconds.
    await expect(woken).resolves.toBe(5_167);
  });

  it("runs slower than its base as well", async () => {
    const base = manualClock(0);
    const clock = virtualClock({ start: open, speed: 0.5, base });
    await base.advance(1_001);
    expect(clock.now()).toBe(open + 500);
  });

  it("does not sleep for a time that has passed", async () => {
    const clock = virtualClock({ start: open, speed: 60, base: manualClock(0) });
    await expect(clock.sleepUntil(open - 1, never)).resolves.toBeUndefined();
  });

  it("gives up when its signal says so", async () => {
    const giveUp = new AbortController();
    const clock = virtualClock({ start: open, speed: 60, base: manualClock(0) });
    const slept = clock.sleepUntil(open + 1_000, giveUp.signal);
    giveUp.abort(new Error("enough"));
    await expect(slept).rejects.toThrow("enough");
  });

  it.each([0, -1, NaN, Infinity])("has no speed of %d", (speed) => {
    expect(() => virtualClock({ start: open, speed, base: manualClock(0) })).toThrow(`speed is ${speed}`);
  });

  it("looks again where rounding left it a hair short: 0.7 * 22,220 is 15,553.999…", async () => {
    const base = manualClock(0);
    const clock = virtualClock({ start: 0, speed: 0.7, base });
    const woken = clock.sleepUntil(15_554, never).then(() => clock.now());
    await base.advance(22_220);
    expect(clock.now()).toBe(15_553);
    await base.advance(22_222);
    await expect(woken).resolves.toBe(15_554);
  });

  it("never wakes early and never a whole step late, at any speed", async () => {
    const speed = fc.double({ min: 0.01, max: 100_000, noNaN: true });
    await fc.assert(
      fc.asyncProperty(speed, fc.integer({ min: 1, max: 86_400_000 }), async (times, ahead) => {
        const base = manualClock(1_700_000_000_123);
        const clock = virtualClock({ start: open, speed: times, base });
        const woken = clock.sleepUntil(open + ahead, never).then(() => clock.now());
        await base.advance(base.now() + Math.ceil(ahead / times) + 2);
        const at = await woken;
        expect(at).toBeGreaterThanOrEqual(open + ahead);
        // The base counts whole milliseconds: that, and one more for rounding, is how late it can be.
        expect(at - (open + ahead)).toBeLessThanOrEqual(2 * times + 1);
      }),
      { numRuns: 200 },
    );
  });
});
