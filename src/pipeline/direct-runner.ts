import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { BeamMemoryError } from "./beam-errors.ts";
import type { BoundedPipeline } from "./beam-pipeline.ts";

/**
 * Runs a bounded pipeline on Beam's DirectRunner: in this machine's memory, which holds every quote once a window.
 *
 * In a thread of its own: the SDK prints what it does, keeps what it has loaded, and runs without a pause until its end. An
 * abort ends the thread at once, and leaves files that may be of any part of the rows.
 * @throws BeamMemoryError when memory runs out, the signal's reason when aborted
 */
export async function runDirect(pipeline: BoundedPipeline, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const thread = new URL(`direct-thread${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(thread, { workerData: pipeline, stdout: true, stderr: true });
  const stop = () => void worker.terminate();
  signal?.addEventListener("abort", stop);
  try {
    await once(worker, "exit");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY")) throw error;
    throw new BeamMemoryError("Beam's DirectRunner ran out of memory.", { cause: error });
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  signal?.throwIfAborted();
}
