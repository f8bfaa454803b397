import { afterEach, beforeEach, expect, it } from "vitest";
import { type FakeDataflow, startFakeDataflow } from "../../../test/fakes/dataflow-server.ts";
import type { JobLaunch } from "../../job-ports.ts";
import { type DataflowCalls, googleCalls } from "./dataflow-calls.ts";
import { jobRequest } from "./job-request.ts";

const PLACE = { projectId: "acme", region: "europe-west2" };
const IMAGE = "europe-docker.pkg.dev/acme/r/worker:1";
const LAUNCH: JobLaunch = {
  ...PLACE,
  name: "stockfeed-markets-tech-abc12345-1m",
  requestId: "request-1",
  labels: { "stockfeed-name": "tech" },
  pipeline: {
    template: "TypeScript",
    feed: "markets/tech",
    symbols: ["AAPL"],
    window: { sizeMs: 60_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 60_000 },
    subscription: "projects/acme/subscriptions/s",
    windowsTopic: "projects/acme/topics/w",
    deadLetterTopic: "projects/acme/topics/d",
  },
  tempLocation: "gs://acme/tmp/",
  maxWorkers: 3,
  workerImage: IMAGE,
};
const STAGED = {
  pipelineUrl: "gs://acme/tmp/stockfeed/0123/pipeline.pb",
  environments: [
    { id: "jsEnvironment", containerImage: IMAGE, capabilities: ["beam:protocol:sibling_workers:v1"] },
    { id: "none", capabilities: [] },
  ],
};
const EXPERIMENTS = [
  "beam_fn_api",
  "use_runner_v2",
  "use_unified_worker",
  "use_portable_job_submission",
  "use_sibling_sdk_workers",
  "enable_streaming_engine",
  "enable_windmill_service",
  "use_multiple_sdk_containers",
];

let fake: FakeDataflow;
let calls: DataflowCalls;

beforeEach(async () => {
  fake = await startFakeDataflow();
  calls = await googleCalls({ endpoint: fake.url });
});
afterEach(async () => {
  await calls.close();
  await fake.close();
});

/** What arrives at Dataflow; that the client adds empty maps and lists says nothing. */
async function arrived(launch: JobLaunch): Promise<unknown> {
  await calls.create(PLACE, jobRequest(launch, STAGED));
  return withoutEmpty(fake.calls.at(-1)?.body);
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== "object" || value === null) return value;
  const isEmpty = (field: unknown) => typeof field === "object" && field !== null && Object.keys(field).length === 0;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) => (isEmpty(field) ? [] : [[name, withoutEmpty(field)]])),
  );
}

it("sends the job as docs/dataflow.md has it", async () => {
  expect(await arrived(LAUNCH)).toEqual({
    name: LAUNCH.name,
    projectId: "acme",
    location: "europe-west2",
    type: "JOB_TYPE_STREAMING",
    clientRequestId: "request-1",
    labels: { "stockfeed-name": "tech" },
    environment: {
      userAgent: { name: "Apache Beam SDK for TypeScript", version: "2.49.0" },
      version: { job_type: "FNAPI_STREAMING", major: "8" },
      experiments: EXPERIMENTS,
      tempStoragePrefix: "storage.googleapis.com/acme/tmp",
      sdkPipelineOptions: {
        options: {
          pipelineUrl: STAGED.pipelineUrl,
          job_name: LAUNCH.name,
          project: "acme",
          region: "europe-west2",
          temp_location: "gs://acme/tmp/",
          streaming: true,
          experiments: EXPERIMENTS,
          max_num_workers: 3,
          registered_node_modules: ["stockfeed/pipeline-functions"],
        },
      },
      workerPools: [
        {
          kind: "harness",
          numWorkers: 1,
          autoscalingSettings: { algorithm: "AUTOSCALING_ALGORITHM_BASIC", maxNumWorkers: 3 },
          dataDisks: [{}],
          workerHarnessContainerImage: IMAGE,
          sdkHarnessContainerImages: [
            {
              containerImage: IMAGE,
              environmentId: "jsEnvironment",
              capabilities: ["beam:protocol:sibling_workers:v1"],
              useSingleCorePerContainer: true,
            },
          ],
        },
      ],
    },
  });
});

it("adds what a launch says of network, machines, identity and what it replaces, and nothing else", async () => {
  const fields = {
    serviceAccountEmail: "w@acme.iam.gserviceaccount.com",
    network: "net",
    subnetwork: "regions/europe-west2/subnetworks/s",
    machineType: "n2-standard-2",
    privateIps: true,
    minWorkers: 2,
  };
  await calls.create(PLACE, jobRequest(LAUNCH, STAGED));
  const [old] = fake.jobs.all();
  const plain = withoutEmpty(fake.calls.at(-1)?.body) as Sent;
  const full = (await arrived({ ...LAUNCH, ...fields, requestId: "request-2", replaceJobId: old?.id ?? "" })) as Sent;
  expect(full).toEqual({
    ...plain,
    clientRequestId: "request-2",
    replaceJobId: old?.id,
    environment: {
      ...plain.environment,
      serviceAccountEmail: fields.serviceAccountEmail,
      serviceOptions: ["min_num_workers=2"],
      sdkPipelineOptions: {
        options: { ...plain.environment.sdkPipelineOptions.options, service_account_email: fields.serviceAccountEmail },
      },
      workerPools: [
        {
          ...plain.environment.workerPools[0],
          network: "net",
          subnetwork: fields.subnetwork,
          machineType: "n2-standard-2",
          ipConfiguration: "WORKER_IP_PRIVATE",
          numWorkers: 2,
        },
      ],
    },
  });
});

interface Sent {
  readonly environment: {
    readonly sdkPipelineOptions: { readonly options: object };
    readonly workerPools: readonly object[];
  };
}
