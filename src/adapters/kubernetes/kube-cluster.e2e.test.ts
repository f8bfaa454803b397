import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type ControlPlane,
  controlPlaneMissing,
  startControlPlane,
} from "../../../test/control-plane/control-plane.ts";
import { installCrd } from "../../../test/install-crd.ts";
import { KubeClient } from "../../../test/kube-client.ts";
import { feedWorkloads } from "../../../cdk8s/feed-workloads.ts";
import type { KubeObject, ObjectRef } from "../../api/kube-object.ts";
import { stockFeedSchema } from "../../api/stockfeed.ts";
import type { WatchedKind } from "../../controller-ports.ts";
import { systemClock } from "../system/system-clock.ts";
import { createApiClient, type ApiClient } from "./api-client.ts";
import { KubeCluster, namespaceUid, type ClusterEvent } from "./kube-cluster.ts";

/** What these tests read of objects as the server has them. */
interface Live {
  readonly metadata: KubeObject["metadata"];
  readonly spec: {
    readonly schedule: string;
    readonly startingDeadlineSeconds?: number;
    readonly jobTemplate: {
      readonly spec: { readonly template: { readonly spec: { readonly containers: object[] } } };
    };
  };
  readonly status: { readonly marketState?: string; readonly conditions?: object[] };
  readonly regarding: { readonly name: string };
  readonly note: string;
}

const missing = await controlPlaneMissing();

describe.skipIf(missing !== undefined && process.env.CI === undefined)("the Cluster port", () => {
  let plane: ControlPlane;
  let admin: KubeClient;
  let client: ApiClient;
  let cluster: KubeCluster;
  let running: Promise<void>;
  const stop = new AbortController();
  const requests: string[] = [];
  const events: ClusterEvent[] = [];
  const problems: Error[] = [];

  beforeAll(async () => {
    plane = await startControlPlane();
    await installCrd(plane.kubeconfig);
    admin = new KubeClient(plane.kubeconfig);
    client = createApiClient({
      config: () => {
        const config = new KubeConfig();
        config.loadFromFile(plane.kubeconfig);
        return config;
      },
      userAgent: "stockfeed-test",
      onRequest: (verb, code) => {
        requests.push(`${verb} ${code}`);
      },
    });
    cluster = new KubeCluster({
      client,
      clock: systemClock(),
      random: Math.random,
      instance: "test",
      onProblem: (error) => {
        problems.push(error);
      },
    });
    cluster.subscribe((event) => {
      events.push(event);
    });
    running = cluster.run(stop.signal);
    await vi.waitUntil(() => cluster.synced(), { timeout: 10_000 });
  });
  afterAll(async () => {
    stop.abort();
    await running;
    client.close();
    await plane.stop();
  });
  beforeEach(() => {
    events.length = 0;
    requests.length = 0;
  });

  const FEEDS = "/apis/stockfeed.dev/v1alpha1/namespaces/default/stockfeeds";
  const makeFeed = async (name: string) => {
    const feed = await admin.create(FEEDS, {
      apiVersion: "stockfeed.dev/v1alpha1",
      kind: "StockFeed",
      metadata: { name },
      spec: { symbols: ["AAPL"], provider: { type: "Simulated" } },
    });
    await expect.poll(() => cluster.get({ kind: "StockFeed", namespace: "default", name })).toBeDefined();
    return { ...feed, apiVersion: "stockfeed.dev/v1alpha1", kind: "StockFeed" } as KubeObject;
  };
  /** A child as the constructs make them, with what a server writes in another form or sets by default. */
  const cronJob = (
    feed: KubeObject,
    schedule = "* * * * *",
    env: object[] = [{ name: "A", value: "1" }],
  ): KubeObject => ({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: {
      name: `${feed.metadata.name}-poll`,
      namespace: "default",
      labels: { "app.kubernetes.io/managed-by": "stockfeed", "stockfeed.dev/feed": feed.metadata.name },
      ownerReferences: [
        {
          apiVersion: feed.apiVersion,
          kind: feed.kind,
          name: feed.metadata.name,
          uid: feed.metadata.uid!,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      schedule,
      suspend: true,
      jobTemplate: {
        spec: {
          template: {
            spec: {
              restartPolicy: "Never",
              nodeSelector: {},
              tolerations: [{ key: "a", operator: "Exists" }],
              containers: [
                {
                  name: "poller",
                  image: "stockfeed:1",
                  args: ["poll"],
                  env,
                  ports: [{ containerPort: 9090, name: "metrics" }],
                  resources: { limits: { cpu: "1000m", memory: "1024Mi" } },
                },
              ],
            },
          },
        },
      },
    },
  });
  const seen = (ref: ObjectRef & { kind: WatchedKind }, version: string | undefined) =>
    expect.poll(() => cluster.get(ref)?.metadata.resourceVersion).toBe(version);
  const jobPath = (name: string) => `/apis/batch/v1/namespaces/default/cronjobs/${name}`;

  it("creates, then sends nothing more, without waiting for the watch", async () => {
    const feed = await makeFeed("quiet");
    requests.length = 0;
    expect(await cluster.apply(cronJob(feed))).toBe("created");
    expect(cluster.get({ kind: "CronJob", namespace: "default", name: "quiet-poll" })).toBeDefined();
    for (let i = 0; i < 5; i++) expect(await cluster.apply(cronJob(feed))).toBe("unchanged");
    expect(requests.filter((line) => !line.startsWith("watch"))).toEqual(["apply 201"]);
  });

  it("updates when something else is wanted, removes what is not, and leaves alone what others own", async () => {
    const feed = await makeFeed("update");
    await cluster.apply(
      cronJob(feed, "* * * * *", [
        { name: "A", value: "1" },
        { name: "B", value: "2" },
      ]),
    );
    await admin.patch(jobPath("update-poll"), {
      metadata: { labels: { theirs: "x" } },
      spec: { startingDeadlineSeconds: 77 },
    });
    expect(await cluster.apply(cronJob(feed, "0 * * * *", [{ name: "B", value: "3" }]))).toBe("updated");
    const live = await admin.get<Live>(jobPath("update-poll"));
    expect(live.spec.schedule).toBe("0 * * * *");
    expect(live.spec.jobTemplate.spec.template.spec.containers[0]).toMatchObject({
      env: [{ name: "B", value: "3" }],
    });
    expect(live.spec.startingDeadlineSeconds).toBe(77);
    expect(live.metadata.labels?.theirs).toBe("x");
  });

  const edits: [string, object][] = [
    ["a scalar", { spec: { schedule: "5 5 * * *" } }],
    ["suspend", { spec: { suspend: false } }],
    ["our label", { metadata: { labels: { "stockfeed.dev/feed": "other" } } }],
    ["an owner reference", { metadata: { ownerReferences: null } }],
    ["the hash", { metadata: { annotations: { "stockfeed.dev/applied-hash": "x" } } }],
    ["the managed fields", { metadata: { managedFields: [{}] } }],
    ["the template", { spec: { jobTemplate: { spec: { template: { spec: { tolerations: [] } } } } } }],
  ];
  it.each(edits)("mends a hand's edit of %s", async (what, patch) => {
    const name = `edit-${what.replaceAll(" ", "-")}`;
    const feed = await makeFeed(name);
    const wanted = cronJob(feed);
    await cluster.apply(wanted);
    const before = await admin.get<Live>(jobPath(`${name}-poll`));
    await admin.patch(jobPath(`${name}-poll`), patch);
    await vi.waitFor(async () => {
      expect(await cluster.apply(wanted)).toBe("corrected");
    });
    const after = await admin.get<Live>(jobPath(`${name}-poll`));
    expect(after.spec).toEqual(before.spec);
    expect(after.metadata.labels).toEqual(before.metadata.labels);
    expect(after.metadata.ownerReferences).toEqual(before.metadata.ownerReferences);
    expect(await cluster.apply(wanted)).toBe("unchanged");
  });

  it("mends edits of a container by strategic patch, and the removal of an env", async () => {
    const feed = await makeFeed("env");
    const wanted = cronJob(feed);
    await cluster.apply(wanted);
    const template = (container: object) => ({
      spec: { jobTemplate: { spec: { template: { spec: { containers: [{ name: "poller", ...container }] } } } } },
    });
    for (const change of [
      { image: "evil:1" },
      { env: [{ name: "A", $patch: "delete" }] },
      { resources: { limits: { cpu: "2" } } },
      { args: ["x"] },
      { ports: [{ containerPort: 9090, name: "other" }] },
    ]) {
      await admin.patch(jobPath("env-poll"), template(change), "strategic");
      await vi.waitFor(async () => {
        expect(await cluster.apply(wanted)).toBe("corrected");
      });
    }
    expect(await cluster.apply(wanted)).toBe("unchanged");
    const theirs = template({ env: [{ name: "THEIRS", value: "1" }] });
    const { metadata } = await admin.patch(jobPath("env-poll"), theirs, "strategic");
    await seen({ kind: "CronJob", namespace: "default", name: "env-poll" }, metadata.resourceVersion);
    expect(await cluster.apply(wanted)).toBe("unchanged");
  });

  it.each(["CronJob", "Deployment"] as const)(
    "finds the real workloads unchanged once applied, %s",
    async (workload) => {
      const object = await makeFeed(`real-${workload.toLowerCase()}`);
      const parsed = stockFeedSchema.parse({
        apiVersion: object.apiVersion,
        kind: object.kind,
        metadata: { name: object.metadata.name, namespace: "default" },
        spec: { ...(object.spec as object), polling: { workload } },
      });
      const owner = { ...cronJob(object).metadata.ownerReferences![0]! };
      const wanted = feedWorkloads(parsed, { image: "stockfeed:1", env: { A: "1" }, owner });
      expect(wanted.map(({ kind }) => kind).toSorted()).toEqual([workload, "StatefulSet"].toSorted());
      for (const each of wanted) expect(await cluster.apply(each)).toBe("created");
      // The controllers of the cluster have written to them by then.
      const engine = wanted.find(({ kind }) => kind === "StatefulSet")!;
      const ref = { kind: "StatefulSet", namespace: "default", name: engine.metadata.name } as const;
      await expect.poll(() => cluster.get(ref)?.status).toMatchObject({ observedGeneration: 1 });
      requests.length = 0;
      for (const each of wanted) expect(await cluster.apply(each)).toBe("unchanged");
      expect(requests.filter((line) => !line.startsWith("watch"))).toEqual([]);
      await admin.patch(`/apis/apps/v1/namespaces/default/statefulsets/${ref.name}`, { spec: { replicas: 3 } });
      await vi.waitFor(async () => {
        expect(await cluster.apply(engine)).toBe("corrected");
      });
    },
  );

  it("makes again what was deleted by hand", async () => {
    const feed = await makeFeed("again");
    await cluster.apply(cronJob(feed));
    await admin.delete(jobPath("again-poll"));
    await vi.waitFor(async () => {
      expect(await cluster.apply(cronJob(feed))).toBe("created");
    });
  });

  it("does not overwrite somebody else's object of the name, shows it, and takes it over when told twice", async () => {
    const feed = await makeFeed("foreign");
    const ref = { kind: "CronJob", namespace: "default", name: "foreign-poll" } as const;
    const theirs = cronJob(feed, "1 1 1 1 1");
    await admin.create("/apis/batch/v1/namespaces/default/cronjobs", { ...theirs, metadata: { name: ref.name } });
    await expect(cluster.apply(cronJob(feed))).rejects.toMatchObject({ kind: "Conflict" });
    expect(cluster.get(ref)?.metadata.ownerReferences).toBeUndefined();
    expect((await admin.get<Live>(jobPath(ref.name))).spec.schedule).toBe("1 1 1 1 1");
    expect(await cluster.apply(cronJob(feed))).toBe("updated");
    expect(await cluster.apply(cronJob(feed))).toBe("unchanged");
    expect((await admin.get<Live>(jobPath(ref.name))).spec.schedule).toBe("* * * * *");
  });

  it("writes the status whole, and wakes nobody by it", async () => {
    const feed = await makeFeed("status");
    const ref = { kind: "StockFeed", namespace: "default", name: "status" } as const;
    const condition = {
      type: "Ready",
      status: "True",
      reason: "R",
      message: "m",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    };
    events.length = 0;
    await cluster.applyStatus(ref, { observedGeneration: 1, conditions: [condition], marketState: "Open" });
    expect(cluster.get(ref)?.status).toMatchObject({ marketState: "Open" });
    await cluster.applyStatus(ref, { observedGeneration: 1, conditions: [] });
    const live = await admin.get<Live>(`${FEEDS}/status`);
    expect(live.status.marketState).toBeUndefined();
    expect(live.status.conditions ?? []).toEqual([]);
    await admin.patch(`${FEEDS}/status`, { metadata: { labels: { now: "heard" } } });
    await expect.poll(() => events.filter((event) => event.feed === "default/status").length).toBe(1);
    expect(feed.metadata.uid).toBe(events[0]!.change.object.metadata.uid);
    await cluster.applyStatus({ ...ref, name: "gone" }, { observedGeneration: 1 });
  });

  it("adds and removes the finalizer beside others', and overwrites nothing that the cache does not have yet", async () => {
    const feed = await makeFeed("final");
    const ref = { kind: "StockFeed", namespace: "default", name: "final" } as const;
    const finalizers = async () => (await admin.get<Live>(`${FEEDS}/final`)).metadata.finalizers;
    await admin.patch(`${FEEDS}/final`, { metadata: { finalizers: ["example.com/theirs"] } });
    // Until the cache has their write, ours is refused, and overwrites nothing.
    await vi.waitFor(() => cluster.setFinalizer(feed, true));
    expect((await finalizers())?.toSorted()).toEqual(["example.com/theirs", "stockfeed.dev/cloud-objects"]);
    await admin.delete(`${FEEDS}/final`);
    await vi.waitFor(() => cluster.setFinalizer(feed, false));
    expect(await finalizers()).toEqual(["example.com/theirs"]);
    await admin.patch(`${FEEDS}/final`, { metadata: { finalizers: [] } });
    await cluster.setFinalizer(feed, false);
    await cluster.setFinalizer(feed, true);
    await expect.poll(() => cluster.get(ref)).toBeUndefined();
  });

  it("deletes the very object of a UID, and takes what is gone for done", async () => {
    const feed = await makeFeed("delete");
    await cluster.apply(cronJob(feed));
    const ref = { kind: "CronJob", namespace: "default", name: "delete-poll" } as const;
    await cluster.delete({ ...ref, uid: "00000000-0000-0000-0000-000000000000" });
    expect((await admin.get(jobPath(ref.name))).metadata.name).toBe(ref.name);
    await cluster.delete({ ...ref, uid: cluster.get(ref)!.metadata.uid! });
    expect(cluster.get(ref)).toBeUndefined();
    await cluster.delete(ref);
    await expect(admin.get(jobPath(ref.name))).rejects.toMatchObject({ code: 404 });
  });

  it("keeps the names of a Secret's keys, and no value", async () => {
    await admin.create("/api/v1/namespaces/default/secrets", { metadata: { name: "keys" }, stringData: { K: "hush" } });
    const ref = { kind: "Secret", namespace: "default", name: "keys" } as const;
    await expect.poll(() => cluster.get(ref)?.data).toEqual({ K: "" });
    expect(JSON.stringify(events)).not.toContain(Buffer.from("hush").toString("base64"));
  });

  it("records an event once, and counts it up", async () => {
    const feed = await makeFeed("event");
    for (let i = 0; i < 3; i++)
      cluster.recordEvent(feed, { type: "Warning", reason: "Trouble", note: "x".repeat(2_000) });
    await cluster.drainEvents();
    const { items } = await admin.list<Live>("/apis/events.k8s.io/v1/namespaces/default/events");
    const ours = items.filter((item) => item.regarding.name === "event");
    expect(ours).toHaveLength(1);
    expect(ours[0]).toMatchObject({
      reason: "Trouble",
      type: "Warning",
      reportingController: "stockfeed.dev/operator",
    });
    expect(Buffer.byteLength(ours[0]!.note)).toBeLessThanOrEqual(1_024);
  });

  it("finds a feed's children by its label", async () => {
    const feed = await makeFeed("list");
    await cluster.apply(cronJob(feed));
    const labels = { "stockfeed.dev/feed": "list" };
    expect(cluster.list("CronJob", { namespace: "default", labels }).map((it) => it.metadata.name)).toEqual([
      "list-poll",
    ]);
    expect(cluster.list("CronJob", { labels })).toHaveLength(1);
    expect(cluster.list("CronJob", { namespace: "other", labels })).toHaveLength(0);
  });

  it("gives the cluster's own UID, and had no problem on its way", async () => {
    expect(await namespaceUid(client)).toBe((await admin.get("/api/v1/namespaces/kube-system")).metadata.uid);
    expect(problems).toEqual([]);
  });
});
