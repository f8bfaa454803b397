/**
 * Kills of the operator amid the changes of a job's life. Those right after a write of Kubernetes' are walked where a feed is
 * made and deleted; here they come after each call that jobs and subscriptions are changed by.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { controlPlaneMissing } from "../control-plane/control-plane.ts";
import { withoutPart } from "../missing-part.ts";
import { until } from "../operator-world.ts";
import { DataflowWorld } from "./dataflow-world.ts";
import { KilledOperator } from "./killed-operator.ts";
import { type FaultWorld, wantedOf } from "./operator-world.ts";

const NAMESPACE = "jobs-changed";
interface Dataflow {
  readonly template: "TypeScript" | "BeamYaml";
  readonly region: string;
  readonly maxWorkers: number;
}
interface Spec {
  readonly symbols: readonly string[];
  readonly engine?: string;
  readonly suspend?: boolean;
  readonly dataflow?: Dataflow;
}

const embedded: Spec & { readonly resolutions: readonly object[] } = {
  symbols: ["B"],
  resolutions: [{ window: "1m" }],
};
const onDataflow = (symbol: string, updatePolicy: string, how: Partial<Dataflow> = {}) => ({
  symbols: [symbol],
  engine: "Dataflow",
  resolutions: embedded.resolutions,
  dataflow: {
    template: "TypeScript" as const,
    projectIds: [NAMESPACE],
    region: "europe-west2",
    tempLocation: "gs://acme/tmp",
    maxWorkers: 3,
    updatePolicy,
    ...how,
  },
});
/** What all changes begin from, and end with. */
const HOME = onDataflow("B", "Replace");
interface Change {
  readonly change: string;
  readonly there: Spec;
  readonly back: Spec;
  /** Whether the way back is as the way there: then one walk goes both ways in turn. */
  readonly isAlike?: boolean;
}

const CHANGES: readonly Change[] = [
  { change: "an update in place", there: onDataflow("A", "Replace"), back: HOME, isAlike: true },
  { change: "a drain, and a start again", there: { ...HOME, suspend: true }, back: HOME },
  { change: "engines there and back", there: embedded, back: HOME },
  {
    change: "a job beside the old one",
    there: onDataflow("A", "Overlap"),
    back: onDataflow("B", "Overlap"),
    isAlike: true,
  },
  {
    change: "a job that is drained before the next one starts",
    there: onDataflow("A", "DrainThenStart"),
    back: onDataflow("B", "DrainThenStart"),
    isAlike: true,
  },
  {
    change: "templates there and back",
    there: onDataflow("B", "Replace", { template: "BeamYaml" }),
    back: HOME,
    isAlike: true,
  },
  {
    change: "regions",
    there: onDataflow("B", "Replace", { region: "europe-west1" }),
    back: HOME,
    isAlike: true,
  },
  { change: "workers", there: onDataflow("B", "Replace", { maxWorkers: 5 }), back: HOME, isAlike: true },
];

describe.skipIf(withoutPart(await controlPlaneMissing()))("an operator that is killed amid a change", () => {
  let jobs: DataflowWorld;
  let world: FaultWorld;
  let killed: KilledOperator;

  beforeAll(async () => {
    jobs = await DataflowWorld.start();
    world = jobs.faults;
    killed = await KilledOperator.start(world);
    world.proxy.onWrite = () => undefined;
    jobs.onWrite = killed.onWrite;
    await world.namespace(NAMESPACE);
    await world.apply(NAMESPACE, "one", HOME);
    await world.untilReady(NAMESPACE, "one");
  });
  afterAll(async () => {
    await killed.stop();
    await jobs.stop();
  });

  const wantsJob = ({ engine, suspend }: Spec) => engine === "Dataflow" && suspend !== true;
  /** The jobs that are not over, as a spec tells them apart. */
  const active = () =>
    jobs.active(NAMESPACE).map(({ currentState, location, labels, runtimeUpdatableParams }) => ({
      state: currentState,
      region: location,
      template: labels?.["stockfeed-template"],
      ...(runtimeUpdatableParams && { maxWorkers: runtimeUpdatableParams.maxNumWorkers }),
    }));
  const subscriptions = async () =>
    (await world.made(NAMESPACE)).subscriptions.map((name) => name.replace(/-g\d+$/, ""));
  /** What a feed of this spec has; rows' own outlives those who needed it. */
  const wanted = (spec: Spec) => {
    const own = wantedOf(world.manifest(NAMESPACE, "one", spec)).subscriptions;
    return [...new Set([...own, "stockfeed-windows"])].toSorted();
  };
  /** Whether all is as the spec says, and nothing is left that is to end. */
  const isSettled = async (spec: Spec) =>
    (await world.isReady(NAMESPACE, "one")) &&
    active().length === (wantsJob(spec) ? 1 : 0) &&
    JSON.stringify((await subscriptions()).toSorted()) === JSON.stringify(wanted(spec));

  it.each(CHANGES)("ends as if it had not been: $change", { timeout: 300_000 }, async ({ there, back, isAlike }) => {
    const walks = isAlike ? [{ kills: 0, isOver: false }] : [there, back].map(() => ({ kills: 0, isOver: false }));
    for (let turn = 0; walks.some(({ isOver }) => !isOver); turn++) {
      const spec = turn % 2 === 0 ? there : back;
      const walk = walks[turn % walks.length]!;
      const calls = killed.after(walk.isOver ? Infinity : walk.kills + 1);
      await world.apply(NAMESPACE, "one", spec);
      if (await killed.restartedUnless(() => isSettled(spec))) walk.kills++;
      else walk.isOver = true;
      await until(() => isSettled(spec), 60_000);
      const { template = "TypeScript", region, maxWorkers } = spec.dataflow ?? {};
      const wanted = { state: "JOB_STATE_RUNNING", region, template: template.toLowerCase() };
      const after = `after ${calls.join(", ")}`;
      expect(active(), after).toMatchObject(wantsJob(spec) ? [wanted] : []);
      // One that was launched with its workers was told of no others.
      for (const job of active()) expect(job.maxWorkers ?? maxWorkers, after).toBe(maxWorkers);
    }
    console.log("Killed after each of so many calls:", ...walks.map(({ kills }) => kills));
    for (const { kills } of walks) expect(kills).toBeGreaterThanOrEqual(1);
    expect(killed.operator.stderr).not.toContain("defect");
  });
});
