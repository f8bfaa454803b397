import type { BenchResult, Goal } from "./result.ts";

const START = "<!-- bench:start -->";
const END = "<!-- bench:end -->";

/**
 * The results as a Markdown table, a line each, with the rivals and how many times better we are; where a result has a
 * goal, with a column that says whether it was met.
 */
export function table(results: readonly BenchResult[]): string {
  const hasGoals = results.some(({ goal }) => goal !== undefined);
  const lines = results.map(({ name, unit, value, rivals, leftOut = [], goal }) => {
    const against = [
      ...rivals.map((rival) => `${rival.name} ${figure(rival.value)} (${figure(rival.ratio)}×)`),
      ...leftOut.map((rival) => `${rival.name} left out: ${rival.missing}`),
    ];
    const cells = [name, `${figure(value)} ${unit}`, against.join(", "), ...(hasGoals ? [goalText(goal, unit)] : [])];
    return `| ${cells.join(" | ")} |`;
  });
  const heads = ["what", "median", "rivals in the same run (ratio)", ...(hasGoals ? ["goal"] : [])];
  return [`| ${heads.join(" | ")} |`, `|${heads.map(() => "---").join("|")}|`, ...lines].join("\n");
}

function goalText(goal: Goal | undefined, unit: string): string {
  if (goal === undefined) return "";
  return `${goal.better === "more" ? "≥" : "≤"} ${figure(goal.value)} ${unit}: ${goal.met ? "met" : "MISSED"}`;
}

/** A text with the table between its markers. */
export function replaceTable(text: string, table: string): string {
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start === -1 || end < start) throw new Error(`There is no place for the table between ${START} and ${END}.`);
  return `${text.slice(0, start + START.length)}\n\n${table}\n\n${text.slice(end)}`;
}

/** Three significant digits, in millions and thousands where that is shorter. */
function figure(value: number): string {
  const [scaled, suffix] = value >= 1e6 ? [value / 1e6, " M"] : value >= 1e4 ? [value / 1e3, " k"] : [value, ""];
  return `${Number(scaled.toPrecision(3))}${suffix}`;
}
