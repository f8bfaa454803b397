import { describe, expect, it } from "vitest";
import { edit, MINUTE, pipeline, run, runningWorld, specOf, states } from "../../../test/jobs-world.ts";
import type { ReconcileWorld } from "../../../test/reconcile-world.ts";
import { JobsError } from "../../job-ports.ts";

const LOST = new JobsError("Unavailable", "no answer came within 60 s");
const YAML = { template: "BeamYaml" };
const CHANGED = { symbols: ["AAPL"] };

/** A feed whose job runs, and whose spec has just been changed. */
async function changedWorld(how: object): Promise<ReconcileWorld> {
  const world = await runningWorld(specOf({}, how));
  world.time.now += 60 * MINUTE;
  edit(world, specOf(CHANGED, how));
  return world;
}

/** The next launch is carried out, and its answer is lost. */
function loseNextAnswer(world: ReconcileWorld, then: () => void = () => undefined): void {
  world.jobs.afterWrite = (write) => {
    if (!write.startsWith("launch")) return;
    world.jobs.afterWrite = undefined;
    then();
    throw LOST;
  };
}

/** A turn each ten seconds. */
async function pass(world: ReconcileWorld, minutes: number): Promise<void> {
  for (let turn = 0; turn < minutes * 6; turn++) {
    await world.reconcile();
    world.time.now += 10_000;
  }
}

const launches = (world: ReconcileWorld) => world.jobs.writes.filter((write) => write.startsWith("launch")).length;

describe("an update by a template whose job Dataflow's list does not show yet", () => {
  it.each([
    ["whose answer came", (): void => undefined],
    ["whose answer was lost", loseNextAnswer],
    [
      "whose operator was killed before the answer came",
      (world: ReconcileWorld) => {
        loseNextAnswer(world, () => {
          world.restart();
        });
      },
    ],
  ])("is not sent again, %s", async (_case, happen) => {
    const world = await changedWorld(YAML);
    world.jobs.listLagMs = 5 * MINUTE;
    happen(world);
    await pass(world, 4);
    expect(states(world)).toEqual(["job-1 Running", "job-2 Pending"]);
    expect(launches(world)).toBe(2);
    expect(world.condition("PipelineReady")).toMatchObject({ status: "False", reason: "Updating" });
    expect(pipeline(world)).toMatchObject({ jobId: "job-1" });
    await pass(world, 2);
    await run(world);
    expect(states(world)).toEqual(["job-1 Updated", "job-2 Running"]);
    expect(launches(world)).toBe(2);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });

  it("is not taken for the end of the old job, where that one is listed as updated before the new one is listed at all", async () => {
    const world = await changedWorld(YAML);
    world.jobs.listLagMs = 5 * MINUTE;
    await pass(world, 1);
    world.jobs.work();
    const rewinds = world.messaging.writes.length;
    await pass(world, 2);
    expect(states(world)).toEqual(["job-1 Updated", "job-2 Running"]);
    expect(world.condition("PipelineReady")).toMatchObject({ status: "False", reason: "Updating" });
    await pass(world, 3);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
    expect(pipeline(world)).toMatchObject({ jobId: "job-2", state: "Running" });
    expect([launches(world), world.messaging.writes.length]).toEqual([2, rewinds]);
  });

  it("is sent again where no job of it was listed for ten minutes, for it may not have come through", async () => {
    const world = await changedWorld(YAML);
    world.jobs.fault = (call) => {
      if (call.startsWith("launch")) throw LOST;
    };
    await pass(world, 1);
    world.jobs.fault = undefined;
    await pass(world, 8);
    expect(launches(world)).toBe(1);
    await pass(world, 2);
    await run(world);
    expect(states(world)).toEqual(["job-1 Updated", "job-2 Running"]);
  });

  it("is sent again at once where it was not sent, since what comes before failed", async () => {
    const world = await changedWorld(YAML);
    world.jobs.fault = (call) => {
      if (call.startsWith("launch")) throw new JobsError("Unavailable", "Cloud Storage is away", { isUnsent: true });
    };
    await pass(world, 1);
    world.jobs.fault = undefined;
    await pass(world, 2);
    expect(states(world)).toEqual(["job-1 Running", "job-2 Pending"]);
  });

  it("is sent again at once where Dataflow said for certain that it was not taken", async () => {
    const world = await changedWorld(YAML);
    world.jobs.fault = (call) => {
      if (call.startsWith("launch")) throw new JobsError("Forbidden", "Give the operator roles/dataflow.developer.");
    };
    await pass(world, 1);
    world.jobs.fault = undefined;
    await pass(world, 1);
    expect(states(world)).toEqual(["job-1 Running", "job-2 Pending"]);
  });
});

it.each(["BeamYaml", "TypeScript"])(
  "an update to yet another spec waits until the job of the one before is listed: %s",
  async (template) => {
    const world = await changedWorld({ template });
    world.jobs.listLagMs = 5 * MINUTE;
    await pass(world, 1);
    edit(world, specOf({ symbols: ["MSFT"] }, { template }));
    await pass(world, 1);
    world.jobs.work();
    await pass(world, 2);
    expect(states(world)).toEqual(["job-1 Updated", "job-2 Running"]);
    const rewinds = world.messaging.writes.length;
    await pass(world, 3);
    world.jobs.work();
    await pass(world, 6);
    expect(states(world)).toEqual(["job-1 Updated", "job-2 Updated", "job-3 Running"]);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
    expect(world.messaging.writes.length).toBe(rewinds);
  },
);

it("an update of the own graph is repeated at once, since a repeat is the same launch", async () => {
  const world = await changedWorld({});
  world.jobs.listLagMs = 5 * MINUTE;
  let asked = 0;
  world.jobs.fault = (call) => {
    if (call.startsWith("launch")) asked += 1;
  };
  loseNextAnswer(world);
  await pass(world, 1);
  expect(asked).toBeGreaterThan(1);
  expect(states(world)).toEqual(["job-1 Running", "job-2 Pending"]);
});
