import { describe, expect, it } from "vitest";
import {
  MINUTE,
  NAME,
  PLACE,
  SETTINGS,
  dataflow,
  specOf,
  jobsWorld,
  run,
  runningWorld,
  states,
  pipeline,
  seeks,
} from "../../../test/jobs-world.ts";
import { FEED, feedObject, PROJECT, type ReconcileWorld } from "../../../test/reconcile-world.ts";
import { JobsError } from "../../job-ports.ts";

describe("a feed on Dataflow", () => {
  it("gets a job and a subscription a resolution, somewhere for rows to go, and no engine of its own", async () => {
    const world = jobsWorld({ engine: "Dataflow", dataflow: dataflow() });
    await run(world);
    expect(world.cluster.all().map(({ kind }) => kind)).toEqual(["StockFeed", "CronJob"]);
    expect(world.jobs.all().map(({ name, state }) => [name, state])).toEqual(
      ["1m", "5m", "15m"].map((window) => [`stockfeed-markets-tech-ltpc47aj-${window}`, "Running"]),
    );
    const { subscriptions, topics } = world.messaging.project(PROJECT);
    expect([...topics.keys()]).toContain("stockfeed-windows");
    expect([...subscriptions.keys()].sort()).toEqual([
      "stockfeed-dead-letter",
      ...["archive", "windows-15m", "windows-1m", "windows-5m"].map(
        (part) => `stockfeed-markets-tech-ltpc47aj-${part}`,
      ),
      "stockfeed-windows",
    ]);
    expect(subscriptions.get("stockfeed-windows")).toMatchObject({ bigQueryTable: `${PROJECT}.markets.windows` });
    expect(world.status().pipelines).toMatchObject(
      ["1m", "5m", "15m"].map((window, at) => ({
        window,
        engine: "Dataflow",
        state: "Running",
        jobId: `job-${at + 1}`,
        projectId: "acme-jobs",
        region: "europe-west2",
      })),
    );
    expect(world.condition("PipelineReady")).toMatchObject({ status: "True", reason: "Running" });
  });

  it("launches with all that the job needs, reading from before it began", async () => {
    const world = await runningWorld();
    expect(world.jobs.launchOf("job-1")).toMatchObject({
      projectId: "acme-jobs",
      region: "europe-west2",
      name: NAME,
      labels: {
        "stockfeed-cluster": "c1",
        "stockfeed-namespace": "markets",
        "stockfeed-name": "tech",
        "stockfeed-window": "1m",
        "stockfeed-spec": pipeline(world)?.specHash,
      },
      pipeline: {
        template: "TypeScript",
        feed: "markets/tech",
        symbols: ["AAPL", "MSFT"],
        window: { sizeMs: 60_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 60_000 },
        subscription: `projects/${PROJECT}/subscriptions/stockfeed-markets-tech-ltpc47aj-windows-1m`,
        windowsTopic: `projects/${PROJECT}/topics/stockfeed-windows`,
        deadLetterTopic: `projects/${PROJECT}/topics/stockfeed-dead-letter`,
      },
      maxWorkers: 3,
      workerImage: "worker:1",
    });
    // 1 m, its lateness of 1 m, a slot, and a minute for what is under way
    expect(seeks(world)).toEqual(["seek stockfeed-markets-tech-ltpc47aj-windows-1m to 2026-01-05T14:56:50.000Z"]);
  });

  it("records what it is about to launch before it launches", async () => {
    const world = jobsWorld();
    let recorded: unknown;
    world.jobs.fault = (call) => {
      if (call.startsWith("launch")) recorded ??= world.status().pipelines;
    };
    await run(world);
    const { requestId } = world.jobs.launchOf("job-1");
    expect(recorded).toMatchObject([{ window: "1m", launch: { requestId, projectId: "acme-jobs" } }]);
    expect(pipeline(world)).not.toHaveProperty("launch");
  });

  it("costs no write once it runs", async () => {
    const world = await runningWorld();
    world.time.now += 3_600_000;
    await world.settle();
    const writes = world.writes;
    for (let i = 0; i < 5; i++) {
      world.time.now += 600_000;
      await world.reconcile();
    }
    expect(world.writes).toBe(writes);
  });

  it.each([
    [
      "the answer is lost",
      (world: ReconcileWorld) => {
        world.jobs.afterWrite = () => {
          world.jobs.afterWrite = undefined;
          throw new JobsError("Unavailable", "deadline exceeded");
        };
      },
    ],
    [
      "the process is killed",
      (world: ReconcileWorld) => {
        world.jobs.afterWrite = () => {
          world.jobs.afterWrite = undefined;
          world.restart();
          throw new JobsError("Unavailable", "killed");
        };
      },
    ],
  ])("has one job where a launch fails and runs all the same: %s", async (_case, fail) => {
    const world = jobsWorld();
    fail(world);
    await run(world);
    expect(states(world)).toEqual(["job-1 Running"]);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
    expect(pipeline(world)).toMatchObject({ jobId: "job-1" });
  });

  it("runs on the machines that the operator is told of, and is updated when those change", async () => {
    const settings = (machineType: string) => ({ dataflow: { ...SETTINGS.dataflow, machineType } });
    const world = await runningWorld(specOf(), settings("n2d-standard-2"));
    expect(world.jobs.launchOf("job-1").machineType).toBe("n2d-standard-2");
    world.restart(settings("n2d-standard-4"));
    await run(world);
    expect(states(world)).toEqual(["job-1 Updated", "job-2 Running"]);
    expect(world.jobs.launchOf("job-2").machineType).toBe("n2d-standard-4");
  });

  it("runs without external addresses where the operator is told so, and is updated when that changes", async () => {
    const world = await runningWorld();
    expect(world.jobs.launchOf("job-1")).not.toHaveProperty("privateIps");
    world.restart({ dataflow: { ...SETTINGS.dataflow, privateIps: true } });
    await run(world);
    expect(states(world)).toEqual(["job-1 Updated", "job-2 Running"]);
    expect(world.jobs.launchOf("job-2").privateIps).toBe(true);
  });

  it("finds its own jobs again when its status is lost", async () => {
    const world = await runningWorld();
    world.cluster.put({ ...world.cluster.get(FEED)!, status: {} });
    world.restart();
    await run(world);
    expect(states(world)).toEqual(["job-1 Running"]);
    expect(pipeline(world)).toMatchObject({ jobId: "job-1", state: "Running" });
  });

  it("waits while a job of its name that is being made has no labels yet, and takes up its own", async () => {
    const world = jobsWorld();
    await world.settle();
    const [made] = world.jobs.all();
    world.jobs.put({ ...made!, labels: {} });
    world.restart();
    await world.settle();
    expect(world.condition("PipelineReady")).toMatchObject({ status: "False", reason: "Launching" });
    expect(world.condition("Stalled")?.status).not.toBe("True");
    world.jobs.put(made!);
    await run(world);
    expect(states(world)).toEqual(["job-1 Running"]);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });

  it("stalls where somebody else's job has its name", async () => {
    const world = jobsWorld();
    const at = world.time.now;
    world.jobs.put({
      id: "theirs",
      name: NAME,
      projectId: "acme-jobs",
      region: PLACE.region,
      state: "Running",
      labels: {},
      createdAt: at,
      stateSince: at,
    });
    await run(world);
    expect(world.condition("Stalled")).toMatchObject({ status: "True", reason: "NameConflict" });
    expect(world.jobs.writes).toEqual([]);
  });

  it("does not let rows of two datasets go to one table", async () => {
    const world = await runningWorld();
    world.cluster.put(
      feedObject({
        metadata: { name: "other" },
        spec: specOf({ sink: { bigQuery: { projectId: PROJECT, dataset: "others" } } }),
      }),
    );
    await world.settle("other");
    expect(world.condition("Stalled", "other")).toMatchObject({ status: "True", reason: "SinkConflict" });
    expect(world.jobs.all()).toHaveLength(1);

    const other = world.cluster.get({ ...FEED, name: "other" })!;
    world.cluster.put({ ...other, metadata: { ...other.metadata, annotations: { "stockfeed.dev/adopt": "true" } } });
    await world.settle("other");
    expect(world.messaging.project(PROJECT).subscriptions.get("stockfeed-windows")).toMatchObject({
      bigQueryTable: `${PROJECT}.others.windows`,
    });
    expect(world.jobs.all()).toHaveLength(2);
  });
});

describe("an outage of Dataflow", () => {
  it("changes no condition of a feed that runs, and takes nothing away", async () => {
    const world = await runningWorld(specOf(), { driftIntervalMs: 0 });
    const [status, project] = [world.status(), structuredClone(world.messaging.project(PROJECT))];
    world.jobs.fault = () => {
      throw new JobsError("Unavailable", "Dataflow does not answer.");
    };
    world.time.now += MINUTE;
    expect((await world.reconcile()).fault).toBeInstanceOf(JobsError);
    expect(world.status()).toEqual(status);
    expect(world.messaging.project(PROJECT)).toEqual(project);
  });

  it("says what is forbidden, and looks again each minute", async () => {
    const world = jobsWorld();
    world.jobs.fault = () => {
      throw new JobsError("Forbidden", "Give the operator roles/dataflow.developer.");
    };
    expect((await world.reconcile()).afterMs).toBe(MINUTE);
    expect(world.condition("PipelineReady")).toMatchObject({
      reason: "DataflowForbidden",
      message: "Give the operator roles/dataflow.developer.",
    });
    expect(world.condition("MessagingReady")).toMatchObject({ status: "True" });
    expect(world.condition("PollingReady")).toMatchObject({ status: "True" });
  });
});

describe("room for jobs", () => {
  it("that is not there is said with the numbers before anything is launched, and used when it comes", async () => {
    const world = jobsWorld(specOf(), { dataflow: { workerImage: "worker:1", jobsPerProject: 1 } });
    const at = world.time.now;
    const other = {
      id: "x",
      name: "x",
      projectId: "acme-jobs",
      region: PLACE.region,
      labels: {},
      createdAt: at,
      stateSince: at,
    };
    world.jobs.put({ ...other, state: "Running" });
    await run(world);
    expect(world.condition("PipelineReady")).toMatchObject({ reason: "QuotaExceeded" });
    expect(world.condition("PipelineReady")?.message).toMatch(/acme-jobs runs 1 of 1 Dataflow jobs/);
    expect(world.jobs.writes).toEqual([]);
    world.jobs.put({ ...other, state: "Done" });
    await run(world);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });

  it("is found in the next project, where a job then stays", async () => {
    const how = { projectIds: ["acme-one", "acme-two"] };
    const spec = { engine: "Dataflow", dataflow: dataflow(how) };
    const world = await runningWorld(spec, { dataflow: { workerImage: "worker:1", jobsPerProject: 2 } });
    const places = () => world.jobs.all().map(({ projectId, state }) => `${projectId} ${state}`);
    expect(places()).toEqual(["acme-one Running", "acme-one Running", "acme-two Running"]);
    world.jobs.become("job-1", "Cancelled");
    await run(world);
    expect(places()).toEqual(["acme-one Cancelled", "acme-one Running", "acme-two Running", "acme-one Running"]);
  });

  it("that Dataflow itself denies to the second of three leaves the others running, and is asked for again", async () => {
    const world = jobsWorld({ engine: "Dataflow", dataflow: dataflow() });
    world.jobs.fault = (call) => {
      if (call.startsWith("launch") && call.endsWith("-5m"))
        throw new JobsError("Quota", "Project acme-jobs has 25 jobs of 25.");
    };
    await run(world);
    expect(world.jobs.all().map(({ name, state }) => `${name.split("-").at(-1)} ${state}`)).toEqual(["1m Running"]);
    expect(world.condition("PipelineReady")).toMatchObject({ reason: "QuotaExceeded" });
    world.time.now += 2 * MINUTE;
    await run(world);
    world.jobs.fault = undefined;
    world.time.now += 2 * MINUTE;
    await run(world);
    expect(
      world.jobs
        .all()
        .map(({ name, state }) => `${name.split("-").at(-1)} ${state}`)
        .sort(),
    ).toEqual(["15m Running", "1m Running", "5m Running"]);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });
});
