import type { BenchResult } from "../result.ts";

/** A figure, and the goal that it is held to. */
interface Held {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly goal: number;
  /** Which way the figure should go. */
  readonly better: "more" | "less";
}

/** The figure as a result; its rival is the goal, so a ratio of 1 or more meets it. */
export function heldToGoal({ name, unit, value, goal, better }: Held): BenchResult {
  return { name, unit, value, rivals: [{ name: "goal", value: goal, ratio: ratioOf(value, goal, better) }] };
}

/** A figure that has no goal, for the record. */
export function figure(name: string, unit: string, value: number): BenchResult {
  return { name, unit, value, rivals: [] };
}

/** Where nothing is the goal, nothing alone meets it. */
function ratioOf(value: number, goal: number, better: Held["better"]): number {
  if (better === "more") return value / goal;
  if (goal === 0) return value === 0 ? 1 : 0;
  return goal / Math.max(value, goal / 1_000);
}
