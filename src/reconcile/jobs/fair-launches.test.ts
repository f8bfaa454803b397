import { describe, expect, it } from "vitest";
import { manualClock } from "../../../test/fakes/manual-clock.ts";
import { edit, jobsWorld, MINUTE, run, specOf } from "../../../test/jobs-world.ts";
import { feedObject, type ReconcileWorld } from "../../../test/reconcile-world.ts";
import { WorkQueue } from "../../adapters/kubernetes/work-queue.ts";
import { JobsError } from "../../job-ports.ts";
import { Controller } from "../controller.ts";

const NEVER = new JobsError("Unavailable", "no answer came within 60 s");
/** Two turns, before each of which at most eight others go, four at a time, a minute each. */
const LONGEST_MS = 2 * 2 * MINUTE + 10_000;
const names = (world: ReconcileWorld) => world.jobs.all().map(({ name }) => name);

describe("eight launches that never come through", () => {
  const windows = Array.from({ length: 10 }, (_, at) => ({ window: `${at + 1}m` }));
  const isSilent = (call: string) => /-[1-8]m$/.test(call);

  it("hold up their feed's other windows once at most, and come behind them from then on", async () => {
    const world = jobsWorld(specOf({ resolutions: windows }));
    let tried: string[] = [];
    world.jobs.fault = (call) => {
      if (!call.startsWith("launch")) return;
      tried.push(call.split("-").at(-1) ?? "");
      if (!isSilent(call)) return;
      world.time.now += MINUTE;
      throw NEVER;
    };
    const start = world.time.now;
    // One turn writes down what the next one launches.
    for (let turn = 0; turn < 2; turn++) await world.reconcile();
    expect(world.time.now - start).toBe(8 * MINUTE);
    expect(names(world).map((name) => name.split("-").at(-1))).toEqual(["9m", "10m"]);

    world.jobs.work();
    await world.reconcile();
    edit(world, specOf({ resolutions: windows, symbols: ["AAPL"] }));
    await world.reconcile();
    tried = [];
    await world.reconcile();
    expect(tried.slice(0, 2)).toEqual(["9m", "10m"]);
    expect(tried).toHaveLength(10);
    // What is said of them stays in the spec's order.
    expect(world.status().pipelines?.map(({ window }) => window)).toEqual(windows.map(({ window }) => window));

    world.jobs.fault = undefined;
    await run(world);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });

  it("hold up no other feed for long, where they are more than there are workers", async () => {
    const world = jobsWorld();
    const clock = manualClock(world.time.now);
    Object.defineProperty(world.time, "now", { get: () => clock.now() });
    const put = (name: string) => {
      world.cluster.put(feedObject({ metadata: { name, uid: name }, spec: specOf() }));
      queue.add(`markets/${name}`);
    };
    const launch = world.jobs.launch.bind(world.jobs);
    world.jobs.launch = async (wanted) => {
      if (!wanted.name.includes("-silent-")) return launch(wanted);
      await clock.sleepUntil(clock.now() + MINUTE, new AbortController().signal);
      throw NEVER;
    };
    const queue = new WorkQueue(clock);
    const { cluster, reconciler } = world;
    const faults: string[] = [];
    const controller = new Controller({
      ...{ cluster, queue, reconciler, clock, telemetry: { countReconcileError: () => undefined } },
      log: {
        onFault: (feed) => faults.push(feed),
        onDefect: (_feed, error) => {
          throw error;
        },
      },
    });
    controller.begin();
    const stop = new AbortController();
    const turns = queue.run(4, (key) => controller.handle(key), stop.signal);
    for (let at = 0; at < 8; at++) put(`silent-${at}`);
    await clock.advance(clock.now() + MINUTE / 2);

    for (const name of ["second", "third", "fourth"]) {
      const start = clock.now();
      put(name);
      const isLaunched = () => names(world).some((each) => each.includes(`-${name}-`));
      while (!isLaunched() && clock.now() < start + 20 * MINUTE) await clock.advance(clock.now() + 1_000);
      expect(clock.now() - start, name).toBeLessThanOrEqual(LONGEST_MS);
      // By now each of them is tried again and again.
      await clock.advance(clock.now() + 5 * MINUTE);
    }
    expect(new Set(faults).size).toBe(8);
    stop.abort();
    await clock.advance(clock.now() + 2 * MINUTE);
    await turns;
  });
});
