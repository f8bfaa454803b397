/** What Beam says to a suite, on its runners: one run a resolution, from a file of quotes to files of rows and letters. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BoundedPipeline } from "../../src/pipeline/beam-pipeline.ts";
import { boundedYaml } from "../../src/pipeline/beam-yaml.ts";
import { runDirect } from "../../src/pipeline/direct-runner.ts";
import { boundedProto } from "../../src/pipeline/pipeline-proto.ts";
import type { Prism } from "../prism/prism.ts";
import type { Answer } from "./answers.ts";
import { type Row, rowsIn } from "./rows.ts";
import { messagesOf, type Suite } from "./suite.ts";
import { scriptedProto } from "./scripted-proto.ts";

type Run = (pipeline: BoundedPipeline, suite: Suite) => Promise<void>;

/** Beam's DirectRunner, of the TypeScript SDK. */
export async function beamDirect(suite: Suite): Promise<Answer> {
  return answerOf(suite, async (pipeline) => runDirect(pipeline));
}

/** Prism, with our worker behind a real Fn API. */
export async function beamPrism(suite: Suite, prism: Prism): Promise<Answer> {
  return answerOf(suite, async (pipeline) => runOnPrism(prism, await boundedProto(pipeline)));
}

/** The same, where the events of the script decide how the watermark goes. */
export async function beamPrismScripted(suite: Suite, prism: Prism): Promise<Answer> {
  return answerOf(suite, async (pipeline) => runOnPrism(prism, await scriptedProto(pipeline, suite.events)));
}

/** Beam YAML on Python Beam. @param python an interpreter that has it */
export async function beamYamlPython(suite: Suite, python: string): Promise<Answer> {
  return answerOf(suite, async (pipeline) => {
    const file = join(pipeline.rowsDirectory, "..", "pipeline.yaml");
    await writeFile(file, boundedYaml(pipeline));
    await promisify(execFile)(python, ["-m", "apache_beam.yaml.main", `--yaml_pipeline_file=${file}`]);
  });
}

async function runOnPrism(prism: Prism, pipeline: Uint8Array): Promise<void> {
  const { state, messages } = await prism.run(pipeline);
  if (state !== "DONE") throw new Error(`Prism ended as ${state}: ${messages.slice(-3).join("\n")}`);
}

async function answerOf(suite: Suite, run: Run): Promise<Answer> {
  const { feed, symbols, windows } = suite;
  const directory = await mkdtemp(join(tmpdir(), "stockfeed-conformance-"));
  try {
    const quotesFile = join(directory, "quotes.ndjson");
    await writeFile(
      quotesFile,
      messagesOf(suite)
        .map(({ data }) => `${data}\n`)
        .join(""),
    );
    const rows: Row[] = [];
    let refused: string[] = [];
    for (const [i, window] of windows.entries()) {
      const own = join(directory, String(i));
      const [rowsDirectory, deadLettersDirectory] = [join(own, "rows"), join(own, "letters")];
      for (const made of [own, rowsDirectory, deadLettersDirectory]) await mkdir(made);
      await run({ feed, symbols, window, quotesFile, rowsDirectory, deadLettersDirectory }, suite);
      rows.push(...(await rowsIn(rowsDirectory)));
      // Each run reads all quotes, and buries the same.
      const letters = (await rowsIn(deadLettersDirectory)) as unknown as { attributes: { reason: string } }[];
      refused = letters.map(({ attributes }) => attributes.reason);
    }
    return { rows, refused };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
