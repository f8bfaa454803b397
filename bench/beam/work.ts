/** The quotes that all contestants are given, and how programs that are none of Node's are told of them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BoundedPipeline } from "../../src/pipeline/beam-pipeline.ts";
import { layOut } from "../../test/conformance/pipeline-files.ts";
import { quoteScript } from "../../test/conformance/quote-script.ts";
import type { Suite } from "../../test/conformance/suite.ts";
import { symbolNamed } from "../symbol-names.ts";

const SYMBOLS = 100;
const INTERVAL_MS = 10_000;
const DISORDER_SLOTS = 6;
const MINUTES = [1, 5, 15];
const START = Date.UTC(2024, 0, 2, 14, 30);

/** A suite in a directory. */
export interface BeamWork {
  readonly suite: Suite;
  /** One a resolution. */
  readonly pipelines: readonly BoundedPipeline[];
  /** A file of JSON, with all that a program needs to know. */
  readonly jobFile: string;
}

/** What a job's file holds. */
export interface BeamJob {
  readonly feed: string;
  readonly symbols: readonly string[];
  readonly quotesFile: string;
  readonly lettersDirectory: string;
  /** Before the first slot. */
  readonly start: number;
  /** Most that a quote may come later than one of a newer slot. */
  readonly disorderMs: number;
  readonly windows: readonly (BoundedPipeline["window"] & { readonly rowsDirectory: string })[];
}

/** Quotes of 100 symbols in so many slots, with repeats, rivals, disorder and bad records, as in the conformance suites. */
export function suiteOf(slots: number): Suite {
  const symbols = Array.from({ length: SYMBOLS }, (_, i) => symbolNamed(i));
  const shape = { intervalMs: INTERVAL_MS, start: START, slots, disorder: DISORDER_SLOTS };
  const { feed, messages } = quoteScript({ seed: 1, symbols, ...shape });
  const windows = MINUTES.map((minutes) => ({
    sizeMs: minutes * 60_000,
    periodMs: INTERVAL_MS,
    offsetMs: 5_000,
    allowedLatenessMs: DISORDER_SLOTS * INTERVAL_MS,
  }));
  return { name: `${slots} slots`, feed, symbols, windows, events: messages.map((message) => ({ message })) };
}

/** Puts a suite into an empty directory. */
export async function workIn(directory: string, suite: Suite): Promise<BeamWork> {
  const pipelines = await layOut(suite, directory);
  const job: BeamJob = {
    feed: suite.feed,
    symbols: suite.symbols,
    quotesFile: pipelines[0]?.quotesFile ?? "",
    lettersDirectory: pipelines[0]?.deadLettersDirectory ?? "",
    start: START - DISORDER_SLOTS * INTERVAL_MS,
    disorderMs: DISORDER_SLOTS * INTERVAL_MS,
    windows: pipelines.map(({ window, rowsDirectory }) => ({ ...window, rowsDirectory })),
  };
  const jobFile = join(directory, "job.json");
  await writeFile(jobFile, JSON.stringify(job));
  return { suite, pipelines, jobFile };
}
