/**
 * Sends a worker's process a great number of bundles, as a streaming job does in a day, and weighs what it holds on the
 * way. Of every hundredth bundle it asks how far it is, and that it be split, as a runner does.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { WorkerSettings } from "../src/worker/run-worker.ts";
import { startFnRunner, type WorkerConnection } from "./fakes/fn-runner.ts";
import { mapStage, SOURCE } from "./fakes/map-stage.ts";
import { WORKER_FUNCTIONS, workerFunctions } from "./fakes/worker-functions.ts";

const PROGRAM = fileURLToPath(new URL("../src/main/beam-worker.ts", import.meta.url));
/** Bundles under way at once. */
const AT_ONCE = 10;
/** Bundles of which one is asked about. */
const ASKED_EVERY = 100;
const VALUES = [1, 2, 3].map((value) => Uint8Array.of(value));

export interface SoakResult {
  /** Heap in use after a garbage collection, in bytes: after each tenth of the bundles. */
  readonly heap: readonly number[];
  /** The same of what lies outside the heap, buffers among it. */
  readonly outside: readonly number[];
  /** Bundles that were asked about, and those of them that were split. */
  readonly asked: number;
  readonly split: number;
  readonly seconds: number;
  readonly exitCode: number | null;
}

/** @param bundles a multiple of 100; every one has three elements, and its values are checked */
export async function soakWorker(bundles: number): Promise<SoakResult> {
  const runner = await startFnRunner({ stage: (endpoint) => mapStage(endpoint, workerFunctions.weighed) });
  const settings: WorkerSettings = {
    id: "soaked",
    controlEndpoint: runner.endpoint,
    loggingEndpoint: runner.endpoint,
    options: { registered_node_modules: [WORKER_FUNCTIONS] },
  };
  const child = spawn(process.execPath, ["--expose-gc", PROGRAM], {
    env: { ...process.env, STOCKFEED_BEAM_WORKER: JSON.stringify(settings) },
    stdio: "inherit",
  });
  try {
    const worker = await runner.worker("soaked");
    const started = performance.now();
    const [heap, outside]: [number[], number[]] = [[], []];
    const tally: Tally = { begun: 0, asked: 0, split: 0 };
    for (let part = 0; part < 10; part++) {
      const count = bundles / 10 / AT_ONCE;
      await Promise.all(Array.from({ length: AT_ONCE }, () => runBundles(worker, count, tally)));
      const weight = await weigh(worker);
      heap.push(weight.heap);
      outside.push(weight.outside);
    }
    const seconds = (performance.now() - started) / 1000;
    const ended = once(child, "exit") as Promise<[number | null]>;
    worker.end();
    const { asked, split } = tally;
    return { heap, outside, asked, split, seconds, exitCode: (await ended)[0] };
  } finally {
    child.kill("SIGKILL");
    runner.stop();
  }
}

/** What all lanes have done together. */
interface Tally {
  begun: number;
  asked: number;
  split: number;
}

/** One bundle after another. */
async function runBundles(worker: WorkerConnection, count: number, tally: Tally): Promise<void> {
  for (let i = 0; i < count; i++) {
    tally.begun += 1;
    if (tally.begun % ASKED_EVERY === 0) {
      tally.asked += 1;
      if (await runAsked(worker, `asked-${tally.asked}`)) tally.split += 1;
      continue;
    }
    const { response, values } = await worker.run(VALUES);
    if (response.error !== "" || values.length !== VALUES.length)
      throw new Error(`A bundle gave ${values.length} values: ${response.error}`);
  }
}

/** A bundle that is asked about before it has all its input. @returns whether it was split */
async function runAsked(worker: WorkerConnection, id: string): Promise<boolean> {
  const bundle = worker.begin(id);
  await worker.send(id, VALUES);
  const progress = await worker.instruct(`progress of ${id}`, {
    oneofKind: "processBundleProgress",
    processBundleProgress: { instructionId: id },
  });
  const half = { fractionOfRemainder: 0.5, estimatedInputElements: BigInt(2 * VALUES.length), allowedSplitPoints: [] };
  const answer = await worker.instruct(`split of ${id}`, {
    oneofKind: "processBundleSplit",
    processBundleSplit: { instructionId: id, desiredSplits: { [SOURCE]: half } },
  });
  await worker.finish(id);
  const { response, values } = await bundle;
  const errors = [progress, answer, response].map(({ error }) => error).filter((error) => error !== "");
  const { oneofKind } = progress.response;
  if (oneofKind !== "processBundleProgress" || answer.response.oneofKind !== "processBundleSplit")
    throw new Error(`A question about ${id} was not answered: ${errors.join(", ")}`);
  const [split] = answer.response.processBundleSplit.channelSplits;
  const wanted = Math.min(VALUES.length, Number(split?.firstResidualElement ?? VALUES.length));
  if (errors.length > 0 || values.length !== wanted)
    throw new Error(`${id} gave ${values.length} of ${wanted} values: ${errors.join(", ")}`);
  return split !== undefined;
}

async function weigh(worker: WorkerConnection): Promise<{ readonly heap: number; readonly outside: number }> {
  const { values } = await worker.run([new Uint8Array()]);
  const [bytes] = values;
  if (bytes === undefined) throw new Error("The worker was not weighed.");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { heap: view.getFloat64(0, true), outside: view.getFloat64(8, true) };
}
