import { describe, expect, it } from "vitest";
import { edit, MINUTE, run, runningWorld, specOf, states } from "../../../test/jobs-world.ts";
import { FEED, feedObject, PROJECT, type ReconcileWorld } from "../../../test/reconcile-world.ts";
import { type Job, JobsError } from "../../job-ports.ts";

/** Dataflow lists the first job, and does not show it. */
function hideJob(world: ReconcileWorld): Job {
  const made = world.jobs.all()[0]!;
  world.jobs.put({ ...made, labels: {}, unread: new JobsError("Unavailable", "Dataflow did not show the job.") });
  return made;
}

describe("a feed on Dataflow", () => {
  it("does nothing about its jobs while one of them can't be read, and other feeds go on", async () => {
    const world = await runningWorld();
    const made = hideJob(world);
    world.cluster.put(feedObject({ metadata: { name: "other" }, spec: specOf() }));
    const writes = world.jobs.writes.length;
    edit(world, specOf({ symbols: ["AAPL"] }));
    await world.settle();
    expect(world.jobs.writes).toHaveLength(writes);
    expect(world.condition("Stalled")?.status).not.toBe("True");
    await world.settle("other");
    world.jobs.work();
    await world.settle("other");
    expect(world.condition("Ready", "other")).toMatchObject({ status: "True" });
    world.jobs.put(made);
    world.time.now += MINUTE;
    await run(world);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });

  it("says that nothing is known of its jobs once Dataflow has not told for ten minutes, and no more once it does", async () => {
    const world = await runningWorld();
    world.jobs.fault = (call) => {
      if (call.startsWith("list")) throw new JobsError("Unavailable", "Dataflow did not list its jobs.");
    };
    const since = world.time.now;
    await world.reconcile();
    const { writes } = world;
    world.time.now = since + 9 * MINUTE;
    await world.reconcile();
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
    expect(world.writes).toBe(writes);
    for (const minutes of [10, 11, 12]) {
      world.time.now = since + minutes * MINUTE;
      expect(await world.reconcile()).toEqual({ afterMs: MINUTE });
    }
    expect(world.writes).toBe(writes + 1);
    expect(world.condition("PipelineReady")).toMatchObject({ status: "False", reason: "DataflowUnavailable" });
    expect(world.condition("PipelineReady")?.message).toContain(new Date(since).toISOString().slice(0, 16));
    expect(world.condition("PipelineReady")?.message).toContain("did not list its jobs");
    world.jobs.fault = undefined;
    await world.settle();
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
    expect(states(world)).toEqual(["job-1 Running"]);

    // Another outage has its own ten minutes.
    world.jobs.fault = () => {
      throw new JobsError("Unavailable", "Dataflow did not list its jobs.");
    };
    world.time.now += 20 * MINUTE;
    await world.reconcile();
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });

  it("ends no subscription of a deleted feed while one of its jobs can't be read", async () => {
    const world = await runningWorld();
    hideJob(world);
    const subscriptions = world.messaging.project(PROJECT).subscriptions;
    const before = subscriptions.size;
    world.cluster.put({
      ...world.cluster.get(FEED)!,
      metadata: { ...world.cluster.get(FEED)!.metadata, deletionTimestamp: "2026-01-05T16:00:00Z" },
    });
    world.time.now += 10 * MINUTE;
    await world.settle();
    expect(subscriptions.size).toBe(before);
  });

  it("is not held up by one that is over, which it counts on no more; nor is its deletion", async () => {
    const world = await runningWorld();
    const old = world.jobs.all()[0]!;
    edit(world, specOf({ symbols: ["AAPL"] }, { updatePolicy: "DrainThenStart" }));
    await run(world);
    expect(states(world)).toEqual(["job-1 Drained", "job-2 Running"]);
    world.jobs.put({ ...old, state: "Drained", labels: {}, unread: new JobsError("Unavailable", "Not shown.") });
    edit(world, specOf({ symbols: ["MSFT"] }));
    world.time.now += MINUTE;
    await run(world);
    expect(states(world)).toEqual(["job-1 Drained", "job-2 Updated", "job-3 Running"]);
    const feed = world.cluster.get(FEED)!;
    const deletionTimestamp = new Date(world.time.now).toISOString();
    world.cluster.put({ ...feed, metadata: { ...feed.metadata, deletionTimestamp } });
    for (let round = 0; round < 3; round++) {
      world.time.now += MINUTE;
      await run(world);
    }
    expect(world.cluster.get(FEED)).toBeUndefined();
  });
});
