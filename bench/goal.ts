import type { BenchResult, Goal } from "./result.ts";

/** A figure that has no goal, for the record. */
export function figure(name: string, unit: string, value: number): BenchResult {
  return { name, unit, value, rivals: [] };
}

/**
 * The result, held to a goal.
 * @param goal `anywhere` for what no slow or busy machine changes, see {@link Goal}
 */
export function heldTo(
  result: BenchResult,
  { value, better, anywhere = false }: Pick<Goal, "value" | "better"> & { readonly anywhere?: boolean },
): BenchResult {
  // What could not be measured, NaN, meets nothing.
  const met = better === "more" ? result.value >= value : result.value <= value;
  return { ...result, goal: { value, better, met, anywhere } };
}

/** What a run comes to. */
export interface Verdict {
  /** For people, the last line of a run; undefined where nothing has a goal. */
  readonly line?: string;
  /** Whether a goal was missed that the run had to meet: of a short run those alone that hold on any machine. */
  readonly failed: boolean;
}

/** Judges results by their goals; every suite's in the same way. */
export function verdictOn(results: readonly BenchResult[], { short }: { readonly short: boolean }): Verdict {
  const held = results.flatMap(({ name, goal }) => (goal === undefined ? [] : [{ name, goal }]));
  if (held.length === 0) return { failed: false };
  const missed = held.filter(({ goal }) => !goal.met);
  const failing = missed.filter(({ goal }) => !short || goal.anywhere);
  const spared = missed.filter((each) => !failing.includes(each));
  const named = (each: typeof missed) => each.map(({ name }) => name).join("; ");
  const line = [
    `Goals: ${held.length - missed.length} of ${held.length} met.`,
    ...(failing.length > 0 ? [`Missed: ${named(failing)}.`] : []),
    ...(spared.length > 0 ? [`Missed, which a short run says nothing about: ${named(spared)}.`] : []),
  ].join(" ");
  return { line, failed: failing.length > 0 };
}
