/** A suite as bounded pipelines have it: a file of quotes, and directories that take rows and dead letters. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BoundedPipeline } from "../../src/pipeline/beam-pipeline.ts";
import type { DeadLetterMessage } from "../../src/quotes/wire.ts";
import type { Answer } from "./answers.ts";
import { rowsIn } from "./rows.ts";
import { messagesOf, type Suite } from "./suite.ts";

/** Writes the quotes of a suite into a directory, and makes the directories of its pipelines in it, one a resolution. */
export async function layOut(suite: Suite, directory: string): Promise<BoundedPipeline[]> {
  const { feed, symbols, windows } = suite;
  const quotesFile = join(directory, "quotes.ndjson");
  await writeFile(
    quotesFile,
    messagesOf(suite)
      .map(({ data }) => `${data}\n`)
      .join(""),
  );
  const pipelines: BoundedPipeline[] = [];
  for (const [i, window] of windows.entries()) {
    const own = join(directory, String(i));
    const [rowsDirectory, deadLettersDirectory] = [join(own, "rows"), join(own, "letters")];
    for (const made of [own, rowsDirectory, deadLettersDirectory]) await mkdir(made);
    pipelines.push({ feed, symbols, window, quotesFile, rowsDirectory, deadLettersDirectory });
  }
  return pipelines;
}

/** What the pipelines have put into their directories. The first one's letters are all: each run reads all quotes. */
export async function readAnswer(pipelines: readonly BoundedPipeline[]): Promise<Answer> {
  const rows = await Promise.all(pipelines.map(async ({ rowsDirectory }) => rowsIn(rowsDirectory)));
  const letters = (await rowsIn(pipelines[0]?.deadLettersDirectory ?? "")) as unknown as DeadLetterMessage[];
  return { rows: rows.flat(), refused: letters.map(({ attributes }) => attributes.reason) };
}
