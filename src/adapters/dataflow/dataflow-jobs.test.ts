import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FakeCloudStorage, startFakeCloudStorage } from "../../../test/fakes/cloud-storage-server.ts";
import { type FakeDataflow, type FakeDataflowOptions, startFakeDataflow } from "../../../test/fakes/dataflow-server.ts";
import { ClusterError } from "../../controller-ports.ts";
import type { Job, JobLaunch, JobPipeline } from "../../job-ports.ts";
import { googleCalls } from "./dataflow-calls.ts";
import { dataflowJobs } from "./dataflow-jobs.ts";
import { cloudStorage } from "./staging.ts";

const PLACE = { projectId: "acme", region: "europe-west2" };
const REST_PLACE = { projectId: "acme", location: "europe-west2" };
const NAME = "stockfeed-markets-tech-abc12345-1m";
const PIPELINE: JobPipeline = {
  template: "TypeScript",
  feed: "markets/tech",
  symbols: ["AAPL"],
  window: { sizeMs: 60_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 60_000 },
  subscription: "projects/acme/subscriptions/tech-1m",
  windowsTopic: "projects/acme/topics/stockfeed-windows",
  deadLetterTopic: "projects/acme/topics/stockfeed-dead-letter",
};
const LAUNCH: JobLaunch = {
  ...PLACE,
  name: NAME,
  requestId: "request-1",
  labels: { "stockfeed-name": "tech", "stockfeed-window": "1m" },
  pipeline: PIPELINE,
  tempLocation: "gs://acme/tmp",
  maxWorkers: 3,
  workerImage: "europe-docker.pkg.dev/acme/r/worker:1",
};

const TOO_MANY = { status: 429, reason: "RESOURCE_EXHAUSTED" };
const INFO = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", domain: "googleapis.com" };

let time = 0;
let storage: FakeCloudStorage;
let fake: FakeDataflow;
let jobs: ReturnType<typeof dataflowJobs>;
let leads = true;
let told: string[] = [];

async function start(options: FakeDataflowOptions = {}): Promise<void> {
  fake = await startFakeDataflow({ now: () => time, ...options });
  jobs = newJobs();
}

function newJobs() {
  return dataflowJobs({
    calls: () => googleCalls({ endpoint: fake.url }),
    staging: () => cloudStorage({ endpoint: storage.url }),
    buildPipeline: () => Promise.resolve(new Uint8Array()),
    buildYaml: ({ feed }) => `pipeline: {} # ${feed}\n`,
    fence: () => {
      if (!leads) throw new ClusterError("NotLeader", "another leads");
    },
    onListing: (_place, trouble) => {
      told.push("message" in trouble ? trouble.message : `over after ${trouble.overAfterMs}`);
    },
    now: () => time,
    clock: () => time,
  });
}

/** After an interval, when a list is read anew. */
async function listedAnew(): Promise<readonly Job[]> {
  time += 60_000;
  return jobs.list(PLACE);
}

beforeEach(async () => {
  time = Date.UTC(2026, 0, 5);
  leads = true;
  told = [];
  storage = await startFakeCloudStorage(["acme"]);
  await start();
});
afterEach(async () => {
  await jobs.close();
  await Promise.all([fake.close(), storage.close()]);
});

describe("the list of a place", () => {
  it("is read once an interval, whoever asks and however often, and page by page", async () => {
    await fake.close();
    await start({ pageLimit: 2 });
    for (const name of ["a", "b", "c"]) fake.jobs.create({ name }, REST_PLACE, "JOB_STATE_PENDING");
    const [first] = await Promise.all([jobs.list(PLACE), jobs.list(PLACE)]);
    expect(first.map(({ name, state }) => [name, state])).toEqual([
      ["a", "Running"],
      ["b", "Running"],
      ["c", "Running"],
    ]);
    time += 59_999;
    await jobs.list(PLACE);
    expect(fake.newCalls()).toEqual(["list", "list"]);
    await listedAnew();
    expect(fake.newCalls()).toEqual(["list", "list"]);
  });

  it("knows the labels of StockFeed's jobs, which a list does not show, by one call in a job's life", async () => {
    await jobs.launch(LAUNCH);
    const other = newJobs();
    fake.newCalls();
    time += 60_000;
    expect(await other.list(PLACE)).toEqual([
      {
        ...PLACE,
        id: expect.any(String) as string,
        name: NAME,
        state: "Running",
        labels: LAUNCH.labels,
        createdAt: time - 60_000,
        stateSince: time,
      },
    ]);
    expect(fake.newCalls()).toEqual(["list", "get"]);
    time += 60_000;
    await other.list(PLACE);
    expect(fake.newCalls()).toEqual(["list"]);
    await other.close();
  });

  it("asks again for the labels of a template's job until it runs, and knows at once those of its own launch", async () => {
    Object.assign(fake.jobs.delays, { queue: 100_000, start: 0 });
    const { id } = await jobs.launch({ ...LAUNCH, pipeline: { ...PIPELINE, template: "BeamYaml" } });
    expect(await listedAnew()).toMatchObject([{ id, state: "Queued", labels: LAUNCH.labels }]);
    const other = newJobs();
    expect(await other.list(PLACE)).toMatchObject([{ id, state: "Queued", labels: {} }]);
    time += 100_000;
    expect(await other.list(PLACE)).toMatchObject([{ id, state: "Running", labels: LAUNCH.labels }]);
    fake.newCalls();
    time += 60_000;
    expect(await other.list(PLACE)).toMatchObject([{ id, labels: LAUNCH.labels }]);
    expect(fake.newCalls()).toEqual(["list"]);
    await other.close();
  });

  it("shows every other job where one can't be read, and asks for that one again", async () => {
    const broken = { status: 500, reason: "INTERNAL", message: "Ouch." };
    for (const name of [NAME, `${NAME}-b`]) await jobs.launch({ ...LAUNCH, name, requestId: name });
    const other = newJobs();
    fake.failNext("get", broken);
    const listed = await other.list(PLACE);
    expect(listed.map(({ name, labels }) => [name, labels])).toEqual([
      [NAME, {}],
      [`${NAME}-b`, LAUNCH.labels],
    ]);
    expect(listed.map(({ unread }) => unread?.kind)).toEqual(["Unavailable", undefined]);
    expect(listed[0]?.unread?.message).toContain(NAME);
    time += 60_000;
    expect((await other.list(PLACE)).map(({ labels, unread }) => [labels, unread])).toEqual([
      [LAUNCH.labels, undefined],
      [LAUNCH.labels, undefined],
    ]);
    // Whoever launched a job knows it without.
    fake.failNext("get", broken);
    expect((await listedAnew()).map(({ labels, unread }) => [labels, unread])).toEqual([
      [LAUNCH.labels, undefined],
      [LAUNCH.labels, undefined],
    ]);
    await other.close();
  });

  it("shows no jobs of others that are over, and none of StockFeed's that are long over", async () => {
    fake.jobs.create({ name: "batch" }, REST_PLACE, "JOB_STATE_PENDING");
    const { id } = await jobs.launch(LAUNCH);
    for (const job of fake.jobs.all()) fake.jobs.fail(job.id, "It broke.");
    expect((await listedAnew()).map((job) => [job.id, job.state])).toEqual([[id, "Failed"]]);
    time += 7 * 86_400_000;
    expect(await listedAnew()).toEqual([]);
  });

  it("shows what was launched and stopped here at once, also while Dataflow's own list lacks it", async () => {
    await fake.close();
    await start({ listLagMs: 100_000 });
    await jobs.list(PLACE);
    const launched = await jobs.launch(LAUNCH);
    expect(await jobs.list(PLACE)).toEqual([launched]);
    expect(await listedAnew()).toMatchObject([{ id: launched.id, state: "Running" }]);
    Object.assign(fake.jobs.delays, { drain: Infinity });
    await jobs.stop(launched, "drain");
    expect(await jobs.list(PLACE)).toMatchObject([{ state: "Draining" }]);
    expect(await listedAnew()).toMatchObject([{ state: "Draining" }]);
  });

  it("asks side by side for what was launched here and is not listed yet", async () => {
    await fake.close();
    await start({ listLagMs: 100_000 });
    const names = Array.from({ length: 10 }, (_, at) => `${NAME}-${at}`);
    for (const name of names) await jobs.launch({ ...LAUNCH, name, requestId: name });
    const gets = () => fake.calls.filter(({ name }) => name === "get").length;
    const release = fake.hold("get");
    const listing = listedAnew();
    await fake.until(() => gets() === 8);
    release();
    expect((await listing).map(({ name }) => name).sort()).toEqual(names);
    expect(gets()).toBe(10);
  });

  it("asks for jobs however long its pages took", async () => {
    await jobs.launch(LAUNCH);
    const other = newJobs();
    const release = fake.hold("list");
    const listing = other.list(PLACE);
    await fake.until(() => fake.calls.some(({ name }) => name === "list"));
    time += 60_000;
    release();
    expect(await listing).toMatchObject([{ name: NAME, labels: LAUNCH.labels }]);
    await other.close();
  });

  it("asks for no more jobs once it has asked for twenty seconds, and for those at the next list", async () => {
    const names = Array.from({ length: 10 }, (_, at) => `${NAME}-${at}`);
    for (const name of names) await jobs.launch({ ...LAUNCH, name, requestId: name });
    const other = newJobs();
    const gets = () => fake.calls.filter(({ name }) => name === "get").length;
    const release = fake.hold("get");
    const listing = other.list(PLACE);
    await fake.until(() => gets() === 8);
    time += 20_000;
    release();
    const listed = await listing;
    expect(listed.map(({ unread }) => unread?.kind)).toEqual([...Array<undefined>(8), "Unavailable", "Unavailable"]);
    expect(listed[9]?.unread?.message).toContain(names[9]);
    time += 60_000;
    expect((await other.list(PLACE)).filter(({ unread }) => unread !== undefined)).toEqual([]);
    expect(gets()).toBe(10);
    await other.close();
  });

  it("asks for jobs in turn, so that eight which never answer hold up no other for longer than one list", async () => {
    const names = Array.from({ length: 20 }, (_, at) => `${NAME}-${at}`);
    const ids: string[] = [];
    for (const name of names) ids.push((await jobs.launch({ ...LAUNCH, name, requestId: name })).id);
    const asked = () => fake.calls.filter(({ name }) => name === "get").map(({ jobId = "" }) => ids.indexOf(jobId));
    const other = newJobs();
    for (let times = 0; times < 8; times++) fake.failNext("get", { cut: true });
    const release = fake.hold("get");
    const listing = other.list(PLACE);
    await fake.until(() => asked().length === 8);
    time += 20_000;
    release();
    expect((await listing).every(({ unread }) => unread?.kind === "Unavailable")).toBe(true);
    time += 60_000;
    const releaseNext = fake.hold("get");
    const next = other.list(PLACE);
    await fake.until(() => asked().length === 16);
    releaseNext();
    // Calls that are made at once arrive in any order.
    expect(
      asked()
        .slice(8)
        .toSorted((one, other) => one - other),
    ).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
    expect((await next).every(({ unread }) => unread === undefined)).toBe(true);
    await other.close();
  });

  describe("that can't be read", () => {
    const away = { status: 503, reason: "UNAVAILABLE", message: "Away." };

    it("is tried again by the next caller where it failed at once, and is told of once, and once that it is over", async () => {
      for (let failures = 0; failures < 3; failures++) {
        fake.failNext("list", away);
        await expect(jobs.list(PLACE)).rejects.toMatchObject({ kind: "Unavailable" });
        time += 7_000;
      }
      await jobs.list(PLACE);
      await listedAnew();
      expect(told).toEqual([expect.stringContaining("list its jobs: Away"), "over after 21000"]);
    });

    it("fails for as long again as it took to fail, with no other call", async () => {
      const release = fake.hold("list");
      fake.failNext("list", away);
      const first = jobs.list(PLACE);
      first.catch(() => undefined);
      await fake.until(() => fake.calls.length === 1);
      time += 20_000;
      release();
      await expect(first).rejects.toMatchObject({ kind: "Unavailable" });
      time += 19_999;
      await expect(jobs.list(PLACE)).rejects.toThrow("Away");
      expect(fake.newCalls()).toEqual(["list"]);
      time += 1;
      await jobs.list(PLACE);
    });
  });

  it("is read anew after a launch that failed, since the job may run all the same", async () => {
    await jobs.list(PLACE);
    fake.failNext("create", { status: 503, reason: "UNAVAILABLE", message: "No answer in time.", carriedOut: true });
    await expect(jobs.launch(LAUNCH)).rejects.toMatchObject({ kind: "Unavailable" });
    expect(await jobs.list(PLACE)).toMatchObject([{ name: NAME, labels: LAUNCH.labels }]);
  });

  it("is read anew too where a list was under way as the launch failed", async () => {
    const release = fake.hold("list");
    const before = jobs.list(PLACE);
    await fake.until(() => fake.calls.some(({ name }) => name === "list"));
    fake.failNext("create", { cut: true, carriedOut: true });
    await expect(jobs.launch(LAUNCH)).rejects.toMatchObject({ kind: "Unavailable" });
    release();
    expect(await before).toEqual([]);
    expect(await jobs.list(PLACE)).toMatchObject([{ name: NAME }]);
  });
});

describe("a launch", () => {
  it("stages the pipeline once under a name made of its content, and creates the job from there", async () => {
    const first = await jobs.launch(LAUNCH);
    await jobs.launch({ ...LAUNCH, name: `${NAME}-b`, requestId: "request-2" });
    expect(storage.objects.size).toBe(1);
    const [uri] = storage.objects.keys();
    expect(uri).toMatch(/^gs:\/\/acme\/tmp\/stockfeed\/[0-9a-f]{32}\/pipeline\.pb$/);
    const options = fake.jobs.get(first.id).environment?.sdkPipelineOptions?.options;
    expect(options).toMatchObject({ pipelineUrl: uri, registered_node_modules: ["stockfeed/pipeline-functions"] });
  });

  it("is the same launch when it is repeated", async () => {
    const { id } = await jobs.launch(LAUNCH);
    expect((await jobs.launch(LAUNCH)).id).toBe(id);
    expect(fake.jobs.all()).toHaveLength(1);
  });

  it.each(["conflict", "existing"] as const)(
    "tells where a job of the name runs by another request (%s)",
    async (onTaken) => {
      await fake.close();
      await start({ onTaken });
      await jobs.launch(LAUNCH);
      await expect(jobs.launch({ ...LAUNCH, requestId: "request-2" })).rejects.toMatchObject({
        kind: "AlreadyExists",
        message: expect.stringContaining(NAME) as string,
      });
    },
  );

  it("takes over from a running job by its ID", async () => {
    Object.assign(fake.jobs.delays, { update: 100_000 });
    const old = await jobs.launch(LAUNCH);
    await listedAnew();
    const next = await jobs.launch({ ...LAUNCH, requestId: "request-2", replaceJobId: old.id });
    expect(next).toMatchObject({ state: "Pending" });
    expect(fake.jobs.get(next.id).replaceJobId).toBe(old.id);
    time += 100_000;
    const listed = new Map((await listedAnew()).map((job) => [job.id, job]));
    expect(listed.get(old.id)).toMatchObject({ state: "Updated" });
    expect(listed.get(next.id)).toMatchObject({ state: "Running" });
  });

  it("of Beam YAML goes to Google's template, with the YAML staged", async () => {
    const launch: JobLaunch = { ...LAUNCH, pipeline: { ...PIPELINE, template: "BeamYaml" }, minWorkers: 2 };
    const job = await jobs.launch(launch);
    expect(job).toMatchObject({ name: NAME, state: "Queued", labels: LAUNCH.labels });
    const [uri, yaml] = [...storage.objects][0] ?? [];
    expect(yaml?.toString()).toBe("pipeline: {} # markets/tech\n");
    expect(fake.calls.find(({ name }) => name === "launchTemplate")?.body).toMatchObject({
      launchParameter: {
        jobName: NAME,
        containerSpecGcsPath: "gs://dataflow-templates-europe-west2/latest/flex/Yaml_Template",
        parameters: { yaml_pipeline_file: uri },
        environment: {
          additionalUserLabels: LAUNCH.labels,
          tempLocation: "gs://acme/tmp",
          stagingLocation: "gs://acme/tmp/staging",
          numWorkers: 2,
          maxWorkers: 3,
          enableStreamingEngine: true,
          additionalExperiments: ["min_num_workers=2"],
        },
      },
    });
    await expect(jobs.launch(launch)).rejects.toMatchObject({ kind: "AlreadyExists" });
    await listedAnew();
    const next = await jobs.launch({ ...launch, replaceJobId: job.id });
    expect(fake.calls.at(-1)?.body).toMatchObject({ launchParameter: { jobName: NAME, update: true } });
    expect(fake.jobs.get(next.id).replaceJobId).toBe(job.id);
  });

  it("of Beam YAML takes the network, the machines and the identity that it is told", async () => {
    const environment = {
      serviceAccountEmail: "w@acme.iam.gserviceaccount.com",
      network: "net",
      subnetwork: "regions/europe-west2/subnetworks/s",
      machineType: "n2-standard-2",
    };
    await jobs.launch({
      ...LAUNCH,
      ...environment,
      privateIps: true,
      pipeline: { ...PIPELINE, template: "BeamYaml" },
    });
    expect(fake.calls.find(({ name }) => name === "launchTemplate")?.body).toMatchObject({
      launchParameter: { environment: { ...environment, ipConfiguration: "WORKER_IP_PRIVATE" } },
    });
  });

  it("of Beam YAML whose answer was lost makes no second job when it is repeated, though it has no request ID", async () => {
    Object.assign(fake.jobs.delays, { queue: 100_000 });
    const launch: JobLaunch = { ...LAUNCH, pipeline: { ...PIPELINE, template: "BeamYaml" } };
    fake.failNext("launchTemplate", { cut: true, carriedOut: true });
    await expect(jobs.launch(launch)).rejects.toMatchObject({ kind: "Unavailable" });
    await expect(jobs.launch(launch)).rejects.toMatchObject({ kind: "AlreadyExists" });
    // Told by its name, until the template has run.
    expect(await jobs.list(PLACE)).toMatchObject([{ name: NAME, state: "Queued", labels: {} }]);
    time += 100_000;
    expect(await jobs.list(PLACE)).toMatchObject([{ name: NAME, state: "Running", labels: LAUNCH.labels }]);
  });

  it("of Beam YAML tells whether it failed before it was sent", async () => {
    const launch: JobLaunch = { ...LAUNCH, pipeline: { ...PIPELINE, template: "BeamYaml" } };
    storage.failNextUpload({ status: 403, message: "Not you." });
    await expect(jobs.launch(launch)).rejects.toMatchObject({ isUnsent: true });
    const { id } = await jobs.launch(launch);
    const update = { ...launch, requestId: "request-2", replaceJobId: id };
    const away = { status: 503, reason: "UNAVAILABLE", message: "Away." };
    fake.failNext("get", away);
    await expect(jobs.launch(update)).rejects.toMatchObject({ kind: "Unavailable", isUnsent: true });
    fake.failNext("launchTemplate", away);
    await expect(jobs.launch(update)).rejects.toMatchObject({ kind: "Unavailable", isUnsent: false });
  });

  it("of Beam YAML that updates a job updates no successor of it when it is repeated, however long that is not listed", async () => {
    await fake.close();
    await start({ listLagMs: 3_600_000 });
    const launch: JobLaunch = { ...LAUNCH, pipeline: { ...PIPELINE, template: "BeamYaml" } };
    const { id } = await jobs.launch(launch);
    fake.failNext("launchTemplate", { cut: true, carriedOut: true });
    const update = { ...launch, requestId: "request-2", replaceJobId: id };
    await expect(jobs.launch(update)).rejects.toMatchObject({ kind: "Unavailable" });
    expect(fake.jobs.all().map(({ currentState }) => currentState)).toEqual(["JOB_STATE_UPDATED", "JOB_STATE_RUNNING"]);
    await expect(jobs.launch(update)).rejects.toMatchObject({
      kind: "AlreadyExists",
      message: expect.stringContaining(id) as string,
    });
    expect(fake.jobs.all()).toHaveLength(2);
  });

  it("creates nothing where the pipeline can't be staged, and says who can mend it", async () => {
    await expect(jobs.launch({ ...LAUNCH, tempLocation: "gs://other/tmp" })).rejects.toMatchObject({
      kind: "NotFound",
      message: expect.stringContaining("gcloud storage buckets create gs://other --location=europe-west2") as string,
    });
    storage.failNextUpload({ status: 403, message: "robot does not have storage.objects.create access." });
    await expect(jobs.launch(LAUNCH)).rejects.toMatchObject({
      kind: "Forbidden",
      message: expect.stringContaining("roles/storage.objectUser") as string,
    });
    expect(fake.jobs.all()).toEqual([]);
  });

  it.each([
    [
      {
        status: 429,
        reason: "RESOURCE_EXHAUSTED",
        message:
          "(a2): The workflow could not be created. Causes: (8a): Dataflow quota error for jobs-per-project quota. " +
          "Project acme is running 25 jobs. Please check the quota usage via GCP Console.",
      },
      "Quota",
      "spec.dataflow.projectIds",
    ],
    [
      { ...TOO_MANY, message: "Ran out.", details: [{ ...INFO, reason: "RESOURCE_QUOTA_EXCEEDED" }] },
      "Quota",
      "spec.dataflow.projectIds",
    ],
    [{ ...TOO_MANY, message: "Ran out of processors.", errors: [{ reason: "quotaExceeded" }] }, "Quota", "Stop a job"],
    [{ ...TOO_MANY, message: "Too many requests." }, "Unavailable", "Too many requests"],
    [
      {
        ...TOO_MANY,
        message: "Quota exceeded for quota metric 'Create requests' of service 'dataflow.googleapis.com'.",
        details: [
          { "@type": "type.googleapis.com/google.rpc.Help", links: [] },
          {
            ...INFO,
            reason: "RATE_LIMIT_EXCEEDED",
            metadata: { quota_limit: "CreateRequestsPerMinutePerProject", consumer: "projects/1" },
          },
        ],
      },
      "Unavailable",
      "Create requests",
    ],
    [
      {
        ...TOO_MANY,
        message: "Quota exceeded for 'Create requests'.",
        details: [{ ...INFO, reason: "RATE_LIMIT_EXCEEDED" }],
      },
      "Unavailable",
      "Create requests",
    ],
    [
      {
        status: 403,
        reason: "PERMISSION_DENIED",
        message: "Quota Exceeded.",
        errors: [{ reason: "rateLimitExceeded" }],
      },
      "Unavailable",
      "Quota Exceeded",
    ],
    [
      { ...TOO_MANY, message: "Quota exceeded for quota metric 'Reads' and limit 'Reads per minute per user'." },
      "Unavailable",
      "Reads per minute",
    ],
    [{ status: 400, reason: "INVALID_ARGUMENT", message: "Exceeded the jobs-per-project quota." }, "Quota", "quota"],
    [{ status: 400, reason: "INVALID_ARGUMENT", message: "Subnetwork no." }, "Invalid", "Subnetwork no"],
    [{ status: 403, reason: "PERMISSION_DENIED", message: "Nope." }, "Forbidden", "roles/dataflow.developer"],
    [
      { status: 403, reason: "PERMISSION_DENIED", message: "Dataflow API has not been used in project 12 before." },
      "Forbidden",
      "gcloud services enable dataflow.googleapis.com --project acme",
    ],
    [
      { status: 403, reason: "PERMISSION_DENIED", message: "Current user cannot act as service account w@acme." },
      "Forbidden",
      "roles/iam.serviceAccountUser",
    ],
    [
      {
        status: 403,
        reason: "PERMISSION_DENIED",
        message:
          "Your application is authenticating by using local Application Default Credentials. The " +
          "dataflow.googleapis.com API requires a quota project, which is not set by default.",
      },
      "Forbidden",
      "gcloud auth application-default set-quota-project acme",
    ],
    [{ status: 404, reason: "NOT_FOUND", message: "No location." }, "NotFound", "region"],
    [{ status: 500, reason: "INTERNAL", message: "Ouch." }, "Unavailable", "Ouch"],
    [{ cut: true } as const, "Unavailable", "acme"],
  ])("that fails with %j is told as %s", async (fault, kind, mend) => {
    fake.failNext("create", fault);
    const failure = await jobs.launch(LAUNCH).catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({ kind });
    for (const part of ["acme", NAME, mend]) expect((failure as Error).message).toContain(part);
  });
});

describe("a job that runs", () => {
  it("is drained or cancelled once, and one that is over is done", async () => {
    const job = await jobs.launch(LAUNCH);
    await listedAnew();
    await jobs.stop(job, "drain");
    fake.newCalls();
    await jobs.stop(job, "drain");
    expect((await listedAnew())[0]).toMatchObject({ state: "Drained" });
    await jobs.stop(job, "cancel");
    expect((await jobs.list(PLACE))[0]).toMatchObject({ state: "Drained" });
    await jobs.stop({ ...job, state: "Drained" }, "cancel");
    await jobs.stop({ ...job, id: "2026-gone" }, "cancel");
  });

  it("that does not run yet can't be drained, which passes", async () => {
    Object.assign(fake.jobs.delays, { start: Infinity });
    const job = await jobs.launch(LAUNCH);
    await expect(jobs.stop(job, "drain")).rejects.toMatchObject({ kind: "Unavailable" });
    await jobs.stop(job, "cancel");
    expect((await listedAnew())[0]).toMatchObject({ state: "Cancelled" });
  });

  it("gets other bounds in flight", async () => {
    const job = await jobs.launch(LAUNCH);
    await listedAnew();
    await jobs.setWorkers(job, { min: 2, max: 5 });
    expect(fake.jobs.get(job.id).runtimeUpdatableParams).toEqual({ minNumWorkers: 2, maxNumWorkers: 5 });
    await expect(jobs.setWorkers(job, { min: 6, max: 5 })).rejects.toMatchObject({ kind: "Invalid" });
  });

  it("tells its newest errors first, and no lesser messages", async () => {
    const job = await jobs.launch(LAUNCH);
    for (let index = 0; index < 1203; index++) fake.jobs.say(job.id, "JOB_MESSAGE_ERROR", `error ${index}`);
    fake.jobs.say(job.id, "JOB_MESSAGE_WARNING", "a warning");
    fake.jobs.say(job.id, "JOB_MESSAGE_BASIC", "a word");
    expect((await jobs.errorsOf(job)).slice(0, 2)).toEqual(["error 1202", "error 1201"]);
  });

  it("is asked once for its errors when it has failed, and again after an interval only while it has none", async () => {
    const job = await jobs.launch(LAUNCH);
    fake.jobs.say(job.id, "JOB_MESSAGE_ERROR", "first");
    await jobs.errorsOf(job);
    fake.jobs.say(job.id, "JOB_MESSAGE_ERROR", "second");
    const failed = { ...job, state: "Failed" } as const;
    fake.newCalls();
    for (let times = 0; times < 3; times++) expect(await jobs.errorsOf(failed)).toEqual(["second", "first"]);
    expect(fake.newCalls()).toEqual(["messages"]);

    const silent = {
      ...(await jobs.launch({ ...LAUNCH, name: `${NAME}-b`, requestId: "r2" })),
      state: "Failed",
    } as const;
    fake.newCalls();
    for (let times = 0; times < 3; times++) expect(await jobs.errorsOf(silent)).toEqual([]);
    fake.jobs.say(silent.id, "JOB_MESSAGE_ERROR", "last words");
    time += 60_000;
    for (let times = 0; times < 3; times++) expect(await jobs.errorsOf(silent)).toEqual(["last words"]);
    expect(fake.newCalls()).toEqual(["messages", "messages"]);
  });
});

it("writes nothing where another leads, but reads on", async () => {
  const job = await jobs.launch(LAUNCH);
  leads = false;
  fake.newCalls();
  const refused = { name: "ClusterError", kind: "NotLeader" };
  await expect(jobs.launch({ ...LAUNCH, tempLocation: "gs://acme/b" })).rejects.toMatchObject(refused);
  await expect(jobs.launch({ ...LAUNCH, pipeline: { ...PIPELINE, template: "BeamYaml" } })).rejects.toMatchObject(
    refused,
  );
  await expect(jobs.stop(job, "cancel")).rejects.toMatchObject(refused);
  await expect(jobs.setWorkers(job, { min: 1, max: 2 })).rejects.toMatchObject(refused);
  expect(fake.newCalls()).toEqual([]);
  expect(storage.objects.size).toBe(1);
  await jobs.errorsOf(job);
  expect(await listedAnew()).toHaveLength(1);
});

it("tells of missing credentials at each call, and goes on once they are there", async () => {
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json");
  let endpoint: string | undefined;
  const calls = () => googleCalls({ endpoint });
  const staging = () => cloudStorage({ endpoint: storage.url });
  const poor = dataflowJobs({
    calls,
    staging,
    buildPipeline: () => Promise.resolve(new Uint8Array()),
    buildYaml: () => "",
  });
  try {
    for (let time = 0; time < 2; time++) {
      await expect(poor.list(PLACE)).rejects.toMatchObject({
        kind: "Forbidden",
        message: expect.stringContaining("GOOGLE_APPLICATION_CREDENTIALS") as string,
      });
    }
    endpoint = fake.url;
    expect(await poor.list(PLACE)).toEqual([]);
  } finally {
    vi.unstubAllEnvs();
    await poor.close();
  }
});
