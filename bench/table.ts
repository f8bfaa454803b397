import type { BenchResult } from "./result.ts";

const START = "<!-- bench:start -->";
const END = "<!-- bench:end -->";

/** The results as a Markdown table, a line each, with the rivals and how many times better we are. */
export function table(results: readonly BenchResult[]): string {
  const lines = results.map(({ name, unit, value, rivals, leftOut = [] }) => {
    const against = [
      ...rivals.map((rival) => `${rival.name} ${figure(rival.value)} (${figure(rival.ratio)}×)`),
      ...leftOut.map((rival) => `${rival.name} left out: ${rival.missing}`),
    ];
    return `| ${name} | ${figure(value)} ${unit} | ${against.join(", ")} |`;
  });
  return ["| what | median | rivals in the same run (ratio) |", "|---|---|---|", ...lines].join("\n");
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
