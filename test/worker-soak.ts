/**
 * Sends a worker's process a great number of bundles, as a streaming job does in a day, and weighs its heap on the way.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { WorkerSettings } from "../src/worker/run-worker.ts";
import { startFnRunner, type WorkerConnection } from "./fakes/fn-runner.ts";
import { mapStage } from "./fakes/map-stage.ts";
import { WORKER_FUNCTIONS, workerFunctions } from "./fakes/worker-functions.ts";

const PROGRAM = fileURLToPath(new URL("../src/main/beam-worker.ts", import.meta.url));
/** Bundles under way at once. */
const AT_ONCE = 10;
const VALUES = [1, 2, 3].map((value) => Uint8Array.of(value));

export interface SoakResult {
  /** Heap in use after a garbage collection, in bytes: after a tenth of the bundles, and then ten times evenly. */
  readonly heap: readonly number[];
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
    const heap: number[] = [];
    for (let part = 0; part < 10; part++) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => runBundles(worker, bundles / 10 / AT_ONCE)));
      heap.push(await weigh(worker));
    }
    const seconds = (performance.now() - started) / 1000;
    const ended = once(child, "exit") as Promise<[number | null]>;
    worker.end();
    return { heap, seconds, exitCode: (await ended)[0] };
  } finally {
    child.kill("SIGKILL");
    runner.stop();
  }
}

/** One bundle after another. */
async function runBundles(worker: WorkerConnection, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { response, values } = await worker.run(VALUES);
    if (response.error !== "" || values.length !== VALUES.length)
      throw new Error(`A bundle gave ${values.length} values: ${response.error}`);
  }
}

async function weigh(worker: WorkerConnection): Promise<number> {
  const { values } = await worker.run([new Uint8Array()]);
  const [bytes] = values;
  if (bytes === undefined) throw new Error("The worker was not weighed.");
  return new DataView(bytes.buffer).getFloat64(0, true);
}
