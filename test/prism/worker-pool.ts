/**
 * The worker pool of an external environment (`beam:env:external:v1`): starts our worker's program, as a container's host
 * does, for each worker that a runner asks for.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { type sendUnaryData, Server, type ServerUnaryCall } from "@grpc/grpc-js";
import type {
  StartWorkerRequest,
  StartWorkerResponse,
  StopWorkerRequest,
  StopWorkerResponse,
} from "apache-beam/proto/beam_fn_api";
import { beamFnExternalWorkerPoolDefinition } from "apache-beam/proto/beam_fn_api.grpc-server";
import { listen } from "../grpc-listen.ts";
import { forgetGroup, watchGroup } from "../reaper.ts";

/** How long a worker may take to end after its runner is done with it. */
const END_LIMIT_MS = 10_000;

export interface WorkerPool {
  /** `127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Exit codes of the workers that have ended; null for one that was killed. */
  readonly exits: readonly (number | null)[];
  /** Waits for the workers of a job to end, whose IDs begin with the job's. */
  settle(jobId: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param program the worker's, for Node
 * @param log file that takes what workers print
 */
export async function startWorkerPool(program: string, log: string): Promise<WorkerPool> {
  const running = new Map<string, ChildProcess>();
  const exits: (number | null)[] = [];
  const server = new Server();
  server.addService(beamFnExternalWorkerPoolDefinition, {
    startWorker: (
      { request }: ServerUnaryCall<StartWorkerRequest, StartWorkerResponse>,
      answer: sendUnaryData<StartWorkerResponse>,
    ) => {
      const child = startWorker(program, request, log);
      running.set(request.workerId, child);
      child.once("exit", (code) => {
        if (child.pid !== undefined) forgetGroup(child.pid);
        running.delete(request.workerId);
        exits.push(code);
      });
      answer(null, { error: "" });
    },
    stopWorker: (
      { request }: ServerUnaryCall<StopWorkerRequest, StopWorkerResponse>,
      answer: sendUnaryData<StopWorkerResponse>,
    ) => {
      // What ends a worker is the end of its control channel, which follows.
      const child = running.get(request.workerId);
      const patience = setTimeout(() => child?.kill("SIGKILL"), END_LIMIT_MS);
      child?.once("exit", () => {
        clearTimeout(patience);
      });
      answer(null, { error: "" });
    },
  });
  const endpoint = await listen(server);
  const settle = async (jobId: string) => {
    const own = [...running].filter(([workerId]) => workerId.startsWith(jobId));
    await Promise.all(own.map(([, child]) => once(child, "exit")));
  };
  return {
    endpoint,
    exits,
    settle,
    stop: async () => {
      server.forceShutdown();
      for (const child of running.values()) child.kill("SIGKILL");
      await settle("");
    },
  };
}

function startWorker(program: string, request: StartWorkerRequest, log: string): ChildProcess {
  const flags = {
    id: request.workerId,
    provision_endpoint: request.provisionEndpoint?.url,
    control_endpoint: request.controlEndpoint?.url,
    logging_endpoint: request.loggingEndpoint?.url,
    artifact_endpoint: request.artifactEndpoint?.url,
  };
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value ?? ""}`);
  const output = openSync(log, "a");
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", output, output], detached: true });
  closeSync(output);
  if (child.pid !== undefined) watchGroup(child.pid);
  return child;
}
