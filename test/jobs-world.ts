import { expect } from "vitest";
import type { ControllerSettings } from "../src/reconcile/ports.ts";
import { FEED, feedObject, type ReconcileWorld, reconcileWorld } from "./reconcile-world.ts";

/** What all jobs of these tests share. */
export const PLACE = { region: "europe-west2", tempLocation: "gs://acme/tmp" };
export const SETTINGS = { dataflow: { workerImage: "worker:1", jobsPerProject: 25 } };
export const MINUTE = 60_000;
/** Name of the first job of the feed's 1m. */
export const NAME = "stockfeed-markets-tech-ltpc47aj-1m";

export const dataflow = (more: object = {}) => ({ projectIds: ["acme-jobs"], ...PLACE, ...more });
/** A spec on Dataflow; `more` of the spec itself, `how` of its dataflow part. */
export const specOf = (more: object = {}, how: object = {}) => ({
  engine: "Dataflow",
  resolutions: [{ window: "1m" }],
  dataflow: dataflow(how),
  ...more,
});

/** A feed on Dataflow that nobody has looked at yet. */
export function jobsWorld(spec: object = specOf(), settings: Partial<ControllerSettings> = {}): ReconcileWorld {
  const world = reconcileWorld({ ...SETTINGS, ...settings });
  world.cluster.put(feedObject({ spec }));
  return world;
}

/** Jobs come to run, and what is to end ends. */
export async function run(world: ReconcileWorld): Promise<void> {
  for (let round = 0; round < 10; round++) {
    await world.settle();
    world.time.now += 1_000;
    if (!world.jobs.work()) return;
  }
  throw new Error("jobs never come to rest");
}

/** A feed whose jobs run. */
export async function runningWorld(spec?: object, settings?: Partial<ControllerSettings>): Promise<ReconcileWorld> {
  const world = jobsWorld(spec, settings);
  await run(world);
  expect(world.condition("Ready")).toMatchObject({ status: "True" });
  return world;
}

/** Gives the feed another spec. */
export function edit(world: ReconcileWorld, spec: object): void {
  const feed = world.cluster.get(FEED);
  if (feed === undefined) throw new Error("there is no feed");
  world.cluster.put({ ...feed, spec: feedObject({ spec }).spec });
}

/** Each job and its state, oldest first. */
export const states = (world: ReconcileWorld) => world.jobs.all().map(({ id, state }) => `${id} ${state}`);
/** What the status says of the first window. */
export const pipeline = (world: ReconcileWorld) => world.status().pipelines?.[0];
/** Rewinds so far. */
export const seeks = (world: ReconcileWorld) => world.messaging.writes.filter((write) => write.startsWith("seek"));
