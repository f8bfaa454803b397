import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countPolledSlots, nextPolledSlot } from "./polled-slots.ts";
import { sessionOf } from "./session.ts";
import { slotsIn } from "./slots.ts";

const always = sessionOf({ session: "Always", extendedHours: false });
const nyse = sessionOf({ session: "NYSE", extendedHours: false });
const at = (text: string) => Date.parse(text);

describe("polled slots", () => {
  it("are 2,341 of 10 s in a regular session, since both ends are polled", () => {
    expect(countPolledSlots(nyse, 10_000, at("2013-10-07T00:00:00Z"), at("2013-10-08T00:00:00Z"))).toBe(2_341);
  });

  it("are fewer on an early close and none on a holiday", () => {
    expect(countPolledSlots(nyse, 10_000, at("2024-11-29T00:00:00Z"), at("2024-11-30T00:00:00Z"))).toBe(1_261);
    expect(countPolledSlots(nyse, 10_000, at("2024-11-28T00:00:00Z"), at("2024-11-29T00:00:00Z"))).toBe(0);
  });

  it("are all of them in session Always", () => {
    expect(countPolledSlots(always, 10_000, 5, 30_000)).toBe(2);
    expect(nextPolledSlot(always, 10_000, 5)).toBe(10_000);
  });

  it("begin again at the next open after a close", () => {
    expect(nextPolledSlot(nyse, 10_000, at("2013-10-07T20:00:00Z"))).toBe(at("2013-10-07T20:00:00Z"));
    expect(nextPolledSlot(nyse, 10_000, at("2013-10-07T20:00:01Z"))).toBe(at("2013-10-08T13:30:00Z"));
  });

  it("may come after the open, where the grid does not meet it", () => {
    expect(nextPolledSlot(nyse, 3_600_000, at("2013-10-07T00:00:00Z"))).toBe(at("2013-10-07T14:00:00Z"));
  });

  it("say so when a grid never meets the session", () => {
    expect(() => nextPolledSlot(nyse, 86_400_000, at("2013-10-07T00:00:00Z"))).toThrow("Shorten polling.interval");
  });

  it("are those of the grid that are open, one by one", () => {
    const from = fc.integer({ min: at("2024-06-28T00:00:00Z"), max: at("2024-07-08T00:00:00Z") });
    const span = fc.integer({ min: 0, max: 4 * 86_400_000 });
    const interval = fc.constantFrom(30_000, 60_000, 420_000, 3_600_000);
    fc.assert(
      fc.property(from, span, interval, (start, length, every) => {
        const open = [...slotsIn(start, start + length, every)].filter((slot) => nyse.isOpen(slot));
        expect(countPolledSlots(nyse, every, start, start + length)).toBe(open.length);
        if (open[0] !== undefined) expect(nextPolledSlot(nyse, every, start)).toBe(open[0]);
      }),
      { numRuns: 50 },
    );
  });
});
