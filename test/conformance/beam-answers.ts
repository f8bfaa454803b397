/** What Beam says to a suite, on its runners: one run a resolution, from a file of quotes to files of rows and letters. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BoundedPipeline } from "../../src/pipeline/beam-pipeline.ts";
import { boundedYaml } from "../../src/pipeline/beam-yaml.ts";
import { runDirect } from "../../src/pipeline/direct-runner.ts";
import { boundedProto } from "../../src/pipeline/pipeline-proto.ts";
import type { Prism } from "../prism/prism.ts";
import type { Answer } from "./answers.ts";
import { layOut, readAnswer } from "./pipeline-files.ts";
import type { Suite } from "./suite.ts";
import { scriptedProto } from "./scripted-proto.ts";

/** Runs the pipelines of a suite, one a resolution. */
type Run = (pipelines: readonly BoundedPipeline[]) => Promise<void>;

/** In one process, since it takes long to load what it runs them by. */
const RUN_YAML = `
import sys
from apache_beam.yaml import main
for file in sys.argv[1:]:
  main.run(['--yaml_pipeline_file=' + file])
`;

/** Beam's DirectRunner, of the TypeScript SDK. */
export async function beamDirect(suite: Suite): Promise<Answer> {
  return answerOf(
    suite,
    oneByOne(async (pipeline) => runDirect(pipeline)),
  );
}

/** Prism, with our worker behind a real Fn API. */
export async function beamPrism(suite: Suite, prism: Prism): Promise<Answer> {
  return answerOf(
    suite,
    oneByOne(async (pipeline) => runOnPrism(prism, await boundedProto(pipeline))),
  );
}

/** The same, where the events of the script decide how the watermark goes. */
export async function beamPrismScripted(suite: Suite, prism: Prism): Promise<Answer> {
  const run = async (pipeline: BoundedPipeline) => runOnPrism(prism, await scriptedProto(pipeline, suite.events));
  return answerOf(suite, oneByOne(run));
}

/** Beam YAML on Python Beam. @param python an interpreter that has it */
export async function beamYamlPython(suite: Suite, python: string): Promise<Answer> {
  return answerOf(suite, async (pipelines) => {
    const files = pipelines.map(({ rowsDirectory }) => join(rowsDirectory, "..", "pipeline.yaml"));
    for (const [i, pipeline] of pipelines.entries()) await writeFile(files[i] ?? "", boundedYaml(pipeline));
    await promisify(execFile)(python, ["-c", RUN_YAML, ...files]);
  });
}

function oneByOne(run: (pipeline: BoundedPipeline) => Promise<void>): Run {
  return async (pipelines) => {
    for (const pipeline of pipelines) await run(pipeline);
  };
}

/** @throws Error when the pipeline does not end well */
export async function runOnPrism(prism: Prism, pipeline: Uint8Array): Promise<void> {
  const { state, messages } = await prism.run(pipeline);
  if (state !== "DONE") throw new Error(`Prism ended as ${state}: ${messages.slice(-3).join("\n")}`);
}

async function answerOf(suite: Suite, run: Run): Promise<Answer> {
  const directory = await mkdtemp(join(tmpdir(), "stockfeed-conformance-"));
  try {
    const pipelines = await layOut(suite, directory);
    await run(pipelines);
    return await readAnswer(pipelines);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
