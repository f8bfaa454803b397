import { describe, expect, it } from "vitest";
import { FEED, feedObject, PROJECT, type ReconcileWorld, reconcileWorld } from "../../../test/reconcile-world.ts";
import { JobsError } from "../../job-ports.ts";
import type { ControllerSettings } from "../ports.ts";

const PLACE = { region: "europe-west2", tempLocation: "gs://acme/tmp" };
const SETTINGS = { dataflow: { workerImage: "worker:1", jobsPerProject: 25 } };
const MINUTE = 60_000;
const NAME = "stockfeed-markets-tech-ltpc47aj-1m";

const dataflow = (more: object = {}) => ({ projectIds: ["acme-jobs"], ...PLACE, ...more });
const specOf = (more: object = {}, how: object = {}) => ({
  engine: "Dataflow",
  resolutions: [{ window: "1m" }],
  dataflow: dataflow(how),
  ...more,
});

function worldOf(spec: object = specOf(), settings: Partial<ControllerSettings> = {}): ReconcileWorld {
  const world = reconcileWorld({ ...SETTINGS, ...settings });
  world.cluster.put(feedObject({ spec }));
  return world;
}

/** Jobs come to run, and what is to end ends. */
async function run(world: ReconcileWorld): Promise<void> {
  for (let round = 0; round < 10; round++) {
    await world.settle();
    world.time.now += 1_000;
    if (!world.jobs.work()) return;
  }
  throw new Error("jobs never come to rest");
}

async function runningWorld(spec?: object, settings?: Partial<ControllerSettings>): Promise<ReconcileWorld> {
  const world = worldOf(spec, settings);
  await run(world);
  expect(world.condition("Ready")).toMatchObject({ status: "True" });
  return world;
}

function edit(world: ReconcileWorld, spec: object): void {
  world.cluster.put({ ...world.cluster.get(FEED)!, spec: feedObject({ spec }).spec });
}

const states = (world: ReconcileWorld) => world.jobs.all().map(({ id, state }) => `${id} ${state}`);
const pipeline = (world: ReconcileWorld) => world.status().pipelines?.[0];
const seeks = (world: ReconcileWorld) => world.messaging.writes.filter((write) => write.startsWith("seek"));

describe("a feed on Dataflow", () => {
  it("gets a job and a subscription a resolution, somewhere for rows to go, and no engine of its own", async () => {
    const world = worldOf({ engine: "Dataflow", dataflow: dataflow() });
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
    const world = worldOf();
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
    const world = worldOf();
    fail(world);
    await run(world);
    expect(states(world)).toEqual(["job-1 Running"]);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
    expect(pipeline(world)).toMatchObject({ jobId: "job-1" });
  });

  it("finds its own jobs again when its status is lost", async () => {
    const world = await runningWorld();
    world.cluster.put({ ...world.cluster.get(FEED)!, status: {} });
    world.restart();
    await run(world);
    expect(states(world)).toEqual(["job-1 Running"]);
    expect(pipeline(world)).toMatchObject({ jobId: "job-1", state: "Running" });
  });

  it("stalls where somebody else's job has its name", async () => {
    const world = worldOf();
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
  });
});

describe("a change of the spec", () => {
  const CHANGED = { symbols: ["AAPL", "MSFT", "GOOG"] };

  it("replaces the job in place, and keeps the old one's ID until the new one runs", async () => {
    const world = await runningWorld();
    edit(world, specOf(CHANGED));
    await world.settle();
    expect(states(world)).toEqual(["job-1 Running", "job-2 Pending"]);
    expect(world.jobs.launchOf("job-2")).toMatchObject({ replaceJobId: "job-1", name: NAME });
    world.time.now += 25 * MINUTE; // an update may take over 20 minutes
    await world.settle();
    expect(states(world)).toEqual(["job-1 Running", "job-2 Pending"]);
    expect(pipeline(world)).toMatchObject({ jobId: "job-1", state: "Updating" });
    expect(world.condition("PipelineReady")).toMatchObject({ status: "False", reason: "Updating" });
    await run(world);
    expect(states(world)).toEqual(["job-1 Updated", "job-2 Running"]);
    expect(pipeline(world)).toMatchObject({ jobId: "job-2", state: "Running" });
    expect(seeks(world)).toHaveLength(1); // an update in place reads on
  });

  it.each(["the call is refused", "the new job fails"])(
    "that Dataflow refuses leaves the old job running, says so, and tries the next spec: %s",
    async (how) => {
      const world = await runningWorld();
      world.jobs.fault = (call) => {
        if (how === "the call is refused" && call.startsWith("launch"))
          throw new JobsError("Invalid", "The new job is not compatible.");
      };
      edit(world, specOf(CHANGED));
      await world.settle();
      if (how === "the new job fails") {
        world.jobs.errors.set("job-2", ["The new job is not compatible."]);
        world.jobs.become("job-2", "Failed");
      }
      for (let i = 0; i < 3; i++) {
        await world.settle();
        world.time.now += 20 * MINUTE;
      }
      expect(world.condition("Stalled")).toMatchObject({ status: "True", reason: "UpdateRejected" });
      expect(world.condition("Stalled")?.message).toContain("not compatible");
      expect(pipeline(world)).toMatchObject({
        jobId: "job-1",
        state: "Running",
        refused: expect.any(String) as string,
      });
      expect(world.jobs.writes.filter((write) => write.startsWith("launch"))).toHaveLength(
        how === "the new job fails" ? 2 : 1,
      );

      world.jobs.fault = undefined;
      edit(world, specOf({ symbols: ["AAPL"] }));
      await run(world);
      expect(world.jobs.all().at(-1)).toMatchObject({ state: "Running", replaces: "job-1" });
      expect(world.condition("Ready")).toMatchObject({ status: "True" });
    },
  );

  it("that is taken back while it is refused goes on with the old job", async () => {
    const world = await runningWorld();
    edit(world, specOf(CHANGED));
    await world.settle();
    world.jobs.become("job-2", "Failed");
    await world.settle();
    edit(world, specOf());
    await run(world);
    expect(states(world)).toEqual(["job-1 Running", "job-2 Failed"]);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });

  it("drains the old job first under DrainThenStart, and reads again from before the drain", async () => {
    const policy = { updatePolicy: "DrainThenStart" };
    const world = await runningWorld(specOf({}, policy));
    world.time.now = Date.parse("2026-01-05T16:00:00Z");
    edit(world, specOf(CHANGED, policy));
    await world.settle();
    expect(states(world)).toEqual(["job-1 Draining"]);
    world.time.now += 5 * MINUTE;
    await run(world);
    expect(states(world)).toEqual(["job-1 Drained", "job-2 Running"]);
    expect(seeks(world).at(-1)).toMatch(/to 2026-01-05T15:56:50/);
  });

  it("runs both beside each other under Overlap, on a subscription each, and drains the old one", async () => {
    const policy = { updatePolicy: "Overlap" };
    const world = await runningWorld(specOf({}, policy), { driftIntervalMs: 0 });
    edit(world, specOf(CHANGED, policy));
    await world.settle();
    expect(states(world)).toEqual(["job-1 Running", "job-2 Pending"]);
    const { name, pipeline: made, replaceJobId } = world.jobs.launchOf("job-2");
    expect(name).toBe(`${NAME}-g1`);
    expect(made.subscription).toMatch(/windows-1m-g1$/);
    expect(replaceJobId).toBeUndefined();
    expect(pipeline(world)).toMatchObject({ jobId: "job-1" });
    world.jobs.become("job-2", "Running");
    await world.settle();
    expect(states(world)).toEqual(["job-1 Draining", "job-2 Running"]);
    const subscriptions = () =>
      [...world.messaging.project(PROJECT).subscriptions.keys()].filter((each) => each.includes("windows-1m"));
    expect(subscriptions()).toHaveLength(2);
    await run(world);
    expect(subscriptions()).toEqual(["stockfeed-markets-tech-ltpc47aj-windows-1m-g1"]);
    expect(pipeline(world)).toMatchObject({ jobId: "job-2", generation: 1 });
  });

  it("of the workers alone changes them in flight", async () => {
    const world = await runningWorld();
    const writes = world.jobs.writes.length;
    edit(world, specOf({}, { maxWorkers: 7 }));
    await run(world);
    expect(world.jobs.writes.slice(writes)).toEqual([`resize ${NAME} to 7`]);
    expect(states(world)).toEqual(["job-1 Running"]);
  });

  it("of the region ends the job there and begins it here", async () => {
    const world = await runningWorld();
    edit(world, specOf({}, { region: "europe-west1" }));
    await run(world);
    expect(world.jobs.all().map(({ region, state }) => `${region} ${state}`)).toEqual([
      "europe-west2 Drained",
      "europe-west1 Running",
    ]);
  });

  it("that drops a resolution drains its job, and the subscription goes", async () => {
    const world = await runningWorld(specOf({ resolutions: [{ window: "1m" }, { window: "5m" }] }), {
      driftIntervalMs: 0,
    });
    edit(world, specOf());
    await run(world);
    expect(states(world)).toEqual(["job-1 Running", "job-2 Drained"]);
    expect(
      [...world.messaging.project(PROJECT).subscriptions.keys()].filter((name) => name.includes("windows-5m")),
    ).toEqual([]);
    expect(world.status().pipelines).toHaveLength(1);
  });
});

describe("a job that fails", () => {
  it("is launched again after a growing while, five times in all, and then stalls until the spec changes", async () => {
    const world = worldOf();
    const launched: number[] = [];
    world.jobs.afterWrite = (write) => {
      if (write.startsWith("launch")) launched.push(world.time.now);
    };
    for (let i = 0; i < 600; i++) {
      await world.settle();
      const last = world.jobs.all().at(-1);
      if (last?.state === "Pending") {
        world.jobs.errors.set(last.id, ["No quota for CPUs."]);
        world.jobs.become(last.id, "Failed");
      }
      world.time.now += 2_000;
    }
    const waits = launched.slice(1).map((at, index) => Math.round((at - (launched[index] ?? 0)) / 30_000));
    expect(waits).toEqual([1, 2, 4, 8]);
    expect(world.condition("Stalled")).toMatchObject({ status: "True", reason: "JobFailed" });
    expect(world.condition("Stalled")?.message).toMatch(/5 jobs in a row .* Dataflow says: No quota for CPUs\./);
    edit(world, specOf({ archive: false }));
    await run(world);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });

  it.each(["Cancelled", "Drained"] as const)(
    "or is ended by hand begins again, from before its end: %s",
    async (state) => {
      const world = await runningWorld();
      world.time.now = Date.parse("2026-01-05T16:00:00Z");
      await world.settle();
      world.jobs.become("job-1", state);
      world.time.now += 2 * 3_600_000; // nobody looks for two hours
      await run(world);
      expect(states(world)).toEqual([`job-1 ${state}`, "job-2 Running"]);
      const from = Date.parse(seeks(world).at(-1)?.split(" to ")[1] ?? "");
      expect(from).toBeLessThanOrEqual(Date.parse("2026-01-05T15:56:50Z"));
      expect(from).toBeGreaterThan(Date.parse("2026-01-05T15:30:00Z"));
      expect(world.reasons()).toContain("DriftCorrected");
    },
  );
});

describe("a suspended feed on Dataflow", () => {
  it("drains its jobs, and reads again from before that when it is resumed", async () => {
    const world = await runningWorld();
    world.time.now = Date.parse("2026-01-05T16:00:00Z");
    edit(world, specOf({ suspend: true }));
    await world.settle();
    expect(states(world)).toEqual(["job-1 Draining"]);
    expect(world.condition("PipelineReady")).toMatchObject({ status: "False", reason: "Draining" });
    await run(world);
    expect(world.condition("Ready")).toMatchObject({ status: "True", reason: "Suspended" });
    expect(pipeline(world)).toMatchObject({ state: "Suspended" });
    world.time.now += 24 * 3_600_000;
    world.restart();
    await world.settle();
    edit(world, specOf());
    await run(world);
    expect(states(world)).toEqual(["job-1 Drained", "job-2 Running"]);
    expect(seeks(world).at(-1)).toMatch(/to 2026-01-05T15:56:50/);
  });

  it("cancels a job whose drain takes longer than it may", async () => {
    const world = await runningWorld(specOf({}, { drainTimeout: "5m" }));
    edit(world, specOf({ suspend: true }, { drainTimeout: "5m" }));
    await world.settle();
    world.time.now += 4 * MINUTE;
    await world.settle();
    expect(states(world)).toEqual(["job-1 Draining"]);
    world.time.now += MINUTE;
    await world.settle();
    expect(states(world)).toEqual(["job-1 Cancelling"]);
  });
});

describe("a change of engine", () => {
  it("to Dataflow keeps the embedded engine until every job runs", async () => {
    const world = reconcileWorld({ ...SETTINGS, driftIntervalMs: 0 });
    world.cluster.put(feedObject());
    await world.settle();
    edit(world, { engine: "Dataflow", dataflow: dataflow() });
    await world.settle();
    const kinds = () => world.cluster.all().map(({ kind }) => kind);
    for (const id of ["job-1", "job-2"]) world.jobs.become(id, "Running");
    await world.settle();
    expect(kinds()).toContain("StatefulSet");
    const subscriptions = world.messaging.project(PROJECT).subscriptions;
    expect(subscriptions.has("stockfeed-markets-tech-ltpc47aj-windows")).toBe(true);
    world.jobs.become("job-3", "Running");
    await run(world);
    expect(kinds()).not.toContain("StatefulSet");
    expect(subscriptions.has("stockfeed-markets-tech-ltpc47aj-windows")).toBe(false);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });

  it("to Embedded keeps the jobs until the engine runs, then drains them, whatever the spec still says of them", async () => {
    const world = await runningWorld(undefined, { driftIntervalMs: 0 });
    edit(world, { resolutions: [{ window: "1m" }] });
    await world.reconcile();
    await world.reconcile();
    expect(world.cluster.all().map(({ kind }) => kind)).toContain("StatefulSet");
    expect(states(world)).toEqual(["job-1 Running"]);
    const subscriptions = world.messaging.project(PROJECT).subscriptions;
    expect(subscriptions.has("stockfeed-markets-tech-ltpc47aj-windows-1m")).toBe(true);
    world.runWorkloads();
    await world.settle();
    expect(states(world)).toEqual(["job-1 Draining"]);
    expect(subscriptions.has("stockfeed-markets-tech-ltpc47aj-windows-1m")).toBe(true);
    await run(world);
    expect(states(world)).toEqual(["job-1 Drained"]);
    expect(subscriptions.has("stockfeed-markets-tech-ltpc47aj-windows-1m")).toBe(false);
    expect(world.status().pipelines).toMatchObject([{ window: "1m", engine: "Embedded", state: "Running" }]);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });
});

describe("room for jobs", () => {
  it("that is not there is said with the numbers before anything is launched, and used when it comes", async () => {
    const world = worldOf(specOf(), { dataflow: { workerImage: "worker:1", jobsPerProject: 1 } });
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
    const world = worldOf({ engine: "Dataflow", dataflow: dataflow() });
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

describe("a deleted feed on Dataflow", () => {
  async function deleted(spec: object) {
    const world = await runningWorld(spec);
    const { cluster, time } = world;
    time.now += MINUTE;
    cluster.remove(FEED);
    const feed = cluster.get(FEED)!;
    const deletionTimestamp = new Date(time.now).toISOString();
    cluster.put({ ...feed, metadata: { ...feed.metadata, deletionTimestamp } });
    return world;
  }
  const gone = (world: ReconcileWorld) => world.cluster.get(FEED) === undefined;
  const cloud = (world: ReconcileWorld) =>
    [...world.messaging.project(PROJECT).subscriptions.keys()].filter((name) => name.includes("-tech-"));

  it("drains its jobs once they have what was published, and takes its subscriptions along", async () => {
    const world = await deleted(specOf());
    await world.reconcile();
    expect(states(world)).toEqual(["job-1 Running"]);
    world.time.now += 30_000;
    await world.reconcile();
    expect(states(world)).toEqual(["job-1 Draining"]);
    expect(cloud(world)).not.toEqual([]);
    await world.reconcile();
    expect(gone(world)).toBe(false);
    world.jobs.work();
    await world.reconcile();
    expect(gone(world)).toBe(true);
    expect(cloud(world)).toEqual([]);
  });

  it("cancels a drain that takes too long, and is not held up for ever", async () => {
    const world = await deleted(specOf({}, { drainTimeout: "2m" }));
    world.time.now += 30_000;
    await world.reconcile();
    world.time.now += 2 * MINUTE;
    await world.reconcile();
    expect(states(world)).toEqual(["job-1 Cancelling"]);
    expect(gone(world)).toBe(false);
    world.time.now += 15 * MINUTE;
    await world.reconcile();
    expect(gone(world)).toBe(true);
  });

  it("cancels at once where it says so, and leaves all where it is orphaned", async () => {
    const cancelled = await deleted(specOf({ deletionPolicy: "Cancel" }));
    await cancelled.reconcile();
    expect(states(cancelled)).toEqual(["job-1 Cancelling"]);
    cancelled.jobs.work();
    await cancelled.reconcile();
    expect(gone(cancelled)).toBe(true);

    const orphaned = await deleted(specOf({ deletionPolicy: "Orphan" }));
    await orphaned.reconcile();
    expect(states(orphaned)).toEqual(["job-1 Running"]);
    expect(gone(orphaned)).toBe(true);
    orphaned.cluster.put(feedObject({ spec: specOf() }));
    await run(orphaned);
    expect(states(orphaned)).toEqual(["job-1 Running"]);
  });
});
