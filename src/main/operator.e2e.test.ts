import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type BigQueryServer, startBigQuery } from "../../test/bigquery/bigquery-server.ts";
import { makeTables, makeViews } from "../../test/bigquery/stockfeed-dataset.ts";
import { type ControlPlane, controlPlaneMissing, startControlPlane } from "../../test/control-plane/control-plane.ts";
import { installCrd } from "../../test/install-crd.ts";
import { type AnyObject, KubeClient } from "../../test/kube-client.ts";
import { type PubsubEmulator, pubsubEmulatorMissing, startPubsubEmulator } from "../../test/pubsub-emulator.ts";
import { StockfeedProcess } from "../../test/stockfeed-process.ts";

const missing = (await controlPlaneMissing()) ?? pubsubEmulatorMissing();

const FEEDS = "/apis/stockfeed.dev/v1alpha1/namespaces/markets/stockfeeds";
const CRON_JOB = "/apis/batch/v1/namespaces/markets/cronjobs/ten-stocks-poll";
const STATEFUL_SET = "/apis/apps/v1/namespaces/markets/statefulsets/ten-stocks-windows";

interface Feed extends AnyObject {
  readonly status?: {
    readonly observedGeneration?: number;
    readonly marketState?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
  };
}

describe.skipIf(missing !== undefined && process.env.CI === undefined)("stockfeed operator", () => {
  let plane: ControlPlane;
  let emulator: PubsubEmulator;
  let bigQuery: BigQueryServer;
  let kube: KubeClient;
  let operator: StockfeedProcess;

  const startOperator = (...flags: string[]) =>
    new StockfeedProcess(
      ["operator", "--image", "stockfeed:test", "--metrics-address", "127.0.0.1:0", "--drift-interval", "2s", ...flags],
      {
        env: {
          STOCKFEED_KUBECONFIG: plane.kubeconfig,
          PUBSUB_EMULATOR_HOST: emulator.host,
          BIGQUERY_EMULATOR_HOST: bigQuery.url,
        },
      },
    );

  beforeAll(async () => {
    [plane, emulator, bigQuery] = await Promise.all([startControlPlane(), startPubsubEmulator(), startBigQuery()]);
    await Promise.all([installCrd(plane.kubeconfig), makeTables(bigQuery, "markets")]);
    await makeViews(bigQuery, "markets");
    kube = new KubeClient(plane.kubeconfig);
    await kube.create("/api/v1/namespaces", { metadata: { name: "markets" } });
    operator = startOperator();
  });

  afterAll(async () => {
    operator.kill("SIGKILL");
    await Promise.all([plane.stop(), emulator.stop(), bigQuery.stop()]);
  });

  const manifest = (name: string, spec: object = {}, namespace = "markets") => ({
    apiVersion: "stockfeed.dev/v1alpha1",
    kind: "StockFeed",
    metadata: { name, namespace },
    spec: {
      symbols: ["AAPL", "MSFT"],
      provider: { type: "Simulated" },
      pubsub: { projectId: "acme-feeds" },
      sink: { bigQuery: { projectId: bigQuery.project, dataset: "markets" } },
      ...spec,
    },
  });
  const feed = (name: string) => kube.get<Feed>(`${FEEDS}/${name}`);
  const condition = async (name: string, type = "Ready") =>
    (await feed(name)).status?.conditions?.find((each) => each.type === type);
  const until = <T>(look: () => Promise<T>, timeout = 30_000) => vi.waitUntil(look, { timeout, interval: 100 });
  const untilReady = (name: string) => until(async () => (await condition(name))?.status === "True");
  const gone = (path: string) =>
    until(() =>
      kube.get(path).then(
        () => false,
        () => true,
      ),
    );
  /** What a kubelet would say of the engine's Pods. */
  const runPods = async (namespace = "markets") => {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const { items } = await kube.list(`${path}?labelSelector=app.kubernetes.io/component=stream`);
    const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
    for (const { metadata } of items) await kube.patch(`${path}/${metadata.name}/status`, { status });
    return items.length > 0;
  };
  const pubsub = async (kind: "topics" | "subscriptions") => {
    const response = await fetch(`http://${emulator.host}/v1/projects/acme-feeds/${kind}`);
    const listed = ((await response.json()) as Record<string, { readonly name: string }[]>)[kind] ?? [];
    return listed.map(({ name }) => name.split("/").at(-1) ?? "").sort();
  };

  it("makes what a feed wants, and says Ready", async () => {
    await kube.create(FEEDS, manifest("ten-stocks"));
    await until(() => runPods());
    await untilReady("ten-stocks");
    expect((await feed("ten-stocks")).status).toMatchObject({ observedGeneration: 1, marketState: "Open" });
    expect(await kube.get(CRON_JOB)).toMatchObject({ spec: { schedule: "* * * * *" } });
    expect(await pubsub("topics")).toHaveLength(2);
    expect(await pubsub("subscriptions")).toHaveLength(3);
  });

  it("restores what is edited or deleted by hand, in the cluster and in the cloud", async () => {
    const { metadata: old } = await kube.get(STATEFUL_SET);
    await kube.patch(CRON_JOB, { spec: { schedule: "0 0 1 1 *" } });
    await kube.delete(STATEFUL_SET);
    const [topic = ""] = (await pubsub("topics")).filter((name) => name.endsWith("-quotes"));
    await fetch(`http://${emulator.host}/v1/projects/acme-feeds/topics/${topic}`, { method: "DELETE" });
    const cronJobIsBack = async () => {
      const { spec } = await kube.get<AnyObject & { readonly spec: { readonly schedule: string } }>(CRON_JOB);
      return spec.schedule === "* * * * *";
    };
    await until(cronJobIsBack);
    await until(async () => (await kube.get(STATEFUL_SET).catch(() => undefined))?.metadata.uid !== old.uid);
    await until(async () => (await pubsub("topics")).includes(topic));
    await until(async () => {
      const response = await fetch(`http://${emulator.host}/v1/projects/acme-feeds/topics/${topic}/subscriptions`);
      const { subscriptions = [] } = (await response.json()) as { readonly subscriptions?: string[] };
      return subscriptions.length === 2;
    });
    await until(() => runPods());
    await untilReady("ten-stocks");
  });

  it("leaves alone what somebody else has under its names, and says so", async () => {
    const container = { name: "theirs", image: "theirs" };
    const template = { spec: { restartPolicy: "Never", containers: [container] } };
    const theirs = {
      metadata: { name: "taken-poll" },
      spec: { schedule: "0 0 1 1 *", suspend: true, jobTemplate: { spec: { template } } },
    };
    const made = await kube.create("/apis/batch/v1/namespaces/markets/cronjobs", theirs);
    await kube.create(FEEDS, manifest("taken", { deletionPolicy: "Cancel", archive: false }));
    await until(async () => (await condition("taken"))?.reason === "NameConflict");
    expect(await condition("taken", "PollingReady")).toMatchObject({ status: "False", reason: "NameConflict" });
    const cronJobs = "/apis/batch/v1/namespaces/markets/cronjobs/taken-poll";
    expect((await kube.get(cronJobs)).metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    await kube.delete(cronJobs);
    // It is not watched, so it is looked at every half minute.
    await until(async () => (await condition("taken", "PollingReady"))?.status === "True", 90_000);
    await kube.delete(`${FEEDS}/taken`);
    await until(async () => {
      const pods = "/api/v1/namespaces/markets/pods/taken-windows-0";
      await kube.delete(pods, { gracePeriodSeconds: 0 }).catch(() => undefined);
      return kube.get(`${FEEDS}/taken`).then(
        () => false,
        () => true,
      );
    });
    expect(await pubsub("topics")).toHaveLength(2);
  });

  it("stops what a suspended feed runs, and resumes it", async () => {
    await kube.patch(`${FEEDS}/ten-stocks`, { spec: { suspend: true } });
    await until(async () => (await condition("ten-stocks"))?.reason === "Suspended");
    expect(await kube.get(CRON_JOB)).toMatchObject({ spec: { suspend: true } });
    expect(await kube.get(STATEFUL_SET)).toMatchObject({ spec: { replicas: 0 } });
    expect(await pubsub("topics")).toHaveLength(2);
    await kube.patch(`${FEEDS}/ten-stocks`, { spec: { suspend: false } });
    await until(() => runPods());
    await untilReady("ten-stocks");
  });

  it("waits for a Secret by name, and never asks for its values", async () => {
    const provider = { type: "Finnhub", credentialsSecretRef: { name: "finnhub" } };
    await kube.create(FEEDS, manifest("finnhub", { provider }));
    await until(async () => (await condition("finnhub"))?.reason === "CredentialsMissing");
    const stringData = { token: "not-to-be-seen-anywhere" };
    await kube.create("/api/v1/namespaces/markets/secrets", { metadata: { name: "finnhub" }, stringData });
    await until(async () => (await condition("finnhub", "PollingReady"))?.status === "True");
    await kube.patch(`${FEEDS}/finnhub`, { spec: { deletionPolicy: "Cancel" } });
    await kube.delete(`${FEEDS}/finnhub`);
    await gone(`${FEEDS}/finnhub`);
    const { items } = await kube.list("/apis/events.k8s.io/v1/namespaces/markets/events");
    expect(JSON.stringify(items)).not.toContain("not-to-be-seen");
    expect(operator.stderr).not.toContain("not-to-be-seen");
    const reasons = items.map((event) => (event as AnyObject & { readonly reason: string }).reason);
    for (const reason of ["Created", "Suspended", "CredentialsMissing", "DriftCorrected"])
      expect(reasons).toContain(reason);
  });

  it("tells its metrics, and where it is ready", async () => {
    const port = Number(/"metricsPort":(\d+)/.exec(operator.stderr)?.[1]);
    const answer = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    expect(await answer("/healthz")).toBe("ok\n");
    expect(await answer("/readyz")).toBe("ok\n");
    const metrics = await answer("/metrics");
    expect(metrics).toMatch(/^stockfeed_leader 1$/m);
    expect(metrics).toMatch(/^stockfeed_reconcile_duration_seconds_count\{result="ready"\} [1-9]/m);
    expect(metrics).toMatch(/^stockfeed_api_requests_total\{verb="apply",code="201"\} [1-9]/m);
    expect(metrics).toMatch(/^stockfeed_drift_corrections_total [1-9]/m);
  });

  it("writes nothing while nothing changes", async () => {
    const writes = async () => {
      const { metadata } = await feed("ten-stocks");
      return [metadata.resourceVersion, (await kube.get(STATEFUL_SET)).metadata.resourceVersion];
    };
    const reconciles = async () => {
      const port = Number(/"metricsPort":(\d+)/.exec(operator.stderr)?.[1]);
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Number(/^stockfeed_reconcile_duration_seconds_count\{result="ready"\} (\d+)/m.exec(text)?.[1]);
    };
    const [before, count] = [await writes(), await reconciles()];
    await until(async () => (await reconciles()) > count + 2);
    expect(await writes()).toEqual(before);
  });

  it("hands over to another when it is told to stop, at once", async () => {
    const other = startOperator();
    await other.complaint(/the operator starts/);
    operator.kill("SIGTERM");
    expect(await operator.ended).toEqual({ code: 0, signal: null });
    await other.complaint(/"message":"leads"/);
    operator = other;
    await kube.patch(CRON_JOB, { spec: { schedule: "0 0 1 1 *" } });
    await until(async () => {
      const { spec } = await kube.get<AnyObject & { readonly spec: { readonly schedule: string } }>(CRON_JOB);
      return spec.schedule === "* * * * *";
    });
  });

  it("takes everything of a deleted feed away, but what the project's feeds share", async () => {
    await kube.delete(`${FEEDS}/ten-stocks`);
    await until(async () => (await condition("ten-stocks").catch(() => undefined))?.reason === "Draining");
    await gone(CRON_JOB);
    await until(async () => {
      const pods = await kube.list("/api/v1/namespaces/markets/pods");
      for (const { metadata } of pods.items.filter((pod) => pod.metadata.deletionTimestamp !== undefined)) {
        await kube.delete(`/api/v1/namespaces/markets/pods/${metadata.name}`, { gracePeriodSeconds: 0 });
      }
      return kube.get(`${FEEDS}/ten-stocks`).then(
        () => false,
        () => true,
      );
    }, 60_000);
    await gone(STATEFUL_SET);
    expect(await pubsub("topics")).toEqual(["stockfeed-dead-letter"]);
    expect(await pubsub("subscriptions")).toEqual(["stockfeed-dead-letter"]);
  });

  it("lets a namespace go that is deleted with its feeds", async () => {
    await kube.create("/api/v1/namespaces", { metadata: { name: "short-lived" } });
    const feeds = "/apis/stockfeed.dev/v1alpha1/namespaces/short-lived/stockfeeds";
    for (const name of ["one", "two"]) await kube.create(feeds, manifest(name, {}, "short-lived"));
    await until(async () => (await pubsub("topics")).length === 3);
    await kube.delete("/api/v1/namespaces/short-lived");
    await until(async () => {
      const { items } = await kube.list("/api/v1/namespaces/short-lived/pods");
      for (const { metadata } of items) {
        await kube
          .delete(`/api/v1/namespaces/short-lived/pods/${metadata.name}`, { gracePeriodSeconds: 0 })
          .catch(() => undefined);
      }
      return kube.get("/api/v1/namespaces/short-lived").then(
        () => false,
        () => true,
      );
    }, 90_000);
    expect(await pubsub("topics")).toEqual(["stockfeed-dead-letter"]);
  });
});
