/** Who computes the windows, by what, and how many slots each is given, so that a run takes seconds. */
import { fileURLToPath } from "node:url";
import { runDirect } from "../../src/pipeline/direct-runner.ts";
import { boundedProto } from "../../src/pipeline/pipeline-proto.ts";
import { runOnPrism } from "../../test/conformance/beam-answers.ts";
import { type Prism, prismMissing, startPrism } from "../../test/prism/prism.ts";
import { pythonBeam, pythonBeamMissing } from "../../test/python-beam/python-beam.ts";
import { BEAM_FLINK, FLINK, javaArguments, type JavaProgram, javaMissing } from "./java-program.ts";
import { runProgram } from "./program.ts";
import type { BeamWork } from "./work.ts";

export interface Contestant {
  readonly name: string;
  /** Slots of the two sizes that it is measured on. */
  readonly slots: readonly [small: number, large: number];
  /** Why it can't run on this machine; undefined where it can. */
  readonly missing?: string | undefined;
  /**
   * From the start of its program to the end of it, quotes in a file to rows in files.
   * @param log takes what it prints
   * @returns the processor time that it took, in seconds; undefined where it is no program by itself
   */
  run(work: BeamWork, log: string): Promise<number | undefined>;
}

export interface Contestants {
  readonly all: readonly Contestant[];
  stop(): Promise<void>;
}

const EMBEDDED = fileURLToPath(new URL("embedded-run.ts", import.meta.url));
const PYTHON = fileURLToPath(new URL("python/sliding_rows.py", import.meta.url));

const embedded: Contestant = {
  name: "embedded",
  slots: [100, 2_000],
  run: async ({ jobFile }, log) => runProgram(process.execPath, [EMBEDDED, jobFile], log),
};

/** The graph of a Dataflow job, one run a resolution, on the SDK's own runner. */
const direct: Contestant = {
  name: "beam-ts-direct",
  slots: [4, 24],
  run: async ({ pipelines }) => {
    for (const pipeline of pipelines) await runDirect(pipeline);
    return undefined;
  },
};

/** Those that need nothing but Node, on little work. */
export function lightContestants(): Contestants {
  return {
    all: [
      { ...embedded, slots: [1, 200] },
      { ...direct, slots: [1, 8] },
    ],
    stop: () => Promise.resolve(),
  };
}

/** All of them. Prism starts, and programs in Java are made, when it is first asked. @param say is told of what takes long */
export async function allContestants(say: (line: string) => void): Promise<Contestants> {
  let started: Promise<Prism> | undefined;
  const prism = async () => (started ??= startPrism());
  const noPrism = await prismMissing();
  const noPython = pythonBeamMissing();
  const python = async (jobFile: string, where: string, log: string) =>
    runProgram(pythonBeam() ?? "python3", [PYTHON, jobFile, where], log);
  const java = async (program: JavaProgram, jobFile: string, log: string) =>
    runProgram("java", [...(await javaArguments(program, say)), jobFile], log);
  return {
    all: [
      embedded,
      {
        name: "beam-flink",
        slots: [100, 400],
        missing: await javaMissing(BEAM_FLINK),
        run: async ({ jobFile }, log) => java(BEAM_FLINK, jobFile, log),
      },
      {
        name: "flink",
        // Less than that is over before Java is warm, and says anything from 3 to 60 thousand quotes a second.
        slots: [200, 2_000],
        missing: await javaMissing(FLINK),
        run: async ({ jobFile }, log) => java(FLINK, jobFile, log),
      },
      direct,
      {
        name: "beam-ts-prism",
        slots: [1, 24],
        missing: noPrism,
        run: async ({ pipelines }) => {
          for (const pipeline of pipelines) await runOnPrism(await prism(), await boundedProto(pipeline));
          return undefined;
        },
      },
      {
        name: "beam-python-direct",
        slots: [4, 64],
        missing: noPython,
        run: async ({ jobFile }, log) => python(jobFile, "direct", log),
      },
      {
        name: "beam-python-prism",
        slots: [1, 24],
        missing: noPython ?? noPrism,
        // Its own part of it alone: Prism has a process of its own.
        run: async ({ jobFile }, log) => {
          await python(jobFile, (await prism()).endpoint, log);
          return undefined;
        },
      },
    ],
    stop: async () => (await started)?.stop(),
  };
}
