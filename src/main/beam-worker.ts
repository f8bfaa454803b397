/**
 * The program of the Dataflow jobs' worker image (Dockerfile.worker): started with the flags of Beam's container contract
 * it asks what to run and starts itself once a worker, with the worker's settings in STOCKFEED_BEAM_WORKER.
 */
import { fork } from "node:child_process";
import { constants } from "node:os";
import { boot, type WorkerProcess } from "../worker/boot.ts";
import { runWorker, type WorkerSettings } from "../worker/run-worker.ts";
import { FUNCTIONS_MODULE } from "../plan/functions-module.ts";

/** Functions of pipelines that are a part of this program. */
const functions = { [FUNCTIONS_MODULE]: () => import("../pipeline/pipeline-functions.ts") };

const SETTINGS = "STOCKFEED_BEAM_WORKER";

function startWorker(settings: WorkerSettings): WorkerProcess {
  const env = { ...process.env, [SETTINGS]: JSON.stringify(settings) };
  const child = fork(import.meta.filename, [], { env });
  const ended = new Promise<number>((resolve) => {
    child.once("error", () => {
      resolve(1);
    });
    child.once("exit", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
  return { ended, stop: (signal) => child.kill(signal) };
}

const settings = process.env[SETTINGS];
if (settings === undefined) {
  process.exit(await boot(process.argv.slice(2), startWorker));
} else {
  // Without the process that started it, nobody would stop it.
  process.once("disconnect", () => process.exit(1));
  process.exit(await runWorker(JSON.parse(settings) as WorkerSettings, functions));
}
