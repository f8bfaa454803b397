import { describe, expect, it } from "vitest";
import { edit, jobsWorld, run, runningWorld, specOf } from "../../../test/jobs-world.ts";
import type { ReconcileWorld } from "../../../test/reconcile-world.ts";
import { jobCensus } from "./census.ts";

/** What the census says of the world's feed, `1m Running 1`. */
const census = ({ cluster }: ReconcileWorld) =>
  jobCensus(cluster.list("StockFeed")).map(({ resolution, state, jobs }) => `${resolution} ${state} ${jobs}`);

describe("the census of jobs", () => {
  it("counts each resolution's job by its state, and none of a feed that nobody has looked at", async () => {
    const world = jobsWorld(specOf({ resolutions: [{ window: "1m" }, { window: "5m" }] }));
    expect(census(world)).toEqual([]);
    await run(world);
    expect(census(world)).toEqual(["1m Running 1", "5m Running 1"]);
  });

  it("has one that is updated as Updating until the new one runs", async () => {
    const world = await runningWorld();
    edit(world, specOf({ symbols: ["MSFT"] }));
    await world.settle();
    expect(census(world)).toEqual(["1m Updating 1"]);
    await run(world);
    expect(census(world)).toEqual(["1m Running 1"]);
  });

  it("has one that failed as Failed, and one of a suspended feed as Draining and then Suspended", async () => {
    const world = await runningWorld();
    for (const id of ["job-1", "job-2"]) {
      world.jobs.become(id, "Failed");
      world.time.now += 40_000; // until it is listed again, and less than the next try waits after two
      await world.settle();
    }
    expect(census(world)).toEqual(["1m Failed 1"]);

    const other = await runningWorld();
    edit(other, specOf({ suspend: true }));
    await other.settle();
    expect(census(other)).toEqual(["1m Draining 1"]);
    await run(other);
    expect(census(other)).toEqual(["1m Suspended 1"]);
  });

  it("adds up the feeds", async () => {
    const [one, other] = [await runningWorld(), await runningWorld()];
    const feeds = [one, other].flatMap(({ cluster }) => cluster.list("StockFeed"));
    expect(jobCensus(feeds)).toEqual([{ resolution: "1m", state: "Running", jobs: 2 }]);
  });
});
