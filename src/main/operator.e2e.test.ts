import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AnyObject } from "../../test/kube-client.ts";
import { answerOf, FEEDS, OperatorWorld, operatorWorldMissing, PROJECT, until } from "../../test/operator-world.ts";
import type { StockfeedProcess } from "../../test/stockfeed-process.ts";

const missing = await operatorWorldMissing();

const CRON_JOBS = "/apis/batch/v1/namespaces/markets/cronjobs";
const CRON_JOB = `${CRON_JOBS}/ten-stocks-poll`;
/** Of the feed `taken`, whose topics are counted apart. */
const OTHER_PROJECT = "acme-others";
const STATEFUL_SET = "/apis/apps/v1/namespaces/markets/statefulsets/ten-stocks-windows";

describe.skipIf(missing !== undefined && process.env.CI === undefined)("stockfeed operator", () => {
  let world: OperatorWorld;
  let operator: StockfeedProcess;

  beforeAll(async () => {
    world = await OperatorWorld.start();
    operator = await world.startOperator();
  });
  afterAll(() => world.stop());

  const scheduleIsRight = async (cronJob = CRON_JOB) => {
    const { spec } = await world.kube.get<AnyObject & { readonly spec: { readonly schedule: string } }>(cronJob);
    return spec.schedule === "* * * * *";
  };
  const goneWithItsPods = (path: string, namespace?: string) =>
    until(async () => {
      await world.endPods(namespace);
      return !(await world.exists(path));
    }, 90_000);

  it("makes what a feed wants, and says Ready", async () => {
    // The shorter the interval, the sooner its engine is drained when it is deleted.
    await world.kube.create(FEEDS, world.manifest("ten-stocks", { polling: { interval: "1s" } }));
    await world.untilReady("ten-stocks");
    expect((await world.feed("ten-stocks")).status).toMatchObject({ observedGeneration: 1, marketState: "Open" });
    expect(await world.kube.get(CRON_JOB)).toMatchObject({ spec: { schedule: "* * * * *" } });
    expect(await world.pubsub("topics")).toHaveLength(2);
    expect(await world.pubsub("subscriptions")).toHaveLength(3);
  });

  it("restores what is edited or deleted by hand, in the cluster and in the cloud", async () => {
    const { metadata: old } = await world.kube.get(STATEFUL_SET);
    await world.kube.patch(CRON_JOB, { spec: { schedule: "0 0 1 1 *" } });
    await world.kube.delete(STATEFUL_SET);
    const [topic = ""] = (await world.pubsub("topics")).filter((name) => name.endsWith("-quotes"));
    const address = `http://${world.emulator.host}/v1/projects/${PROJECT}/topics/${topic}`;
    await fetch(address, { method: "DELETE" });
    await until(() => scheduleIsRight());
    await until(async () => {
      const made = await world.kube.get(STATEFUL_SET).catch(() => undefined);
      return made !== undefined && made.metadata.uid !== old.uid;
    });
    await until(async () => {
      const { subscriptions = [] } = (await (await fetch(`${address}/subscriptions`)).json()) as {
        readonly subscriptions?: string[];
      };
      return subscriptions.length === 2;
    });
    await world.untilReady("ten-stocks");
  });

  it("leaves alone what somebody else has under its names, and says so", async () => {
    const container = { name: "theirs", image: "theirs" };
    const template = { spec: { restartPolicy: "Never", containers: [container] } };
    const made = await world.kube.create(CRON_JOBS, {
      metadata: { name: "taken-poll" },
      spec: { schedule: "0 0 1 1 *", suspend: true, jobTemplate: { spec: { template } } },
    });
    const pubsub = { projectId: OTHER_PROJECT };
    await world.kube.create(FEEDS, world.manifest("taken", { pubsub, deletionPolicy: "Cancel", archive: false }));
    await until(async () => (await world.condition("taken"))?.reason === "NameConflict");
    expect(await world.condition("taken", "PollingReady")).toMatchObject({ status: "False", reason: "NameConflict" });
    const theirs = await world.kube.get(`${CRON_JOBS}/taken-poll`);
    expect(theirs.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    await world.kube.delete(`${CRON_JOBS}/taken-poll`);
  });

  it("stops what a suspended feed runs, and resumes it", async () => {
    await world.kube.patch(`${FEEDS}/ten-stocks`, { spec: { suspend: true } });
    await until(async () => (await world.condition("ten-stocks"))?.reason === "Suspended");
    expect(await world.kube.get(CRON_JOB)).toMatchObject({ spec: { suspend: true } });
    expect(await world.kube.get(STATEFUL_SET)).toMatchObject({ spec: { replicas: 0 } });
    expect(await world.pubsub("topics")).toHaveLength(2);
    await world.kube.patch(`${FEEDS}/ten-stocks`, { spec: { suspend: false } });
    await world.untilReady("ten-stocks");
  });

  it("waits for a Secret by name, and never tells its values", async () => {
    const provider = { type: "Finnhub", credentialsSecretRef: { name: "finnhub" } };
    await world.kube.create(FEEDS, world.manifest("finnhub", { provider, deletionPolicy: "Cancel" }));
    await until(async () => (await world.condition("finnhub"))?.reason === "CredentialsMissing");
    const stringData = { token: "not-to-be-seen-anywhere" };
    await world.kube.create("/api/v1/namespaces/markets/secrets", { metadata: { name: "finnhub" }, stringData });
    await until(async () => (await world.condition("finnhub", "PollingReady"))?.status === "True");
    const said = JSON.stringify(await world.feed("finnhub"));
    await world.kube.delete(`${FEEDS}/finnhub`);
    await goneWithItsPods(`${FEEDS}/finnhub`);
    const { items } = await world.kube.list("/apis/events.k8s.io/v1/namespaces/markets/events");
    for (const text of [said, JSON.stringify(items), operator.stderr, await answerOf(operator, "/metrics")]) {
      expect(text).not.toContain("not-to-be-seen");
    }
    const reasons = items.map((event) => (event as AnyObject & { readonly reason: string }).reason);
    for (const reason of ["Created", "Suspended", "CredentialsMissing", "NameConflict", "DriftCorrected"]) {
      expect(reasons).toContain(reason);
    }
  });

  it("tells its metrics, and that it is ready; no right was missing so far", async () => {
    expect(await answerOf(operator, "/healthz")).toBe("ok\n");
    expect(await answerOf(operator, "/readyz")).toBe("ok\n");
    const metrics = await answerOf(operator, "/metrics");
    expect(metrics).toMatch(/^stockfeed_leader 1$/m);
    expect(metrics).toMatch(/^stockfeed_reconcile_duration_seconds_count\{result="ready"\} [1-9]/m);
    expect(metrics).toMatch(/^stockfeed_api_requests_total\{verb="apply",code="201"\} [1-9]/m);
    expect(metrics).toMatch(/^stockfeed_drift_corrections_total [1-9]/m);
    expect(metrics).not.toContain('code="403"');
  });

  it("writes nothing while nothing changes", async () => {
    const versions = async () => {
      const objects = [await world.feed("ten-stocks"), await world.kube.get(STATEFUL_SET)];
      return objects.map(({ metadata }) => metadata.resourceVersion);
    };
    const reconciles = async () => {
      const text = await answerOf(operator, "/metrics");
      return Number(/^stockfeed_reconcile_duration_seconds_count\{result="ready"\} (\d+)/m.exec(text)?.[1]);
    };
    const [before, count] = [await versions(), await reconciles()];
    await until(async () => (await reconciles()) > count + 2);
    expect(await versions()).toEqual(before);
  });

  it("takes everything of a deleted feed away, but what the project's feeds share", async () => {
    await world.kube.delete(`${FEEDS}/ten-stocks`);
    await until(async () => (await world.condition("ten-stocks").catch(() => undefined))?.reason === "Draining");
    await world.untilGone(CRON_JOB);
    await goneWithItsPods(`${FEEDS}/ten-stocks`);
    await world.untilGone(STATEFUL_SET);
    expect(await world.pubsub("topics")).toEqual(["stockfeed-dead-letter"]);
    expect(await world.pubsub("subscriptions")).toEqual(["stockfeed-dead-letter"]);
  });

  it("lets a namespace go that is deleted with its feeds", async () => {
    await world.kube.create("/api/v1/namespaces", { metadata: { name: "short-lived" } });
    const feeds = "/apis/stockfeed.dev/v1alpha1/namespaces/short-lived/stockfeeds";
    for (const name of ["one", "two"]) await world.kube.create(feeds, world.manifest(name, {}, "short-lived"));
    await until(async () => (await world.pubsub("topics")).length === 3);
    await world.kube.delete("/api/v1/namespaces/short-lived");
    await goneWithItsPods("/api/v1/namespaces/short-lived", "short-lived");
    expect(await world.pubsub("topics")).toEqual(["stockfeed-dead-letter"]);
  });

  it("has its own under a name that somebody else has given up", async () => {
    // Theirs was not watched, so it is looked at every half minute.
    await until(async () => (await world.condition("taken", "PollingReady"))?.status === "True", 90_000);
  });

  it("hands over to another when it is told to stop", async () => {
    const other = await world.startOperator();
    await other.complaint(/the operator starts/);
    operator.kill("SIGTERM");
    expect(await operator.ended).toEqual({ code: 0, signal: null });
    await other.complaint(/"message":"leads"/);
    operator = other;
    const cronJob = `${CRON_JOBS}/taken-poll`;
    await world.kube.patch(cronJob, { spec: { schedule: "0 0 1 1 *" } });
    await until(() => scheduleIsRight(cronJob));
    await world.kube.delete(`${FEEDS}/taken`);
    await goneWithItsPods(`${FEEDS}/taken`);
    expect(await world.pubsub("topics", OTHER_PROJECT)).toEqual(["stockfeed-dead-letter"]);
  });
});
