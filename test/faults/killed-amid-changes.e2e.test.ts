/**
 * Kills of the operator amid the changes of a job's life. Those right after a write of Kubernetes' are walked where a feed is
 * made and deleted; here they come after each call that jobs and subscriptions are changed by.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { controlPlaneMissing } from "../control-plane/control-plane.ts";
import { type FakeCloudStorage, startFakeCloudStorage } from "../fakes/cloud-storage-server.ts";
import type { RestJob } from "../fakes/dataflow-format.ts";
import { type FakeDataflow, startFakeDataflow } from "../fakes/dataflow-server.ts";
import { withoutPart } from "../missing-part.ts";
import { until } from "../operator-world.ts";
import { KilledOperator } from "./killed-operator.ts";
import { FaultWorld, wantedOf } from "./operator-world.ts";

const NAMESPACE = "jobs-changed";
const OVER = ["DRAINED", "CANCELLED", "FAILED", "UPDATED", "DONE"].map((state) => `JOB_STATE_${state}`);
/** States that a call of a client brings about. */
const ASKED_FOR = ["JOB_STATE_PENDING", "JOB_STATE_DRAINING", "JOB_STATE_CANCELLING"];

interface Spec {
  readonly symbols: readonly string[];
  readonly engine?: string;
  readonly suspend?: boolean;
}

const embedded = { symbols: ["B"], resolutions: [{ window: "1m" }] };
const onDataflow = (symbol: string, updatePolicy: string) => ({
  symbols: [symbol],
  engine: "Dataflow",
  resolutions: embedded.resolutions,
  dataflow: { projectIds: [NAMESPACE], region: "europe-west2", tempLocation: "gs://acme/tmp", updatePolicy },
});
interface Change {
  readonly change: string;
  readonly there: Spec;
  readonly back: Spec;
  /** Whether the way back is as the way there: then one walk goes both ways in turn. */
  readonly isAlike?: boolean;
}

const CHANGES: readonly Change[] = [
  { change: "an update in place", there: onDataflow("A", "Replace"), back: onDataflow("B", "Replace"), isAlike: true },
  {
    change: "a drain, and a start again",
    there: { ...onDataflow("B", "Replace"), suspend: true },
    back: onDataflow("B", "Replace"),
  },
  { change: "engines there and back", there: embedded, back: onDataflow("B", "Replace") },
  {
    change: "a job beside the old one",
    there: onDataflow("A", "Overlap"),
    back: onDataflow("B", "Overlap"),
    isAlike: true,
  },
];

describe.skipIf(withoutPart(await controlPlaneMissing()))("an operator that is killed amid a change", () => {
  let world: FaultWorld;
  let dataflow: FakeDataflow;
  let storage: FakeCloudStorage;
  let killed: KilledOperator;
  let onJob: (job: RestJob) => void = () => undefined;

  beforeAll(async () => {
    [world, storage, dataflow] = await Promise.all([
      FaultWorld.start(),
      startFakeCloudStorage(["acme"]),
      startFakeDataflow({
        onState: (job) => {
          onJob(job);
        },
      }),
    ]);
    world.env.DATAFLOW_EMULATOR_HOST = dataflow.url;
    world.env.STORAGE_EMULATOR_HOST = storage.url;
    world.env.STOCKFEED_WORKER_IMAGE = "worker:test";
    killed = await KilledOperator.start(world);
    world.proxy.onWrite = () => undefined;
    onJob = ({ currentState, name }) => {
      if (ASKED_FOR.includes(currentState)) killed.onWrite(`${currentState} ${name}`);
    };
    await world.namespace(NAMESPACE);
    await world.apply(NAMESPACE, "one", onDataflow("B", "Replace"));
    await world.untilReady(NAMESPACE, "one");
  });
  afterAll(async () => {
    await killed.stop();
    await world.stop();
    await Promise.all([dataflow.close(), storage.close()]);
  });

  const active = () => dataflow.jobs.all().filter(({ currentState }) => !OVER.includes(currentState));
  const wantsJob = ({ engine, suspend }: Spec) => engine === "Dataflow" && suspend !== true;
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
      expect(
        active().map(({ currentState }) => currentState),
        `after ${calls.join(", ")}`,
      ).toEqual(wantsJob(spec) ? ["JOB_STATE_RUNNING"] : []);
    }
    console.log("Killed after each of so many calls:", ...walks.map(({ kills }) => kills));
    for (const { kills } of walks) expect(kills).toBeGreaterThanOrEqual(1);
    expect(killed.operator.stderr).not.toContain("defect");
  });
});
