/** The job that StockFeed creates, beside the one that Python Beam's own runner creates of the same pipeline. */
import "../../pipeline/node-compat.ts";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Pipeline } from "apache-beam/proto/beam_runner_api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFakeDataflow } from "../../../test/fakes/dataflow-server.ts";
import { withoutPart } from "../../../test/missing-part.ts";
import { pythonBeam, pythonBeamMissing } from "../../../test/python-beam/python-beam.ts";
import type { JobLaunch } from "../../job-ports.ts";
import { pipelineProto } from "../../pipeline/pipeline-proto.ts";
import { googleCalls } from "./dataflow-calls.ts";
import { jobRequest } from "./job-request.ts";
import { environmentsOf } from "./portable-environments.ts";

const SUBMIT = join(import.meta.dirname, "../../../test/python-beam/submit_to_dataflow.py");
const IMAGE = "europe-docker.pkg.dev/acme/r/worker:1";
const FEED = {
  feed: "markets/tech",
  symbols: ["AAPL", "MSFT"],
  window: { sizeMs: 60_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 60_000 },
  subscription: "projects/acme/subscriptions/s",
  windowsTopic: "projects/acme/topics/w",
  deadLetterTopic: "projects/acme/topics/d",
};
const LAUNCH: JobLaunch = {
  projectId: "acme",
  region: "europe-west2",
  name: "stockfeed-markets-tech-abc12345-1m",
  requestId: "request-1",
  labels: { "stockfeed-name": "tech" },
  pipeline: { template: "TypeScript", ...FEED },
  tempLocation: "gs://acme/tmp",
  minWorkers: 2,
  maxWorkers: 3,
  serviceAccountEmail: "w@acme.iam.gserviceaccount.com",
  network: "net",
  subnetwork: "regions/europe-west2/subnetworks/s",
  machineType: "n2-standard-2",
  privateIps: true,
  workerImage: IMAGE,
};

/** Where the two jobs differ, and why they are meant to. docs/dataflow.md says the same. */
const MEANT: Readonly<Record<string, string>> = {
  clientRequestId: "written down before the launch, so that a repeated one is the same launch",
  projectId: "in the path already; ours says it twice",
  location: "in the path already; ours says it twice",
  "environment.userAgent.name": "the SDK whose functions run",
  "environment.userAgent.version": "the version of that SDK",
  "environment.clusterManagerApiService": "left to the service's default, as its reference allows",
  "environment.dataset": "optional, for tables of workflows that this job has not",
  "environment.workerPools.0.taskrunnerSettings": "for workers of the old kind; Runner v2 has no task runner",
  "environment.sdkPipelineOptions.display_data": "shown in the console alone",
};

type Sent = Readonly<Record<string, unknown>>;

/** Values by their path, of objects and lists; experiments are a set. */
function leaves(value: unknown, path = ""): Map<string, unknown> {
  const isSet = path.endsWith("experiments") || path.endsWith("capabilities");
  if (typeof value !== "object" || value === null) return new Map([[path, value]]);
  if (isSet) return new Map([[path, JSON.stringify([...(value as string[])].sort())]]);
  const inner = Object.entries(value).flatMap(([name, field]) => [
    ...leaves(field, path === "" ? name : `${path}.${name}`),
  ]);
  // An element of a list counts even where it is empty; an empty object or list elsewhere says nothing.
  return new Map(inner.length === 0 && /\.\d+$/.test(path) ? [[path, "{}"]] : inner);
}

/** Paths whose values differ, each cut to what `known` speaks of. */
function differences(ours: unknown, theirs: unknown, known: readonly string[]): string[] {
  const [a, b] = [leaves(ours), leaves(theirs)];
  const paths = [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path));
  return [...new Set(paths.map((path) => known.find((each) => path === each || path.startsWith(`${each}.`)) ?? path))];
}

function optionsOf(job: Sent): Sent {
  return (job.environment as { readonly sdkPipelineOptions: { readonly options: Sent } }).sdkPipelineOptions.options;
}

function withoutOptions(job: Sent): Sent {
  const environment = job.environment as { readonly sdkPipelineOptions: Sent };
  return {
    ...job,
    environment: { ...environment, sdkPipelineOptions: { ...environment.sdkPipelineOptions, options: {} } },
  };
}

describe.skipIf(withoutPart(pythonBeamMissing()))("the job, beside Python Beam's own of the same pipeline", () => {
  let directory = "";
  let proto: Uint8Array;
  let launches: { readonly ours: Sent; readonly theirs: Sent };
  let updates: { readonly ours: Sent; readonly theirs: Sent };
  let replaced = "";

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "stockfeed-"));
    const file = join(directory, "given.pb");
    proto = await pipelineProto({ ...FEED, workerImage: IMAGE });
    await writeFile(file, proto);
    const fake = await startFakeDataflow();
    const calls = await googleCalls({ endpoint: fake.url });
    const submit = async (...more: readonly string[]) =>
      promisify(execFile)(pythonBeam() ?? "", [SUBMIT, file, ...flags(fake.url), ...more]);
    const created = () => fake.calls.filter(({ name }) => name === "create").map(({ body }) => body as Sent);
    try {
      const staged = { pipelineUrl: "gs://acme/tmp/pipeline.pb", environments: environmentsOf(proto) };
      await calls.create(LAUNCH, jobRequest(LAUNCH, staged));
      fake.jobs.fail(fake.jobs.all()[0]!.id, "makes room for the other");
      await submit();
      // Each updates that job; the first one fails, so that the job is there for the other.
      replaced = fake.jobs.all()[1]!.id;
      fake.jobs.rejectNextUpdate("makes room for the other");
      const update = { ...LAUNCH, requestId: "request-2", replaceJobId: replaced };
      await calls.create(update, jobRequest(update, staged));
      await submit("--update");
      const [ours, theirs, ourUpdate, theirUpdate] = created() as [Sent, Sent, Sent, Sent];
      launches = { ours, theirs };
      updates = { ours: ourUpdate, theirs: theirUpdate };
    } finally {
      await calls.close();
      await fake.close();
    }
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  /** The same launch, as Python Beam's flags have it. */
  function flags(url: string): string[] {
    return [
      "--project=acme",
      "--region=europe-west2",
      `--job_name=${LAUNCH.name}`,
      "--temp_location=gs://acme/tmp",
      `--staging_location=${directory}`,
      // By this word in the address the runner speaks REST to a server other than Google's, and not as to a local one.
      `--dataflow_endpoint=${url.replace("//", "//sandbox@")}`,
      "--no_auth",
      "--streaming",
      "--num_workers=2",
      "--max_num_workers=3",
      "--autoscaling_algorithm=THROUGHPUT_BASED",
      // As the TypeScript SDK adds it before it hands its pipeline to that runner.
      "--experiments=use_sibling_sdk_workers",
      "--dataflow_service_options=min_num_workers=2",
      "--labels=stockfeed-name=tech",
      `--service_account_email=${LAUNCH.serviceAccountEmail ?? ""}`,
      "--network=net",
      "--subnetwork=regions/europe-west2/subnetworks/s",
      "--machine_type=n2-standard-2",
      "--no_use_public_ips",
      "--registered_node_modules=stockfeed/pipeline-functions",
    ];
  }

  it("has every field alike but those that are meant to differ", () => {
    const known = Object.keys(MEANT);
    const { ours, theirs } = launches;
    expect(differences(withoutOptions(ours), withoutOptions(theirs), known).sort()).toEqual(known.sort());
  });

  it("has them alike in an update too, and names the job that it replaces", () => {
    const known = Object.keys(MEANT);
    const { ours, theirs } = updates;
    expect(differences(withoutOptions(ours), withoutOptions(theirs), known).sort()).toEqual(known.sort());
    expect([ours.replaceJobId, theirs.replaceJobId]).toEqual([replaced, replaced]);
  });

  it("tells the workers what that one does, less the options of Python's own machinery", () => {
    for (const { ours, theirs } of [launches, updates]) {
      const [own, other] = [optionsOf(ours), optionsOf(theirs)];
      const elsewhere = new Set(["pipelineUrl", "registered_node_modules"]);
      for (const [option, value] of Object.entries(own)) {
        if (elsewhere.has(option)) continue;
        const asSet = (list: unknown) => (Array.isArray(list) ? (list as unknown[]).toSorted() : list);
        expect({ [option]: asSet(value) }).toEqual({ [option]: asSet(other[option]) });
      }
      expect(other.pipelineUrl).toBe(join(directory, "pipeline.pb"));
    }
  });

  it("stages a pipeline that says the same", async () => {
    const staged = Pipeline.fromBinary(await readFile(join(directory, "pipeline.pb")));
    expect(Pipeline.toJson(staged)).toEqual(Pipeline.toJson(Pipeline.fromBinary(proto)));
  });
});
