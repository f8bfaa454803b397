import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { controlPlaneMissing } from "../control-plane/control-plane.ts";
import { withoutPart } from "../missing-part.ts";
import { answerOf, until } from "../operator-world.ts";
import type { StockfeedProcess } from "../stockfeed-process.ts";
import { DataflowWorld } from "./dataflow-world.ts";
import { KilledOperator, MOST } from "./killed-operator.ts";
import { type FaultWorld, SHARED_BY_JOBS, wantedOf } from "./operator-world.ts";
import { CallProxy } from "./call-proxy.ts";

describe.skipIf(withoutPart(await controlPlaneMissing()))("an operator with jobs on Dataflow", { retry: 0 }, () => {
  let jobs: DataflowWorld;
  let world: FaultWorld;
  const proxies: CallProxy[] = [];

  beforeAll(async () => {
    jobs = await DataflowWorld.start();
    world = jobs.faults;
  });
  beforeEach(() => {
    jobs.onWrite = () => undefined;
    jobs.onStage = () => undefined;
    jobs.dataflow.jobs.jobQuota = 25;
    delete jobs.dataflow.jobs.delays.start;
  });
  afterAll(async () => {
    await jobs.stop();
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });

  const start = async () => {
    const proxy = await CallProxy.start(world.plane.url, world.plane.caFile);
    proxies.push(proxy);
    return { proxy, operator: await world.startOperator([], proxy) };
  };
  const spec = (namespace: string, { windows = ["1m"], template = "TypeScript" } = {}) => ({
    engine: "Dataflow",
    resolutions: windows.map((window) => ({ window })),
    dataflow: { template, projectIds: [namespace], region: "europe-west2", tempLocation: "gs://acme/tmp" },
  });
  it("that is killed right after a write has one job a window all the same, and leaves none", async () => {
    const killed = await KilledOperator.start(world);
    // Other writes of Kubernetes' are walked with the embedded engine.
    world.proxy.onWrite = (what) => {
      if (what.endsWith("/status")) killed.onWrite(what);
    };
    jobs.onWrite = killed.onWrite;
    jobs.onStage = killed.onWrite;
    const staged: string[] = [];
    const kills = { making: 0, deleting: 0 };
    let [making, deleting] = [true, true];
    for (let count = 1; (making || deleting) && count < MOST; count++) {
      const namespace = `jobs-killed-${count}`;
      await world.namespace(namespace);
      const made = killed.after(making ? count : MOST);
      await world.apply(namespace, "one", spec(namespace));
      making &&= await killed.restartedUnless(() => world.isReady(namespace, "one"));
      if (making) kills.making++;
      if (making) staged.push(...made.slice(-1).filter((call) => call.startsWith("stage ")));
      await world.untilReady(namespace, "one");
      const after = `after ${made.join(", ")}`;
      expect(await world.made(namespace), after).toEqual(wantedOf(world.manifest(namespace, "one", spec(namespace))));
      expect(
        jobs.active(namespace).map(({ currentState }) => currentState),
        after,
      ).toEqual(["JOB_STATE_RUNNING"]);
      expect(jobs.launched(namespace), after).toHaveLength(1);

      const gone = killed.after(deleting ? count : MOST);
      await world.delete(namespace, "one");
      deleting &&= await killed.restartedUnless(() => world.isGone(namespace, "one"));
      if (deleting) kills.deleting++;
      await world.untilGone(namespace, "one");
      await until(async () => (await world.workloads(namespace)).length === 0);
      expect(await world.made(namespace), `after ${gone.join(", ")}`).toEqual(SHARED_BY_JOBS);
      expect(jobs.active(namespace), `after ${gone.join(", ")}`).toEqual([]);
    }
    console.log("Killed after each of so many writes:", kills);
    // Three topics, four subscriptions, a rewind, a pipeline, a job, two statuses at least; and back the job, a topic, two subscriptions.
    expect(kills.making).toBeGreaterThanOrEqual(12);
    // A pipeline lay there, and no job had been asked for.
    expect(staged).toHaveLength(1);
    expect(kills.deleting).toBeGreaterThanOrEqual(4);
    expect(killed.operator.stderr).not.toContain("defect");
    await killed.stop();
  }, 900_000);

  describe("that runs", () => {
    let operator: StockfeedProcess;
    beforeAll(async () => {
      operator = await world.startOperator();
    });
    afterAll(async () => {
      operator.kill("SIGKILL");
      await operator.ended;
    });

    const error = { status: 503, reason: "UNAVAILABLE", message: "The service is currently unavailable." };
    it.each([
      { how: "cut", template: "TypeScript", fault: { cut: true } as const },
      { how: "error", template: "TypeScript", fault: error },
      { how: "template", template: "BeamYaml", fault: { cut: true } as const },
    ])("takes up a job whose launch failed and that runs all the same: $how", async ({ how, template, fault }) => {
      const namespace = `jobs-failed-${how}`;
      await world.namespace(namespace);
      jobs.dataflow.failNext(template === "BeamYaml" ? "launchTemplate" : "create", { carriedOut: true, ...fault });
      await world.apply(namespace, "one", spec(namespace, { template }));
      await world.untilReady(namespace, "one");
      expect(jobs.launched(namespace)).toHaveLength(1);
      const feed = await world.feed(namespace, "one");
      expect(feed?.status).toMatchObject({ pipelines: [{ jobId: jobs.launched(namespace)[0]?.id, state: "Running" }] });
    });

    it("says a quota that the second of three jobs meets, and launches what is left once there is room", async () => {
      const namespace = "jobs-quota";
      await world.namespace(namespace);
      jobs.dataflow.jobs.jobQuota = 1;
      await world.apply(namespace, "one", spec(namespace, { windows: ["1m", "5m", "15m"] }));
      await until(
        async () => (await world.condition(namespace, "one", "PipelineReady"))?.reason === "QuotaExceeded",
        60_000,
      );
      expect(jobs.active(namespace)).toHaveLength(1);
      jobs.dataflow.jobs.jobQuota = 25;
      // A project that was full is asked again a minute later, and at once by an operator that begins.
      operator.kill("SIGKILL");
      await operator.ended;
      operator = await world.startOperator();
      await world.untilReady(namespace, "one");
      expect(
        jobs
          .launched(namespace)
          .map(({ name }) => name.split("-").at(-1))
          .toSorted(),
      ).toEqual(["15m", "1m", "5m"]);
    }, 240_000);

    it("goes on with the old job where Dataflow refuses an update, and takes the next spec", async () => {
      const namespace = "jobs-refused";
      await world.namespace(namespace);
      await world.apply(namespace, "one", spec(namespace));
      await world.untilReady(namespace, "one");
      const [first] = jobs.active(namespace);
      jobs.dataflow.jobs.rejectNextUpdate("The new job is not compatible with the old one.");
      await world.apply(namespace, "one", { ...spec(namespace), symbols: ["AAPL"] });
      await until(
        async () => (await world.condition(namespace, "one", "Stalled"))?.reason === "UpdateRejected",
        60_000,
      );
      const message = JSON.stringify(await world.condition(namespace, "one", "Stalled"));
      expect(message).toContain("not compatible with the old one");
      expect(message).toContain("quotes of a symbol that the job does not know go to the dead letter");
      expect(jobs.active(namespace).map(({ id }) => id)).toEqual([first?.id]);
      await world.apply(namespace, "one", { ...spec(namespace), symbols: ["MSFT"] });
      await world.untilReady(namespace, "one");
      expect(jobs.active(namespace)).toMatchObject([{ currentState: "JOB_STATE_RUNNING", replaceJobId: first?.id }]);
    });

    it("changes engines there and back, with one of them computing at any time, and suspends and resumes", async () => {
      const namespace = "jobs-switched";
      await world.namespace(namespace);
      jobs.dataflow.jobs.delays.start = 3_000;
      const embedded = { resolutions: [{ window: "1m" }] };
      const seeks = () => world.pubsub.calls.get("Seek") ?? 0;
      const computes = async () => {
        const isRunning = jobs.active(namespace).some(({ currentState }) => currentState === "JOB_STATE_RUNNING");
        return isRunning || (await world.workloads(namespace)).some(({ kind }) => kind === "StatefulSet");
      };
      const untilReadyComputing = () =>
        until(async () => {
          expect(await computes()).toBe(true);
          return world.isReady(namespace, "one");
        }, 60_000);
      await world.apply(namespace, "one", embedded);
      await world.untilReady(namespace, "one");
      await world.apply(namespace, "one", spec(namespace));
      await untilReadyComputing();
      await until(async () => (await world.workloads(namespace)).length === 1, 60_000);
      expect(await world.made(namespace)).toEqual(wantedOf(world.manifest(namespace, "one", spec(namespace))));

      await world.apply(namespace, "one", { ...spec(namespace), suspend: true });
      await until(async () => (await world.condition(namespace, "one"))?.reason === "Suspended", 60_000);
      expect(jobs.launched(namespace).map(({ currentState }) => currentState)).toEqual(["JOB_STATE_DRAINED"]);
      const before = seeks();
      await world.apply(namespace, "one", spec(namespace));
      await world.untilReady(namespace, "one");
      expect(seeks()).toBe(before + 1);

      await world.apply(namespace, "one", embedded);
      await untilReadyComputing();
      expect(jobs.active(namespace)).toEqual([]);
      const { subscriptions } = wantedOf(world.manifest(namespace, "one", embedded));
      await until(
        async () => !(await world.made(namespace)).subscriptions.some((name) => name.endsWith("-1m")),
        60_000,
      );
      expect((await world.made(namespace)).subscriptions).toEqual([...subscriptions, "stockfeed-windows"].toSorted());
    }, 240_000);
  });

  it("that leads no more launches nothing, and its successor has one job of each name", async () => {
    const namespace = "jobs-paused";
    await world.namespace(namespace);
    const first = await start();
    await first.operator.complaint(/"message":"leads"/);
    const second = await start();
    await second.operator.complaint(/the operator starts/);
    const windows = ["1m", "5m", "15m"];
    const amid = new Promise<void>((resolve) => {
      jobs.onWrite = () => {
        jobs.onWrite = () => undefined;
        first.operator.kill("SIGSTOP");
        resolve();
      };
    });
    await world.apply(namespace, "one", spec(namespace, { windows }));
    await amid;
    await second.operator.complaint(/"message":"leads"/);
    await world.untilReady(namespace, "one");
    const [asked, calls] = [first.proxy.asked, jobs.writes];
    first.operator.kill("SIGCONT");
    await until(async () => /^stockfeed_leader 0$/m.test(await answerOf(first.operator, "/metrics")));
    const reconciles = async () => {
      const text = await answerOf(second.operator, "/metrics");
      return Number(/^stockfeed_reconcile_duration_seconds_count\{result="ready"\} (\d+)/m.exec(text)?.[1]);
    };
    const count = await reconciles();
    await until(async () => (await reconciles()) > count + 3);
    expect(first.proxy.asked - asked).toBe(0);
    expect(jobs.writes).toBe(calls);
    expect(
      jobs
        .launched(namespace)
        .map(({ name }) => name.split("-").at(-1))
        .toSorted(),
    ).toEqual(["15m", "1m", "5m"]);
    expect(await answerOf(second.operator, "/metrics")).toMatch(
      /stockfeed_jobs\{state="Running",resolution="15m"\} \d+/,
    );
  }, 240_000);
});
