/** One answer of all engines, as a line: `conformance: brute force = embedded = …, N rows`, or where one differs first. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Answer, bruteForce } from "./answers.ts";
import { firstDifference } from "./compare.ts";
import type { Contestant, Contestants } from "./contestants.ts";
import { winningRows } from "./rows.ts";
import { generatedSuite, lateSuite, recordedSuite, type Suite, tooLateSuite } from "./suite.ts";

/** A recording of a day, which is on some machines. */
const RECORDING = fileURLToPath(new URL("../../../shared/data/quotes-2013-10-07.ndjson.gz", import.meta.url));

/** Suites that the same engines are held to. */
export interface Group {
  readonly title: string;
  readonly suites: readonly Suite[];
  readonly contestants: readonly Contestant[];
}

/** What came of a group. */
export interface Verdict {
  /** `TITLE: brute force = A = B, N rows`. */
  readonly line: string;
  /** The first difference of each engine that has one. */
  readonly differences: readonly string[];
  /** Why engines were left out. */
  readonly missing: readonly string[];
  /** All that each engine said, rows that lose among it. */
  readonly answers: readonly GivenAnswer[];
}

/** What an engine said to a suite. */
export interface GivenAnswer {
  readonly engine: string;
  readonly suite: Suite;
  readonly answer: Answer;
}

/** All that there is to agree on. */
export async function groups({ bounded, late, tooLate }: Contestants, seed: number): Promise<Group[]> {
  const recorded = existsSync(RECORDING) ? [await recordedSuite(RECORDING)] : [];
  return [
    { title: "conformance", suites: [generatedSuite(seed), ...recorded], contestants: bounded },
    { title: "conformance, late quotes", suites: [lateSuite(seed)], contestants: late },
    { title: "conformance, quotes too late", suites: [tooLateSuite(seed)], contestants: tooLate },
  ];
}

/** Asks every engine that is there. @param say is told what has been asked, and how long the answer took */
export async function conform({ title, suites, contestants }: Group, say: (line: string) => void): Promise<Verdict> {
  const present = contestants.filter(({ missing }) => missing === undefined);
  const differences: string[] = [];
  const agreed = ["brute force"];
  const answers: GivenAnswer[] = [];
  for (const contestant of present) {
    const given = await answersOf(contestant, suites, say);
    answers.push(...given);
    const difference = firstDifferenceOf(given);
    if (difference === undefined) agreed.push(contestant.name);
    else differences.push(difference);
  }
  const rows = suites.reduce((sum, suite) => sum + winningRows(bruteForce(suite).rows).size, 0);
  const missing = contestants.flatMap(({ name, missing }) => (missing === undefined ? [] : [`${name}: ${missing}`]));
  return {
    line: `${title}: ${agreed.join(" = ")}, ${rows.toLocaleString("en-US")} rows`,
    differences,
    missing,
    answers,
  };
}

async function answersOf(
  contestant: Contestant,
  suites: readonly Suite[],
  say: (line: string) => void,
): Promise<GivenAnswer[]> {
  const given: GivenAnswer[] = [];
  for (const suite of suites) {
    const start = performance.now();
    given.push({ engine: contestant.name, suite, answer: await contestant.answer(suite) });
    say(`${suite.name}: ${contestant.name}, ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
  return given;
}

function firstDifferenceOf(given: readonly GivenAnswer[]): string | undefined {
  for (const { engine, suite, answer } of given) {
    const difference = firstDifference(engine, answer, bruteForce(suite));
    if (difference !== undefined) return `${suite.name}: ${difference}`;
  }
  return undefined;
}
