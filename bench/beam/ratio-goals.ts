import { figure, heldTo } from "../goal.ts";
import type { BenchResult } from "../result.ts";

/** How many times better than these rivals we have to be. */
const GOALS: Readonly<Record<string, number>> = { "beam-flink": 20, "beam-python-direct": 100 };

/**
 * A result's ratios to the rivals that have a goal, held to it. Caveat: a rival that can't run on the machine has no ratio
 * and no goal here; the result itself names it among those left out.
 */
export function ratioGoals({ rivals }: BenchResult): BenchResult[] {
  return rivals.flatMap(({ name, ratio }) => {
    const value = GOALS[name];
    return value === undefined
      ? []
      : heldTo(figure(`beam: embedded is faster than ${name}`, "times", ratio), { value, better: "more" });
  });
}
