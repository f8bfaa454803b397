import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { controlPlaneMissing } from "../control-plane/control-plane.ts";
import { type FakeCloudStorage, startFakeCloudStorage } from "../fakes/cloud-storage-server.ts";
import type { RestJob } from "../fakes/dataflow-format.ts";
import { type FakeDataflow, startFakeDataflow } from "../fakes/dataflow-server.ts";
import { withoutPart } from "../missing-part.ts";
import { answerOf, until } from "../operator-world.ts";
import type { StockfeedProcess } from "../stockfeed-process.ts";
import { KilledOperator, MOST } from "./killed-operator.ts";
import { FaultWorld, SHARED_BY_JOBS, wantedOf } from "./operator-world.ts";
import { WriteProxy } from "./write-proxy.ts";

const OVER = ["DRAINED", "CANCELLED", "FAILED", "UPDATED", "DONE"].map((state) => `JOB_STATE_${state}`);
/** States that a call of a client brings about. */
const ASKED_FOR = ["JOB_STATE_PENDING", "JOB_STATE_DRAINING", "JOB_STATE_CANCELLING"];

describe.skipIf(withoutPart(await controlPlaneMissing()))("an operator with jobs on Dataflow", () => {
  let world: FaultWorld;
  let dataflow: FakeDataflow;
  let storage: FakeCloudStorage;
  const proxies: WriteProxy[] = [];
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
  });
  beforeEach(() => {
    onJob = () => undefined;
    dataflow.jobs.jobQuota = 25;
    delete dataflow.jobs.delays.start;
  });
  afterAll(async () => {
    await world.stop();
    await Promise.all([...proxies, dataflow, storage].map((each) => each.close()));
  });

  const start = async () => {
    const proxy = await WriteProxy.start(world.plane.url, world.plane.caFile);
    proxies.push(proxy);
    return { proxy, operator: await world.startOperator([], proxy) };
  };
  const spec = (namespace: string, windows = ["1m"]) => ({
    engine: "Dataflow",
    resolutions: windows.map((window) => ({ window })),
    dataflow: { projectIds: [namespace], region: "europe-west2", tempLocation: "gs://acme/tmp" },
  });
  const running = (project: string) =>
    dataflow.jobs.all().filter((job) => job.projectId === project && !OVER.includes(job.currentState));
  const launches = (project: string) => dataflow.jobs.all().filter((job) => job.projectId === project);

  it("that is killed right after a write has one job a window all the same, and leaves none", async () => {
    const killed = await KilledOperator.start(world);
    onJob = ({ currentState, name }) => {
      if (ASKED_FOR.includes(currentState)) killed.onWrite(`${currentState} ${name}`);
    };
    const kills = { making: 0, deleting: 0 };
    let [making, deleting] = [true, true];
    for (let count = 1; (making || deleting) && count < MOST; count++) {
      const namespace = `jobs-killed-${count}`;
      await world.namespace(namespace);
      const made = killed.after(making ? count : MOST);
      await world.apply(namespace, "one", spec(namespace));
      making &&= await killed.restartedUnless(() => world.isReady(namespace, "one"));
      if (making) kills.making++;
      await world.untilReady(namespace, "one");
      const after = `after ${made.join(", ")}`;
      expect(await world.made(namespace), after).toEqual(wantedOf(world.manifest(namespace, "one", spec(namespace))));
      expect(
        running(namespace).map(({ currentState }) => currentState),
        after,
      ).toEqual(["JOB_STATE_RUNNING"]);
      expect(launches(namespace), after).toHaveLength(1);

      const gone = killed.after(deleting ? count : MOST);
      await world.delete(namespace, "one");
      deleting &&= await killed.restartedUnless(() => world.isGone(namespace, "one"));
      if (deleting) kills.deleting++;
      await world.untilGone(namespace, "one");
      await until(async () => (await world.workloads(namespace)).length === 0);
      expect(await world.made(namespace), `after ${gone.join(", ")}`).toEqual(SHARED_BY_JOBS);
      expect(running(namespace), `after ${gone.join(", ")}`).toEqual([]);
    }
    console.log("Killed after each of so many writes:", kills);
    // Finalizer, three topics, four subscriptions, a rewind, a job, two statuses at least, a workload, events; and back.
    expect(kills.making).toBeGreaterThanOrEqual(13);
    expect(kills.deleting).toBeGreaterThanOrEqual(7);
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

    it.each(["cut", "an error"])("takes up a job whose launch failed and that runs all the same: %s", async (how) => {
      const namespace = `jobs-failed-${how === "cut" ? "cut" : "error"}`;
      await world.namespace(namespace);
      const error = { status: 503, reason: "UNAVAILABLE", message: "The service is currently unavailable." };
      dataflow.failNext("create", { carriedOut: true, ...(how === "cut" ? { cut: true } : error) });
      await world.apply(namespace, "one", spec(namespace));
      await world.untilReady(namespace, "one");
      expect(launches(namespace)).toHaveLength(1);
      const feed = await world.feed(namespace, "one");
      expect(feed?.status).toMatchObject({ pipelines: [{ jobId: launches(namespace)[0]?.id, state: "Running" }] });
    });

    it("says a quota that the second of three jobs meets, and launches what is left once there is room", async () => {
      const namespace = "jobs-quota";
      await world.namespace(namespace);
      dataflow.jobs.jobQuota = 1;
      await world.apply(namespace, "one", spec(namespace, ["1m", "5m", "15m"]));
      await until(
        async () => (await world.condition(namespace, "one", "PipelineReady"))?.reason === "QuotaExceeded",
        60_000,
      );
      expect(running(namespace)).toHaveLength(1);
      dataflow.jobs.jobQuota = 25;
      // A project that was full is asked again a minute later.
      await until(() => world.isReady(namespace, "one"), 120_000);
      expect(
        launches(namespace)
          .map(({ name }) => name.split("-").at(-1))
          .toSorted(),
      ).toEqual(["15m", "1m", "5m"]);
    }, 240_000);

    it("goes on with the old job where Dataflow refuses an update, and takes the next spec", async () => {
      const namespace = "jobs-refused";
      await world.namespace(namespace);
      await world.apply(namespace, "one", spec(namespace));
      await world.untilReady(namespace, "one");
      const [first] = running(namespace);
      dataflow.jobs.rejectNextUpdate("The new job is not compatible with the old one.");
      await world.apply(namespace, "one", { ...spec(namespace), symbols: ["AAPL"] });
      await until(
        async () => (await world.condition(namespace, "one", "Stalled"))?.reason === "UpdateRejected",
        60_000,
      );
      expect(JSON.stringify(await world.condition(namespace, "one", "Stalled"))).toContain(
        "not compatible with the old one",
      );
      expect(running(namespace).map(({ id }) => id)).toEqual([first?.id]);
      await world.apply(namespace, "one", { ...spec(namespace), symbols: ["MSFT"] });
      await world.untilReady(namespace, "one");
      expect(running(namespace)).toMatchObject([{ currentState: "JOB_STATE_RUNNING", replaceJobId: first?.id }]);
    });

    it("changes engines there and back, with one of them computing at any time, and suspends and resumes", async () => {
      const namespace = "jobs-switched";
      await world.namespace(namespace);
      dataflow.jobs.delays.start = 3_000;
      const embedded = { resolutions: [{ window: "1m" }] };
      const seeks = () => world.pubsub.calls.get("Seek") ?? 0;
      const computes = async () => {
        const isRunning = running(namespace).some(({ currentState }) => currentState === "JOB_STATE_RUNNING");
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
      expect(launches(namespace).map(({ currentState }) => currentState)).toEqual(["JOB_STATE_DRAINED"]);
      const before = seeks();
      await world.apply(namespace, "one", spec(namespace));
      await world.untilReady(namespace, "one");
      expect(seeks()).toBe(before + 1);

      await world.apply(namespace, "one", embedded);
      await untilReadyComputing();
      expect(running(namespace)).toEqual([]);
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
      onJob = ({ currentState }) => {
        if (currentState !== "JOB_STATE_PENDING") return;
        onJob = () => undefined;
        first.operator.kill("SIGSTOP");
        resolve();
      };
    });
    await world.apply(namespace, "one", spec(namespace, windows));
    await amid;
    await second.operator.complaint(/"message":"leads"/);
    await world.untilReady(namespace, "one");
    const [asked, calls] = [
      first.proxy.asked,
      dataflow.calls.filter(({ name }) => name !== "list" && name !== "get").length,
    ];
    first.operator.kill("SIGCONT");
    await until(async () => /^stockfeed_leader 0$/m.test(await answerOf(first.operator, "/metrics")));
    const reconciles = async () => {
      const text = await answerOf(second.operator, "/metrics");
      return Number(/^stockfeed_reconcile_duration_seconds_count\{result="ready"\} (\d+)/m.exec(text)?.[1]);
    };
    const count = await reconciles();
    await until(async () => (await reconciles()) > count + 3);
    expect(first.proxy.asked - asked).toBe(0);
    expect(dataflow.calls.filter(({ name }) => name !== "list" && name !== "get").length).toBe(calls);
    expect(
      launches(namespace)
        .map(({ name }) => name.split("-").at(-1))
        .toSorted(),
    ).toEqual(["15m", "1m", "5m"]);
    expect(await answerOf(second.operator, "/metrics")).toMatch(
      /stockfeed_jobs\{state="Running",resolution="15m"\} \d+/,
    );
  }, 240_000);
});
