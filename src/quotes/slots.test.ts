import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countSlots, firstSlotFrom, nextSlot, slotOf, slotsIn } from "./slots.ts";

// Every interval that a manifest may ask for, up to a day, and times as far from the epoch as a Date can be.
const secondsThatDivideAMinute = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60];
const interval = fc.oneof(
  fc.constantFrom(...secondsThatDivideAMinute).map((seconds) => seconds * 1_000),
  fc.integer({ min: 1, max: 1_440 }).map((minutes) => minutes * 60_000),
);
const time = fc.oneof(
  fc.integer({ min: -8.64e15, max: 8.64e15 }),
  fc.integer({ min: 1_356_998_400_000, max: 1_861_920_000_000 }),
  fc.integer({ min: -100_000, max: 100_000 }),
);

/** Floor of a quotient in whole numbers of any size: an independent way to the same grid. */
function floorOnGrid(at: number, every: number): number {
  const [t, i] = [BigInt(at), BigInt(every)];
  const quotient = t / i;
  return Number((t % i < 0n ? quotient - 1n : quotient) * i);
}

describe("slots", () => {
  it("are cut on the Unix epoch", () => {
    const open = Date.parse("2013-10-07T13:30:00Z");
    expect(slotOf(open, 10_000)).toBe(open);
    expect(slotOf(open + 9_999, 10_000)).toBe(open);
    expect(slotOf(open + 10_000, 10_000)).toBe(open + 10_000);
    expect(slotOf(0, 10_000)).toBe(0);
    expect(slotOf(-1, 10_000)).toBe(-10_000);
  });

  it("begin at a time only on the grid, and after it else", () => {
    expect(firstSlotFrom(20_000, 10_000)).toBe(20_000);
    expect(firstSlotFrom(20_001, 10_000)).toBe(30_000);
    expect(nextSlot(20_000, 10_000)).toBe(30_000);
    expect(nextSlot(29_999, 10_000)).toBe(30_000);
  });

  it("in [from, to) hold the first end and not the last", () => {
    expect([...slotsIn(10_000, 40_000, 10_000)]).toEqual([10_000, 20_000, 30_000]);
    expect([...slotsIn(10_001, 40_001, 10_000)]).toEqual([20_000, 30_000, 40_000]);
    expect([...slotsIn(40_000, 40_000, 10_000)]).toEqual([]);
    expect([...slotsIn(50_000, 40_000, 10_000)]).toEqual([]);
    expect(countSlots(50_000, 20_000, 10_000)).toBe(0);
  });

  it("fall where whole-number arithmetic puts them, at any time and interval", () => {
    fc.assert(
      fc.property(time, interval, (at, every) => {
        const slot = slotOf(at, every);
        expect(slot + 0).toBe(floorOnGrid(at, every));
        expect(slot).toBeLessThanOrEqual(at);
        expect(nextSlot(at, every)).toBeGreaterThan(at);
        expect(nextSlot(at, every) - slot).toBe(every);
        expect(slotOf(slot, every)).toBe(slot);
        expect(firstSlotFrom(at, every)).toBe(slot === at ? at : nextSlot(at, every));
      }),
    );
  });

  it("of two pieces of time are those of the whole", () => {
    const span = fc.integer({ min: 0, max: 500_000 });
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 2e12 }), span, span, interval, (from, first, second, every) => {
        const [middle, to] = [from + first, from + first + second];
        const whole = [...slotsIn(from, to, every)];
        expect([...slotsIn(from, middle, every), ...slotsIn(middle, to, every)]).toEqual(whole);
        expect(countSlots(from, to, every)).toBe(whole.length);
      }),
    );
  });
});
