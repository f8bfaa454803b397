/**
 * What the graph costs a worker: how many messages a second one takes, by the Fn API, from a stand-in for a runner that does
 * nothing itself, and what each step of the stage takes of it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { FUNCTIONS_MODULE } from "../../src/plan/functions-module.ts";
import { encodePubsubMessage } from "../../src/pipeline/pubsub-message.ts";
import type { WorkerSettings } from "../../src/worker/run-worker.ts";
import { messagesOf, type Suite } from "../../test/conformance/suite.ts";
import { startFnRunner, type WorkerConnection } from "../../test/fakes/fn-runner.ts";
import { forgetGroup, watchGroup } from "../../test/reaper.ts";
import type { BenchResult } from "../result.ts";
import { medianOf } from "../timing.ts";
import { firstStage, STEPS } from "./first-stage.ts";
import { suiteOf } from "./work.ts";

const PROGRAM = fileURLToPath(new URL("../../src/main/beam-worker.ts", import.meta.url));
/** Elements a bundle. */
const BUNDLE = 500;

/** Elements a second of a worker, for each window, and microseconds an element of each step. */
export async function workerCostBench({ short }: { readonly short: boolean }): Promise<BenchResult[]> {
  const suite = suiteOf(short ? 4 : 20);
  const results: BenchResult[] = [];
  for (const window of suite.windows) {
    const minutes = window.sizeMs / 60_000;
    const whole = await secondsAnElement(suite, window, STEPS.length, short);
    results.push({
      name: `beam: a worker's first stage, ${minutes} min windows`,
      unit: "messages/s",
      value: 1 / whole,
      rivals: [],
    });
    if (short || window !== suite.windows.at(-1)) continue;
    let before = 0;
    for (const [i, { name }] of STEPS.entries()) {
      const until = i + 1 < STEPS.length ? await secondsAnElement(suite, window, i + 1, short) : whole;
      const value = (until - before) * 1e6;
      before = until;
      results.push({ name: `beam: of it, ${name}, ${minutes} min windows`, unit: "µs/message", value, rivals: [] });
    }
  }
  return results;
}

/** Of bundles that a worker, which has been warmed up, is given one after another. */
async function secondsAnElement(
  { feed, symbols, ...suite }: Suite,
  window: Suite["windows"][number],
  steps: number,
  short: boolean,
): Promise<number> {
  const bundles = inBundles(
    messagesOf({ feed, symbols, ...suite }).map(({ data }) => encodePubsubMessage(data, { feed })),
  );
  const runner = await startFnRunner({ stage: (endpoint) => firstStage({ feed, symbols, window }, endpoint, steps) });
  const settings: WorkerSettings = {
    id: "measured",
    controlEndpoint: runner.endpoint,
    loggingEndpoint: runner.endpoint,
    options: { registered_node_modules: [FUNCTIONS_MODULE] },
  };
  const child = spawn(process.execPath, [PROGRAM], {
    env: { ...process.env, STOCKFEED_BEAM_WORKER: JSON.stringify(settings) },
    stdio: "inherit",
    detached: true,
  });
  if (child.pid !== undefined) watchGroup(child.pid);
  const ended = once(child, "exit");
  try {
    const worker = await runner.worker("measured");
    const samples: number[] = [];
    for (let round = 0; round < (short ? 2 : 4); round++) {
      for (const [i, bundle] of bundles.entries()) {
        const started = performance.now();
        await runBundle(worker, `${round}-${i}`, bundle);
        if (round > 0) samples.push((performance.now() - started) / 1000 / BUNDLE);
      }
    }
    worker.end();
    await ended;
    return medianOf(samples);
  } finally {
    child.kill("SIGKILL");
    if (child.pid !== undefined) forgetGroup(child.pid);
    runner.stop();
  }
}

/** Whole bundles alone, each as a runner sends it. */
function inBundles(messages: readonly Uint8Array[]): (readonly Uint8Array[])[] {
  const count = Math.max(1, Math.floor(messages.length / BUNDLE));
  return Array.from({ length: count }, (_, i) => messages.slice(i * BUNDLE, (i + 1) * BUNDLE));
}

async function runBundle(worker: WorkerConnection, id: string, bundle: readonly Uint8Array[]): Promise<void> {
  const processBundle = { processBundleDescriptorId: "stage", cacheTokens: [] };
  const answer = worker.instruct(id, { oneofKind: "processBundle", processBundle });
  await worker.send(id, bundle);
  await worker.finish(id);
  const { error } = await answer;
  if (error !== "") throw new Error(`The worker failed: ${error}`);
}
