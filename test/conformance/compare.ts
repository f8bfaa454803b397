import type { Answer } from "./answers.ts";
import { type Row, winningRows } from "./rows.ts";

/** How far apart two figures may be, which no two engines of ours ever were. */
const TOLERANCE = 1e-9;

/** The first thing in which an answer is not brute force's; undefined where there is none. */
export function firstDifference(name: string, answer: Answer, wanted: Answer): string | undefined {
  const [rows, wantedRows] = [winningRows(answer.rows), winningRows(wanted.rows)];
  for (const [key, row] of [...wantedRows].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const own = rows.get(key);
    if (own === undefined) return `${name} has no row ${key}; brute force has ${JSON.stringify(row)}`;
    const field = Object.keys({ ...row, ...own }).find((field) => !isSame(own[field], row[field]));
    if (field !== undefined) {
      return `${name} has ${field} ${String(own[field])} in ${key}, and brute force ${String(row[field])}`;
    }
  }
  const more = [...rows.keys()].find((key) => !wantedRows.has(key));
  if (more !== undefined) return `${name} has a row ${more}, and brute force none`;
  const [refused, wantedRefused] = [answer.refused, wanted.refused].map((reasons) => [...reasons].sort().join(" "));
  if (refused !== wantedRefused) return `${name} refuses ${String(refused)}, and brute force ${String(wantedRefused)}`;
  return undefined;
}

function isSame(a: Row[string] | undefined, b: Row[string] | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return Math.abs(Number(a) - Number(b)) <= TOLERANCE;
}
