import { describe, expect, it } from "vitest";
import { dataflow, edit, jobsWorld, MINUTE, pipeline, run, specOf, states } from "../../../test/jobs-world.ts";
import { FEED, type ReconcileWorld } from "../../../test/reconcile-world.ts";
import type { Job } from "../../job-ports.ts";

/** A feed whose first job is queued, unlabelled to any but the operator that launched it; that one is gone since an hour. */
async function queuedWorld(): Promise<{ readonly world: ReconcileWorld; readonly made: Job }> {
  const world = jobsWorld(specOf({}, { drainTimeout: "2m", projectIds: ["acme-jobs", "acme-more"] }));
  await world.settle();
  const made = world.jobs.all()[0]!;
  world.jobs.put({ ...made, state: "Queued", labels: {} });
  world.restart();
  world.time.now += 60 * MINUTE;
  return { world, made };
}

function remove(world: ReconcileWorld): void {
  const feed = world.cluster.get(FEED)!;
  const deletionTimestamp = new Date(world.time.now).toISOString();
  world.cluster.put({ ...feed, metadata: { ...feed.metadata, deletionTimestamp } });
}

describe("a job that is still being made, and does not tell whose it is, after the operator began anew", () => {
  it("holds up its feed's deletion for as long as it takes, and is ended once it tells", async () => {
    const { world, made } = await queuedWorld();
    remove(world);
    for (let i = 0; i < 3; i++) {
      await world.settle();
      world.time.now += 20 * MINUTE;
    }
    expect(world.cluster.get(FEED)).toBeDefined();
    world.jobs.put(made);
    await run(world);
    expect(states(world)).toEqual(["job-1 Cancelled"]);
    await world.settle();
    expect(world.cluster.get(FEED)).toBeUndefined();
  });

  it("does not hold up the deletion of another's feed", async () => {
    const { world, made } = await queuedWorld();
    world.jobs.put({ ...made, labels: { ...made.labels, "stockfeed-cluster": "c2" }, state: "Queued" });
    remove(world);
    await run(world);
    // The own launch may still show.
    world.time.now += 10 * MINUTE;
    await world.settle();
    expect(world.cluster.get(FEED)).toBeUndefined();
  });

  it("is remembered where its feed goes over to Embedded, and ended once it tells", async () => {
    const { world, made } = await queuedWorld();
    edit(world, { resolutions: [{ window: "1m" }] });
    await world.settle();
    world.runWorkloads();
    await world.settle();
    expect(pipeline(world)).toMatchObject({ engine: "Dataflow", launch: { projectId: "acme-jobs" } });
    world.jobs.put(made);
    await run(world);
    expect(states(world)).toEqual(["job-1 Cancelled"]);
    expect(world.status().pipelines).toMatchObject([{ window: "1m", engine: "Embedded", state: "Running" }]);
  });

  it("is not forgotten for a launch elsewhere", async () => {
    const { world, made } = await queuedWorld();
    edit(world, specOf({ dataflow: dataflow({ projectIds: ["acme-more"] }) }));
    await world.settle();
    expect(pipeline(world)).toMatchObject({ launch: { projectId: "acme-jobs" } });
    world.jobs.put(made);
    await run(world);
    expect(world.jobs.all().map(({ projectId, state }) => `${projectId} ${state}`)).toEqual([
      "acme-jobs Cancelled",
      "acme-more Running",
    ]);
  });
});
