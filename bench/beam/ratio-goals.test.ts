import { describe, expect, it } from "vitest";
import { verdictOn } from "../goal.ts";
import type { BenchResult } from "../result.ts";
import { ratioGoals } from "./ratio-goals.ts";

/** @param ratios of rivals, by name */
const rates = (ratios: Readonly<Record<string, number>>): BenchResult => ({
  name: "rows",
  unit: "quotes/s",
  value: 1000,
  rivals: Object.entries(ratios).map(([name, ratio]) => ({ name, value: 1000 / ratio, ratio })),
});
const met = (ratios: Readonly<Record<string, number>>) => ratioGoals(rates(ratios)).map(({ goal }) => goal?.met);

describe("the ratios to other engines", () => {
  it("are held to 20 times Beam on Flink and 100 times Python Beam on its own runner, and to nothing of the others", () => {
    const ratios = {
      "beam-flink": 25.5,
      flink: 10,
      "beam-ts-direct": 3,
      "beam-python-direct": 101,
      "beam-python-prism": 3,
    };
    expect(ratioGoals(rates(ratios)).map(({ value, goal }) => ({ value, goal }))).toEqual([
      { value: 25.5, goal: { value: 20, better: "more", met: true, anywhere: false } },
      { value: 101, goal: { value: 100, better: "more", met: true, anywhere: false } },
    ]);
  });

  it("miss their goal below it, and where nothing was measured", () => {
    expect(met({ "beam-flink": 19.9, "beam-python-direct": 100 })).toEqual([false, true]);
    expect(met({ "beam-flink": 20, "beam-python-direct": 99.9 })).toEqual([true, false]);
    expect(met({ "beam-flink": NaN })).toEqual([false]);
  });

  it("have no goal where the rival could not be had", () => {
    expect(met({ "beam-ts-direct": 60 })).toEqual([]);
  });

  it("fail a full run that misses one, and no short run", () => {
    const results = ratioGoals(rates({ "beam-flink": 13, "beam-python-direct": 130 }));
    expect(verdictOn(results, { short: false })).toEqual({
      failed: true,
      line: "Goals: 1 of 2 met. Missed: beam: embedded is faster than beam-flink.",
    });
    expect(verdictOn(results, { short: true }).failed).toBe(false);
  });
});
