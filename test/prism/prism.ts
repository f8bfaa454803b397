/**
 * Prism on a free port of 127.0.0.1, with our workers: every bundle crosses a real Fn API boundary, from a Go process to a
 * Node process that is started as the worker image starts it.
 *
 * Whatever environment a pipeline names, its functions run in our worker. Prism has no Pub/Sub: a pipeline that reads or
 * writes it has to have those transforms swapped first (`swapPubsub`).
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChannelCredentials } from "@grpc/grpc-js";
import "../../src/pipeline/node-compat.ts";
import "apache-beam";
import { JobServiceClient } from "apache-beam/proto/beam_job_api.grpc-client";
import {
  type JobMessagesResponse,
  JobState_Enum,
  PrepareJobRequest,
  type PrepareJobResponse,
  type RunJobResponse,
} from "apache-beam/proto/beam_job_api";
import { ExternalPayload, Pipeline } from "apache-beam/proto/beam_runner_api";
import { Struct } from "apache-beam/proto/google/protobuf/struct";
import { bundleWorker } from "../../scripts/bundle-worker.ts";
import { hasGo } from "../go-build.ts";
import { freePort, ServerProcess } from "../server-process.ts";
import { buildPrism, builtPrism } from "./build.ts";
import { startWorkerPool } from "./worker-pool.ts";

export interface PrismOptions {
  /** The worker's program, for Node; by default the worker image's, made anew. */
  readonly worker?: string;
}

export interface RunOptions {
  /** Modules that register the pipeline's functions; by default StockFeed's own. */
  readonly functions?: readonly string[];
  readonly signal?: AbortSignal;
}

/** How a pipeline ended. */
export interface PrismRun {
  readonly state: keyof typeof JobState_Enum;
  /** What Prism said of it, in order; the last ones say why it failed. */
  readonly messages: readonly string[];
}

export interface Prism {
  /** `127.0.0.1:PORT` of its job service. */
  readonly endpoint: string;
  /** Prism's own log, with what workers logged. */
  readonly log: string;
  /** Exit codes of workers that have ended. */
  readonly workerExits: readonly (number | null)[];
  /** Runs a pipeline, `org.apache.beam.model.pipeline.v1.Pipeline`, to its end, and waits for its worker's. */
  run(pipeline: Uint8Array, options?: RunOptions): Promise<PrismRun>;
  stop(): Promise<void>;
}

/** Why there is no Prism on this machine, or undefined where there is or can be one. */
export async function prismMissing(): Promise<string | undefined> {
  if ((await builtPrism()) !== undefined || hasGo()) return undefined;
  return "no Go to build Prism with, and none built: run npm run e2e -- --parts where there is Go";
}

/** Builds Prism where that was not done before, and starts it. */
export async function startPrism({ worker }: PrismOptions = {}): Promise<Prism> {
  const program = await buildPrism(console.log);
  const directory = await mkdtemp(join(tmpdir(), "stockfeed-prism-"));
  const log = join(directory, "prism.log");
  if (worker === undefined) await bundleWorker(directory);
  const pool = await startWorkerPool(worker ?? join(directory, "boot.mjs"), log);
  const port = await freePort();
  const flags = [`--job_port=${port}`, "--serve_http=false", "--log_kind=text"];
  const server = new ServerProcess([program, ...flags], log);
  const endpoint = `127.0.0.1:${port}`;
  const client = new JobServiceClient(endpoint, ChannelCredentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
  });
  await server.until(async () => {
    await new Promise<void>((resolve, reject) => {
      client.waitForReady(Date.now() + 1000, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
    return true;
  });
  return {
    endpoint,
    log,
    workerExits: pool.exits,
    run: async (pipeline, options) => {
      const { jobId, ...result } = await runJob(client, withEnvironment(pipeline, pool.endpoint), options);
      await pool.settle(`${jobId}[`);
      return result;
    },
    stop: async () => {
      client.close();
      await server.end("SIGTERM");
      await pool.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The pipeline with every environment replaced by the worker pool. */
function withEnvironment(bytes: Uint8Array, url: string): Pipeline {
  const pipeline = Pipeline.fromBinary(bytes);
  const payload = ExternalPayload.toBinary({ endpoint: { url }, params: {} });
  for (const environment of Object.values(pipeline.components?.environments ?? {})) {
    environment.urn = "beam:env:external:v1";
    environment.payload = payload;
    environment.dependencies = [];
  }
  return pipeline;
}

async function runJob(
  client: JobServiceClient,
  pipeline: Pipeline,
  { functions = ["stockfeed/pipeline-functions"], signal }: RunOptions = {},
): Promise<PrismRun & { readonly jobId: string }> {
  const pipelineOptions = Struct.fromJson({ "beam:option:registered_node_modules:v1": [...functions] });
  const request = PrepareJobRequest.create({ pipeline, jobName: "stockfeed", pipelineOptions });
  const { preparationId } = await called<PrepareJobResponse>((answer) => client.prepare(request, answer));
  const { jobId } = await called<RunJobResponse>((answer) => client.run({ preparationId, retrievalToken: "" }, answer));
  const cancel = () => {
    client.cancel({ jobId }, () => undefined);
  };
  signal?.addEventListener("abort", cancel, { once: true });
  if (signal?.aborted === true) cancel();
  const messages: string[] = [];
  let state: PrismRun["state"] = "UNSPECIFIED";
  try {
    for await (const { response } of client.getMessageStream({ jobId }) as AsyncIterable<JobMessagesResponse>) {
      if (response.oneofKind === "messageResponse") messages.push(response.messageResponse.messageText);
      if (response.oneofKind === "stateResponse")
        state = JobState_Enum[response.stateResponse.state] as PrismRun["state"];
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
  return { jobId, state, messages };
}

/** A unary call's answer. */
function called<T>(call: (answer: (error: Error | null, value?: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      if (value !== undefined) resolve(value);
      else reject(error ?? new Error("Prism answered nothing."));
    });
  });
}
