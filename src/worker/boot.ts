/**
 * The container's first process: asks the runner's provision service what to start, starts a worker for its own ID and
 * each sibling's, and ends when they have ended.
 *
 * JavaScript runs on one core: a runner that knows `beam:protocol:sibling_workers:v1` names a sibling for each further core,
 * and every worker is a process of its own. All are needed: when one fails, the others are stopped and the container ends
 * with its code. It ends with 0 when the runner has ended them all, with 2 where the flags are wrong, and with 143 after
 * SIGTERM.
 */
import { BootError, parseContainerFlags } from "./container-flags.ts";
import { FnLog } from "./fn-log.ts";
import { logLevel } from "./pipeline-options.ts";
import { askProvision } from "./provision.ts";
import type { WorkerSettings } from "./run-worker.ts";

/** A worker's process. */
export interface WorkerProcess {
  /** Fulfilled with its exit code, 128 and the signal's number where a signal ended it. */
  readonly ended: Promise<number>;
  stop(signal: NodeJS.Signals): void;
}

/**
 * @param args the container's flags
 * @param start starts a worker's process
 * @returns the exit code
 */
export async function boot(
  args: readonly string[],
  start: (settings: WorkerSettings) => WorkerProcess,
): Promise<number> {
  let provision;
  try {
    provision = await askProvision(parseContainerFlags(args));
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  const { workerIds, options, artifacts, ...endpoints } = provision;
  const log = new FnLog({
    workerId: workerIds[0],
    endpoint: endpoints.loggingEndpoint,
    level: logLevel(options),
    now: Date.now,
  });
  if (artifacts.length > 0)
    log.write(
      "WARN",
      `Artifacts are left where they are, for the image has all that it needs: ${artifacts.join(", ")}.`,
    );
  log.write("INFO", `Starting ${workerIds.length} worker(s): ${workerIds.join(", ")}.`);
  const workers = workerIds.map((id) => start({ id, options, ...endpoints }));
  const code = await allEnded(workers);
  if (code !== 0) log.write("ERROR", `A worker ended with code ${code}; so does the container.`);
  await log.close();
  return code;
}

/** Passes signals on, and stops all when one fails. @returns 0, or the code of the first that failed */
async function allEnded(workers: readonly WorkerProcess[]): Promise<number> {
  const stopAll = (signal: NodeJS.Signals) => {
    for (const worker of workers) worker.stop(signal);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stopAll);
  let failed = 0;
  await Promise.all(
    workers.map(async ({ ended }) => {
      const code = await ended;
      if (code === 0 || failed !== 0) return;
      failed = code;
      stopAll("SIGTERM");
    }),
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, stopAll);
  return failed;
}
