import { describe, expect, it } from "vitest";
import { MINUTE, specOf, jobsWorld, run, runningWorld, edit, states, seeks } from "../../../test/jobs-world.ts";
import { type Job, JobsError, type JobState } from "../../job-ports.ts";
import { decide } from "./decide.ts";
import { type JobRecord, timeText } from "./job-record.ts";
import type { WantedJob } from "./wanted-job.ts";
import { FEED, feedObject, PROJECT, type ReconcileWorld } from "../../../test/reconcile-world.ts";

describe("a job that fails", () => {
  it("is launched again after a growing while, five times in all, and then stalls until the spec changes", async () => {
    const world = jobsWorld();
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
    expect(world.counts).toMatchObject({ "launches.spec": 1, "launches.failure": 4 });
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

describe("a deleted feed on Dataflow", () => {
  const deleted = async (spec: object) => remove(await runningWorld(spec));
  /** Asks for the feed's deletion a minute later. */
  function remove(world: ReconcileWorld): ReconcileWorld {
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

  it.each(["TypeScript", "BeamYaml"])(
    "waits for the job that took over where the list does not show it yet, and ends it: %s",
    async (template) => {
      const world = await runningWorld(specOf({}, { template }));
      world.time.now += 60 * MINUTE;
      edit(world, specOf({ symbols: ["AAPL"] }, { template }));
      world.jobs.listLagMs = 5 * MINUTE;
      for (let turn = 0; turn < 3; turn++) await world.reconcile();
      world.jobs.work();
      expect(states(world)).toEqual(["job-1 Updated", "job-2 Running"]);
      remove(world).time.now += 2 * MINUTE;
      await world.reconcile();
      expect(gone(world)).toBe(false);
      world.time.now += 3 * MINUTE;
      await world.reconcile();
      world.jobs.work();
      await world.reconcile();
      expect(states(world)).toEqual(["job-1 Updated", "job-2 Drained"]);
      expect(gone(world)).toBe(true);
    },
  );

  it("waits for a job that was launched and that the list does not show yet, and ends it", async () => {
    const world = jobsWorld();
    world.jobs.listLagMs = 5 * MINUTE;
    for (let turn = 0; turn < 5; turn++) await world.reconcile();
    world.jobs.work();
    expect(states(world)).toEqual(["job-1 Running"]);
    remove(world);
    world.restart();
    await world.reconcile();
    world.time.now += 3 * MINUTE;
    await world.reconcile();
    expect(gone(world)).toBe(false);
    world.time.now += MINUTE;
    await world.reconcile();
    world.jobs.work();
    await world.reconcile();
    expect(states(world)).toEqual(["job-1 Drained"]);
    expect(gone(world)).toBe(true);
  });

  it("is not held up by a Dataflow that never let it launch a job, but by one that has its jobs", async () => {
    const forbid = (world: ReconcileWorld) => {
      world.jobs.fault = () => {
        throw new JobsError("Forbidden", "Give the operator roles/dataflow.developer.");
      };
    };
    const never = jobsWorld(specOf());
    forbid(never);
    await never.reconcile();
    remove(never).time.now += MINUTE;
    await never.reconcile();
    expect(gone(never)).toBe(true);

    const had = await deleted(specOf());
    forbid(had);
    had.time.now += MINUTE;
    expect((await had.reconcile()).afterMs).toBe(MINUTE);
    expect(gone(had)).toBe(false);
  });
});

describe("a launch that nobody has seen yet", () => {
  const launchedAt = Date.parse("2026-03-02T12:00:00Z");
  const wanted: WantedJob = {
    ...{ window: "1m", want: "stay", hash: "h", places: [], updatePolicy: "Replace", maxWorkers: 1 },
    ...{ template: "TypeScript", drainTimeoutMs: MINUTE, rewindMs: MINUTE, hasEngine: false, specGeneration: 2 },
  };
  const launch = {
    ...{ requestId: "r", time: timeText(launchedAt), specHash: "h", generation: 0 },
    ...{ projectId: "acme-jobs", region: "europe-west2" },
  };
  const record: JobRecord = { window: "1m", engine: "Dataflow", state: "Launching", specHash: "", launch };

  it("is remembered for two minutes where the embedded engine is to take over", () => {
    const at = (seconds: number) => decide(wanted, [], [], record, launchedAt + seconds * 1_000);
    expect(at(1)).toMatchObject({ record: { launch }, verdict: { kind: "waiting" } });
    expect(at(119)).toMatchObject({ record: { launch } });
    expect(at(120)).toEqual({ record: undefined, verdict: { kind: "off" } });
  });
});

describe("a resolution that is put back", () => {
  const HOUR = 60 * MINUTE;
  const now = Date.parse("2026-03-02T12:00:00Z");
  const room = { projectId: "acme-jobs", region: "europe-west2" };
  const wanted: WantedJob = {
    ...{ window: "1m", want: "run", hash: "h", places: [{ ...room, limit: 25, active: 0 }], updatePolicy: "Replace" },
    ...{ maxWorkers: 1, template: "TypeScript", drainTimeoutMs: 5 * MINUTE, rewindMs: 2 * MINUTE, hasEngine: false },
    specGeneration: 2,
  };
  const reach = wanted.drainTimeoutMs + wanted.rewindMs;
  const job = (state: JobState, createdAt: number, stateSince: number): Job => ({
    ...{ ...room, id: `job-${createdAt}`, name: "stockfeed-markets-tech-1m", labels: {} },
    ...{ state, createdAt, stateSince },
  });
  /** How long ago the next job begins to read, where nothing is remembered of these. */
  const readsAgo = (...jobs: readonly Job[]) => {
    const { record } = decide(wanted, jobs, [], undefined, now);
    return now - Date.parse(record?.launch?.rewindTo ?? "");
  };
  const drained = job("Drained", now - 50 * HOUR, now - 3 * HOUR);

  it("is read from before the end of its last job", () => {
    expect(readsAgo(drained)).toBe(3 * HOUR + reach);
    expect(readsAgo(job("Drained", now - 70 * HOUR, now - 60 * HOUR), drained)).toBe(3 * HOUR + reach);
    const updated = job("Updated", now - 90 * HOUR, now - 40 * HOUR);
    expect(readsAgo(updated, job("Drained", now - 41 * HOUR, now - HOUR))).toBe(HOUR + reach);
  });

  it.each<[JobState, number]>([
    ["Cancelled", 30 * MINUTE],
    ["Failed", 30 * MINUTE],
    ["Drained", 9 * MINUTE],
    ["Updated", 9 * MINUTE],
    // It may have waited for its machines for most of that time.
    ["Drained", 119 * MINUTE],
  ])("is read from before the end of the one before where the last may not have caught up: %s", (state, lived) => {
    expect(readsAgo(drained, job(state, now - 2 * HOUR, now - 2 * HOUR + lived))).toBe(3 * HOUR + reach);
  });

  it("is read from where an update took over, when what took over may not have caught up", () => {
    const before = job("Drained", now - 100 * HOUR, now - 90 * HOUR);
    const updated = job("Updated", now - 80 * HOUR, now - 4 * HOUR);
    const next = job("Cancelled", now - 4.1 * HOUR, now - HOUR);
    expect(readsAgo(before, updated, next)).toBe(4 * HOUR + reach);
  });

  it("is read from before the end of the one before, too, where the last had a long past to read and not so much time", () => {
    expect(
      readsAgo(job("Drained", now - 100 * HOUR, now - 90 * HOUR), job("Drained", now - 60 * HOUR, now - 30 * HOUR)),
    ).toBe(90 * HOUR + reach);
  });

  it("is read from before its last job's end where that went on with what those before had read", () => {
    const first = job("Updated", now - 11 * HOUR, now - 7 * HOUR);
    const next = job("Drained", now - 7.1 * HOUR, now - 6 * HOUR);
    expect(readsAgo(first, next)).toBe(11 * HOUR + wanted.rewindMs);
    const goingOn = { ...next, labels: { "stockfeed-replaces": first.id } };
    expect(readsAgo(first, goingOn)).toBe(6 * HOUR + reach);
  });

  it("is read from before the first job's beginning where none is known to have caught up", () => {
    const failed = [5, 4, 3].map((hours) => job("Failed", now - (hours + 0.1) * HOUR, now - hours * HOUR));
    expect(readsAgo(...failed)).toBe(5.1 * HOUR + wanted.rewindMs);
  });
});
