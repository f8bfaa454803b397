import type { BadLine, BadLineReason } from "./ticks.ts";

/** How many line numbers of one reason are kept. */
const KEPT_LINES = 5;

/** Lines of one file that were left out for one reason. */
export interface BadLineCount {
  readonly reason: BadLineReason;
  readonly count: number;
  /** Numbers, from 1, of the first few of these lines. */
  readonly lines: readonly number[];
  /** What is wrong with the first of them. */
  readonly detail: string;
}

/** Counts the lines of a file that are no ticks, by reason; its size does not grow with the file. */
export class BadLines {
  readonly #counts = new Map<BadLineReason, { count: number; readonly lines: number[]; readonly detail: string }>();

  /** Counts line `line`, numbered from 1. */
  add(line: number, { reason, detail }: BadLine): void {
    const known = this.#counts.get(reason);
    if (known === undefined) {
      this.#counts.set(reason, { count: 1, lines: [line], detail });
      return;
    }
    known.count += 1;
    if (known.lines.length < KEPT_LINES) known.lines.push(line);
  }

  /** The reasons in order of first appearance. */
  counts(): BadLineCount[] {
    return Array.from(this.#counts, ([reason, { count, lines, detail }]) => ({
      reason,
      count,
      lines: [...lines],
      detail,
    }));
  }
}
