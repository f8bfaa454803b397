/**
 * One worker, in a process of its own: takes a runner's bundles until the runner ends the control channel.
 *
 * It ends with 0 when the runner ended it, and with 1 when the connection broke, the pipeline's functions are not there,
 * or something was thrown that nobody caught; the runner's host then starts the container anew.
 */
import { status } from "@grpc/grpc-js";
import { consoleToLog } from "./console-log.ts";
import { FnLog } from "./fn-log.ts";
import { loadFunctionModules, type OwnModules } from "./function-modules.ts";
import { LeanWorker } from "./lean-worker.ts";
import { functionModules, logLevel, type PipelineOptions } from "./pipeline-options.ts";

/** What the boot tells a worker; JSON. */
export interface WorkerSettings {
  readonly id: string;
  readonly controlEndpoint: string;
  readonly loggingEndpoint?: string;
  readonly options: PipelineOptions;
}

/** Runs to the end. @returns the process's exit code */
export async function runWorker(settings: WorkerSettings, own: OwnModules): Promise<number> {
  const { id, controlEndpoint, loggingEndpoint, options } = settings;
  const log = new FnLog({ workerId: id, endpoint: loggingEndpoint, level: logLevel(options), now: Date.now });
  const restoreConsole = consoleToLog(log);
  const defect = untilDefect();
  try {
    await loadFunctionModules(functionModules(options), own);
    const worker = new LeanWorker(id, controlEndpoint);
    log.write("INFO", `Worker ${id} takes instructions from ${controlEndpoint}.`);
    const { code, details } = await Promise.race([worker.ended, worker.dataLost, defect.thrown]);
    if (code !== status.OK)
      throw new Error(`The control channel to ${controlEndpoint} broke: ${details} (status ${code}).`);
    log.write("INFO", `Worker ${id} was ended by the runner.`);
    return 0;
  } catch (error) {
    log.write("CRITICAL", error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 1;
  } finally {
    defect.off();
    restoreConsole();
    await log.close();
  }
}

/** Rejects with what is thrown outside any call; without it the process would end with its log unsent. */
function untilDefect(): { thrown: Promise<never>; off: () => void } {
  let onThrown: (error: unknown) => void = () => undefined;
  const thrown = new Promise<never>((_, reject) => {
    onThrown = reject;
  });
  thrown.catch(() => undefined);
  process.on("uncaughtException", onThrown).on("unhandledRejection", onThrown);
  const off = () => process.off("uncaughtException", onThrown).off("unhandledRejection", onThrown);
  return { thrown, off };
}
