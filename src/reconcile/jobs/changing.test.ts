import { describe, expect, it } from "vitest";
import {
  MINUTE,
  NAME,
  SETTINGS,
  dataflow,
  specOf,
  run,
  runningWorld,
  edit,
  states,
  pipeline,
  seeks,
} from "../../../test/jobs-world.ts";
import { feedObject, PROJECT, reconcileWorld } from "../../../test/reconcile-world.ts";
import { JobsError } from "../../job-ports.ts";

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
      // What the job does not know is polled all the same.
      expect(world.condition("Stalled")?.message).toMatch(/a symbol that the job does not know go to the dead letter/);
      const polled = JSON.stringify(world.cluster.all().filter(({ kind }) => kind !== "StockFeed"));
      expect(polled).toContain("GOOG");
      expect(world.jobs.launchOf("job-1").pipeline.symbols).not.toContain("GOOG");
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
      const last = world.jobs.all().at(-1)!;
      expect([last.state, world.jobs.launchOf(last.id).replaceJobId]).toEqual(["Running", "job-1"]);
      expect(world.condition("Ready")).toMatchObject({ status: "True" });
    },
  );

  it("that a full project has no room for is asked for once a minute, and the old job goes on meanwhile", async () => {
    const world = await runningWorld();
    world.jobs.limit = 1;
    let asked = 0;
    world.jobs.fault = (call) => {
      if (call.startsWith("launch")) asked += 1;
    };
    edit(world, specOf(CHANGED));
    for (let turn = 0; turn < 60; turn++) {
      await world.reconcile();
      world.time.now += 5_000;
    }
    expect(asked).toBeGreaterThanOrEqual(4);
    expect(asked).toBeLessThanOrEqual(6);
    expect(states(world)).toEqual(["job-1 Running"]);
    expect(pipeline(world)).toMatchObject({ jobId: "job-1", state: "Running" });
    expect(world.condition("PipelineReady")).toMatchObject({ status: "False", reason: "QuotaExceeded" });
    expect(world.condition("PipelineReady")?.message).toMatch(
      /refused to update a job in acme-jobs for its quota of jobs; job job-1 of 1m goes on/,
    );
    world.jobs.limit = 2;
    world.time.now += MINUTE;
    await run(world);
    expect(states(world)).toEqual(["job-1 Updated", "job-2 Running"]);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });

  it("is not kept waiting by a further job that there is no room for", async () => {
    const world = await runningWorld();
    world.jobs.fault = (call) => {
      if (call.startsWith("launch") && call.endsWith("-5m")) throw new JobsError("Quota", "acme-jobs runs 25 jobs.");
    };
    edit(world, specOf({ ...CHANGED, resolutions: [{ window: "5m" }, { window: "1m" }] }));
    await run(world);
    expect(states(world)).toEqual(["job-1 Updated", "job-2 Running"]);
  });

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

  it("waits ever longer after a new job that failed before it could be seen to replace the old one", async () => {
    const world = await runningWorld();
    edit(world, specOf(CHANGED));
    const launches: number[] = [];
    world.jobs.afterWrite = (write) => {
      if (!write.startsWith("launch")) return;
      launches.push(world.time.now);
      // As a template's job that fails in its queue, whose labels tell of no update.
      const made = world.jobs.all().at(-1)!;
      const labels = Object.entries(made.labels).filter(([label]) => label !== "stockfeed-replaces");
      world.jobs.put({ ...made, labels: Object.fromEntries(labels) });
      world.jobs.become(made.id, "Failed");
    };
    for (let second = 0; second < 1_200; second += 5) {
      world.time.now += 5_000;
      await world.reconcile();
    }
    const waits = launches.slice(1).map((at, index) => at - launches[index]!);
    expect(waits.map((ms) => Math.floor(ms / 30_000))).toEqual([1, 2, 4, 8]);
    expect(world.condition("Stalled")).toMatchObject({ status: "True", reason: "JobFailed" });
    expect(states(world)[0]).toBe("job-1 Running");
  });

  it.each([
    ["TypeScript", "BeamYaml"],
    ["BeamYaml", "TypeScript"],
  ])("of the template drains the old job first, since no update leads there: %s to %s", async (from, to) => {
    const world = await runningWorld(specOf({}, { template: from }));
    const before = seeks(world).length;
    edit(world, specOf({}, { template: to }));
    await world.settle();
    expect(states(world)).toEqual(["job-1 Draining"]);
    await run(world);
    expect(states(world)).toEqual(["job-1 Drained", "job-2 Running"]);
    expect(world.jobs.launchOf("job-2")).toMatchObject({ name: NAME, pipeline: { template: to } });
    expect(world.jobs.launchOf("job-2").replaceJobId).toBeUndefined();
    expect(seeks(world)).toHaveLength(before + 1);
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

  it("that puts a resolution back reads again from before its job's end, though nothing is remembered of that", async () => {
    const both = specOf({ resolutions: [{ window: "1m" }, { window: "5m" }] });
    const world = await runningWorld(both);
    world.time.now = Date.parse("2026-01-05T20:00:00Z");
    edit(world, specOf());
    await run(world);
    expect(states(world)).toEqual(["job-1 Running", "job-2 Drained"]);
    world.time.now += 24 * 3_600_000;
    world.restart();
    await world.settle();
    edit(world, both);
    await run(world);
    expect(states(world)).toEqual(["job-1 Running", "job-2 Drained", "job-3 Running"]);
    // It is not known for how long the job had been draining when it ended, a second after it was told to: ten minutes, the
    // window, its lateness, a slot and a margin.
    expect(seeks(world).at(-1)).toMatch(/windows-5m to 2026-01-05T19:42:5\d/);
  });

  it("that adds a resolution reads as much as its first windows need", async () => {
    const world = await runningWorld();
    world.time.now = Date.parse("2026-01-05T16:00:00Z");
    edit(world, specOf({ resolutions: [{ window: "1m" }, { window: "5m" }] }));
    await run(world);
    expect(seeks(world).at(-1)).toMatch(/windows-5m to 2026-01-05T15:52:50/);
  });
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

describe("a job that is drained for a change, past its drainTimeout", () => {
  it.each([
    ["updatePolicy DrainThenStart", specOf({ symbols: ["A"] }, { updatePolicy: "DrainThenStart", drainTimeout: "5m" })],
    ["another region", specOf({}, { region: "europe-west1", drainTimeout: "5m" })],
    ["another template", specOf({}, { template: "BeamYaml", drainTimeout: "5m" })],
  ])("is cancelled, and the next one starts when it is gone: %s", async (_, spec) => {
    const world = await runningWorld(specOf({}, { drainTimeout: "5m" }));
    edit(world, spec);
    await world.settle();
    world.time.now += 4 * MINUTE;
    await world.settle();
    expect(states(world)).toEqual(["job-1 Draining"]);
    world.time.now += 2 * MINUTE;
    await world.settle();
    expect(states(world)).toEqual(["job-1 Cancelling"]);
    await run(world);
    expect(states(world)).toEqual(["job-1 Cancelled", "job-2 Running"]);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
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

  it("to Dataflow does not read again what the embedded engine has computed since the last jobs ended", async () => {
    const world = await runningWorld();
    world.time.now = Date.parse("2026-01-05T16:00:00Z");
    edit(world, { resolutions: [{ window: "1m" }] });
    await world.settle();
    world.runWorkloads();
    await run(world);
    expect(states(world)).toEqual(["job-1 Drained"]);
    world.time.now = Date.parse("2026-01-06T16:00:00Z");
    edit(world, specOf());
    await run(world);
    expect(states(world)).toEqual(["job-1 Drained", "job-2 Running"]);
    expect(seeks(world).at(-1)).toMatch(/to 2026-01-06T15:56:50/);
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
