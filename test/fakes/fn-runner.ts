/**
 * The runner's side of Beam's Fn API, in the public protocol over gRPC: provision, control, data and logging on one port.
 * It does nothing by itself: a test sends instructions and data, in any order it likes, and sees what comes back.
 */
import { once } from "node:events";
import {
  type Metadata,
  type sendUnaryData,
  Server,
  type ServerDuplexStream,
  type ServerUnaryCall,
  status,
} from "@grpc/grpc-js";
import type {
  Elements,
  InstructionRequest,
  InstructionResponse,
  LogEntry,
  LogEntry_List,
  LogControl,
  ProcessBundleDescriptor,
} from "apache-beam/proto/beam_fn_api";
import {
  beamFnControlDefinition,
  beamFnDataDefinition,
  beamFnLoggingDefinition,
} from "apache-beam/proto/beam_fn_api.grpc-server";
import { type GetProvisionInfoResponse, ProvisionInfo } from "apache-beam/proto/beam_provision_api";
import { provisionServiceDefinition } from "apache-beam/proto/beam_provision_api.grpc-server";
import { Struct } from "apache-beam/proto/google/protobuf/struct";
import { listen } from "../grpc-listen.ts";
import { decodeElements, encodeElements } from "./element-bytes.ts";
import { SOURCE } from "./map-stage.ts";

type Control = ServerDuplexStream<InstructionResponse, InstructionRequest>;
type Data = ServerDuplexStream<Elements, Elements>;
type Instruction = InstructionRequest["request"];

export interface FnRunnerOptions {
  /** @param endpoint the runner's own */
  readonly stage: (endpoint: string) => ProcessBundleDescriptor;
  readonly siblingWorkerIds?: readonly string[];
  /** As the worker is told them. */
  readonly pipelineOptions?: Record<string, unknown>;
  readonly artifactRoles?: readonly string[];
}

/** A bundle's answer and the values that it gave. */
export interface BundleResult {
  readonly response: InstructionResponse;
  readonly values: readonly Uint8Array[];
}

/** What a bundle gave up to now. */
class Output {
  readonly values: Uint8Array[] = [];
  readonly #end = Promise.withResolvers<undefined>();
  readonly whole = this.#end.promise;

  take(data: Uint8Array, isLast: boolean): void {
    for (const value of decodeElements(data)) this.values.push(value);
    if (isLast) this.#end.resolve(undefined);
  }
}

/** A connected worker, as its runner has it. */
export class WorkerConnection {
  readonly #control: Control;
  readonly #data = Promise.withResolvers<Data>();
  readonly #answers = new Map<string, (response: InstructionResponse) => void>();
  readonly #outputs = new Map<string, Output>();
  #lastBundle = 0;

  constructor(control: Control) {
    this.#control = control;
    control.on("data", (response: InstructionResponse) => {
      this.#answers.get(response.instructionId)?.(response);
      this.#answers.delete(response.instructionId);
    });
    control.on("error", () => undefined);
  }

  onData(data: Data): void {
    data.on("error", () => undefined);
    data.on("data", ({ data: parts }: Elements) => {
      for (const part of parts) this.#outputs.get(part.instructionId)?.take(part.data, part.isLast);
    });
    this.#data.resolve(data);
  }

  /** Sends an instruction. @returns its answer, which may be an error */
  instruct(instructionId: string, request: Instruction): Promise<InstructionResponse> {
    return new Promise((resolve) => {
      this.#answers.set(instructionId, resolve);
      this.#control.write({ instructionId, request });
    });
  }

  /** Tells the worker to begin a bundle. @returns its end */
  async begin(bundleId: string): Promise<BundleResult> {
    const output = new Output();
    this.#outputs.set(bundleId, output);
    const processBundle = { processBundleDescriptorId: "stage", cacheTokens: [] };
    const response = await this.instruct(bundleId, { oneofKind: "processBundle", processBundle });
    // The answer may overtake the data, which come on another stream.
    if (response.error === "") await output.whole;
    this.#outputs.delete(bundleId);
    return { response, values: output.values };
  }

  /** Sends values to a bundle as one message. */
  async send(bundleId: string, values: readonly Uint8Array[]): Promise<void> {
    await this.#write(bundleId, encodeElements(values), false);
  }

  /** Says that a bundle has all its input. */
  async finish(bundleId: string): Promise<void> {
    await this.#write(bundleId, new Uint8Array(), true);
  }

  /** A whole bundle; each of `messages` is sent as one. */
  async run(...messages: (readonly Uint8Array[])[]): Promise<BundleResult> {
    const bundleId = `bundle-${++this.#lastBundle}`;
    const result = this.begin(bundleId);
    for (const values of messages) await this.send(bundleId, values);
    await this.finish(bundleId);
    return result;
  }

  /** Ends the worker, as a runner does that has no more work. */
  end(): void {
    this.#control.end();
  }

  /** Breaks the connection with an error. */
  break(): void {
    this.#control.emit("error", { code: status.UNAVAILABLE, details: "the runner went away" });
  }

  /** Breaks the data stream alone. */
  async breakData(): Promise<void> {
    (await this.#data.promise).emit("error", { code: status.UNAVAILABLE, details: "the data went away" });
  }

  /** Ends the data stream alone, without an error. */
  async endData(): Promise<void> {
    (await this.#data.promise).end();
  }

  async #write(instructionId: string, data: Uint8Array, isLast: boolean): Promise<void> {
    const stream = await this.#data.promise;
    const part = { instructionId, transformId: SOURCE, data, isLast };
    if (!stream.write({ data: [part], timers: [] })) await once(stream, "drain");
  }
}

export interface FnRunner {
  /** `127.0.0.1:PORT`, of every service. */
  readonly endpoint: string;
  /** What workers logged, each entry with the worker's ID. */
  readonly logged: readonly (LogEntry & { readonly workerId: string })[];
  /** Waits for the control connection of a worker of this ID. */
  worker(id: string): Promise<WorkerConnection>;
  readonly stop: () => void;
}

export async function startFnRunner(options: FnRunnerOptions): Promise<FnRunner> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const logged: (LogEntry & { workerId: string })[] = [];
  const connections = new Map<string, PromiseWithResolvers<WorkerConnection>>();
  const connection = (id: string) => {
    const known = connections.get(id) ?? Promise.withResolvers<WorkerConnection>();
    connections.set(id, known);
    return known;
  };
  let endpoint = "";
  server.addService(beamFnControlDefinition, {
    control: (call: Control) => {
      connection(workerIdOf(call.metadata)).resolve(new WorkerConnection(call));
    },
    getProcessBundleDescriptor: (
      { metadata }: ServerUnaryCall<unknown, ProcessBundleDescriptor>,
      answer: sendUnaryData<ProcessBundleDescriptor>,
    ) => {
      if (connections.has(workerIdOf(metadata))) answer(null, options.stage(endpoint));
      else answer({ code: status.UNKNOWN, details: "the metadata name no worker_id of this runner's" });
    },
  });
  server.addService(beamFnDataDefinition, {
    data: (call: Data) => {
      void connection(workerIdOf(call.metadata)).promise.then((worker) => {
        worker.onData(call);
      });
    },
  });
  server.addService(beamFnLoggingDefinition, {
    logging: (call: ServerDuplexStream<LogEntry_List, LogControl>) => {
      const workerId = workerIdOf(call.metadata);
      call.on("data", ({ logEntries }: LogEntry_List) => {
        logged.push(...logEntries.map((entry) => ({ ...entry, workerId })));
      });
      call.on("end", () => {
        call.end();
      });
      call.on("error", () => undefined);
    },
  });
  server.addService(provisionServiceDefinition, {
    getProvisionInfo: (_: unknown, answer: sendUnaryData<GetProvisionInfoResponse>) => {
      answer(null, { info: provisionInfo(options, endpoint) });
    },
  });
  endpoint = await listen(server);
  return {
    endpoint,
    logged,
    worker: (id) => connection(id).promise,
    stop: () => {
      server.forceShutdown();
    },
  };
}

function provisionInfo(options: FnRunnerOptions, url: string): ProvisionInfo {
  const artifact = { typeUrn: "", typePayload: new Uint8Array(), rolePayload: new Uint8Array() };
  return ProvisionInfo.create({
    pipelineOptions: Struct.fromJson((options.pipelineOptions ?? {}) as Parameters<typeof Struct.fromJson>[0]),
    controlEndpoint: { url },
    loggingEndpoint: { url },
    siblingWorkerIds: [...(options.siblingWorkerIds ?? [])],
    dependencies: (options.artifactRoles ?? []).map((roleUrn) => ({ ...artifact, roleUrn })),
  });
}

function workerIdOf(metadata: Metadata): string {
  return String(metadata.get("worker_id")[0]);
}
