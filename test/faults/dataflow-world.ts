import { type FakeCloudStorage, startFakeCloudStorage } from "../fakes/cloud-storage-server.ts";
import type { DataflowCall, RestJob } from "../fakes/dataflow-format.ts";
import { type FakeDataflow, startFakeDataflow } from "../fakes/dataflow-server.ts";
import { FaultWorld } from "./operator-world.ts";

const OVER = ["DRAINED", "CANCELLED", "FAILED", "UPDATED", "DONE"].map((state) => `JOB_STATE_${state}`);
const READS = ["list", "get", "messages"];

/** A fault world whose operators have a Dataflow and a Cloud Storage, which stand in for Google's. */
export class DataflowWorld {
  readonly faults: FaultWorld;
  readonly dataflow: FakeDataflow;
  /** Told of each call that changed something at Dataflow; its caller hears of it later. */
  onWrite: (what: string) => void = () => undefined;
  /** The same of each pipeline that lies in Cloud Storage now. */
  onStage: (what: string) => void = () => undefined;
  readonly #storage: FakeCloudStorage;

  private constructor(faults: FaultWorld, storage: FakeCloudStorage, dataflow: FakeDataflow) {
    this.faults = faults;
    this.#storage = storage;
    this.dataflow = dataflow;
  }

  static async start(): Promise<DataflowWorld> {
    const [faults, storage, dataflow] = await Promise.all([
      FaultWorld.start({ driftInterval: "1s" }),
      startFakeCloudStorage(["acme"], (uri) => {
        world.onStage(`stage ${uri}`);
      }),
      startFakeDataflow({
        onDone: (call) => {
          if (!READS.includes(call.name)) world.onWrite(wordsOf(call));
        },
      }),
    ]);
    const world = new DataflowWorld(faults, storage, dataflow);
    faults.env.DATAFLOW_EMULATOR_HOST = dataflow.url;
    faults.env.STORAGE_EMULATOR_HOST = storage.url;
    faults.env.STOCKFEED_WORKER_IMAGE = "worker:test";
    return world;
  }

  async stop(): Promise<void> {
    await this.faults.stop();
    await Promise.all([this.dataflow.close(), this.#storage.close()]);
  }

  /** Every job that a project ever had. */
  launched(project: string): RestJob[] {
    return this.dataflow.jobs.all().filter(({ projectId }) => projectId === project);
  }

  /** Those that are not over. */
  active(project: string): RestJob[] {
    return this.launched(project).filter(({ currentState }) => !OVER.includes(currentState));
  }

  /** How many calls there were that may change something. */
  get writes(): number {
    return this.dataflow.calls.filter(({ name }) => !READS.includes(name)).length;
  }
}

function wordsOf({ name, jobId = "", body }: DataflowCall): string {
  const { requestedState = "" } = (body ?? {}) as { readonly requestedState?: string };
  return [name, jobId, requestedState].filter((word) => word !== "").join(" ");
}
