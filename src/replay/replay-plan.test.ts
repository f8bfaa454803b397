import { describe, expect, it } from "vitest";
import { planReplay } from "./replay-plan.ts";

const FIRST = Date.UTC(2013, 9, 7, 8, 0, 0, 1);
const LAST = Date.UTC(2013, 9, 7, 20, 0, 0);
const SPAN = { first: FIRST, last: LAST };
const REQUEST = { intervalMs: 10_000, windows: [], from: undefined, to: undefined };

describe("a replay's plan", () => {
  it("has the ends that were asked for", () => {
    const ends = { from: FIRST - 5, to: LAST + 3 };
    expect(planReplay({ ...REQUEST, ...ends }, SPAN)).toMatchObject(ends);
  });

  it("otherwise reaches from the first slot that sees a tick to a slot after the last tick is seen", () => {
    expect(planReplay(REQUEST, SPAN)).toMatchObject({ from: Date.UTC(2013, 9, 7, 8, 0, 10), to: LAST + 10_000 });
    expect(planReplay(REQUEST, { first: FIRST, last: LAST + 1 })).toMatchObject({ to: LAST + 20_000 });
  });

  it("must leave some time to replay", () => {
    const told = /The ticks are from 2013-10-07T08:00:00.001Z to 2013-10-07T20:00:00Z, and leave no time/;
    expect(() => planReplay({ ...REQUEST, from: LAST + 10_000 }, SPAN)).toThrow(told);
    expect(() => planReplay({ ...REQUEST, to: FIRST }, SPAN)).toThrow(told);
  });

  it("is over a year long only where that is asked for", () => {
    const span = { first: 1_381_132_800, last: LAST };
    expect(() => planReplay(REQUEST, span)).toThrow(/over a year: say with --from and --to/);
    expect(planReplay({ ...REQUEST, from: 0, to: LAST }, span)).toMatchObject({ from: 0, to: LAST });
  });
});
