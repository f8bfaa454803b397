import { describe, expect, it } from "vitest";
import { FEED, feedObject, PROJECT, reconcileWorld } from "../../test/reconcile-world.ts";
import { ClusterError, MessagingError } from "../controller-ports.ts";

const names = (world: ReturnType<typeof reconcileWorld>) =>
  world.cluster
    .all()
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    .sort();

describe("a new feed", () => {
  it("gets its poller, its engine, its topic and its subscriptions, and is Ready once the engine runs", async () => {
    const world = reconcileWorld();
    world.cluster.put(feedObject());
    await world.reconcile();
    expect(names(world)).toEqual(["CronJob tech-poll", "StatefulSet tech-windows", "StockFeed tech"]);
    const { topics, subscriptions } = world.messaging.project(PROJECT);
    expect([...topics.keys()].sort()).toEqual(["stockfeed-dead-letter", "stockfeed-markets-tech-ltpc47aj-quotes"]);
    expect([...subscriptions.keys()].sort()).toEqual([
      "stockfeed-dead-letter",
      "stockfeed-markets-tech-ltpc47aj-archive",
      "stockfeed-markets-tech-ltpc47aj-windows",
    ]);
    expect(world.condition("Ready")).toMatchObject({ status: "False", reason: "Starting" });
    expect(world.condition("Reconciling")).toMatchObject({ status: "True" });

    world.runWorkloads();
    await world.reconcile();
    expect(world.condition("Ready")).toMatchObject({ status: "True", reason: "Ready", observedGeneration: 1 });
    for (const part of ["PollingReady", "MessagingReady", "PipelineReady", "SinkReady"]) {
      expect(world.condition(part)).toMatchObject({ status: "True", observedGeneration: 1 });
    }
    expect(world.status()).toMatchObject({
      observedGeneration: 1,
      symbols: 2,
      marketState: "Open",
      pipelines: ["1m", "5m", "15m"].map((window) => ({ window, engine: "Embedded", state: "Running" })),
    });
    expect(world.reasons()).toEqual(["Created", "Ready"]);
  });

  it("costs no write once it is as it should be", async () => {
    const world = reconcileWorld();
    world.cluster.put(feedObject());
    await world.settle();
    const writes = world.cluster.writes.length + world.messaging.writes.length;
    for (let i = 0; i < 5; i++) {
      world.time.now += 600_000;
      await world.reconcile();
    }
    expect(world.cluster.writes.length + world.messaging.writes.length).toBe(writes);
    expect(world.condition("Ready")?.lastTransitionTime).toBe("2026-01-05T15:00:00Z");
  });

  it("is looked at again within the interval for drift", async () => {
    const world = reconcileWorld({ driftIntervalMs: 100_000 });
    world.cluster.put(feedObject());
    await world.settle();
    const { afterMs } = await world.reconcile();
    expect(afterMs).toBeGreaterThanOrEqual(90_000);
    expect(afterMs).toBeLessThanOrEqual(110_000);
  });

  it("takes the operator's project and dataset where it names none, and leaves them as it goes", async () => {
    const defaults = {
      pubsub: { projectId: "operators" },
      sink: { bigQuery: { projectId: "operators", dataset: "all" } },
    };
    const world = reconcileWorld({ defaults });
    world.cluster.put(feedObject({ spec: { pubsub: undefined, sink: undefined, deletionPolicy: "Cancel" } }));
    await world.settle();
    const { topics, subscriptions } = world.messaging.project("operators");
    expect(topics.size).toBe(2);
    expect([...subscriptions.values()].map((each) => each.bigQueryTable)).toContain("operators.all.quotes");
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
    world.cluster.remove(FEED);
    await world.reconcile();
    expect([...topics.keys()]).toEqual(["stockfeed-dead-letter"]);
  });

  it("keeps to its own project and dataset whatever the operator's are", async () => {
    const defaults = {
      pubsub: { projectId: "operators" },
      sink: { bigQuery: { projectId: "operators", dataset: "all" } },
    };
    const world = reconcileWorld({ defaults });
    world.cluster.put(feedObject());
    await world.settle();
    expect(world.messaging.project("operators").topics.size).toBe(0);
    const archive = world.messaging.project(PROJECT).subscriptions.get("stockfeed-markets-tech-ltpc47aj-archive");
    expect(archive?.bigQueryTable).toBe(`${PROJECT}.markets.quotes`);
  });
});

describe("a spec that a cluster can't run", () => {
  it.each([
    [{ polling: { interval: "7s" } }, "InvalidSpec", /spec\.polling\.interval is "7s" but .* Write 6s or 10s\./],
    [{ sink: undefined }, "InvalidSpec", /spec\.sink is required on a cluster\. Add sink/],
    [{ pubsub: undefined }, "InvalidSpec", /spec\.pubsub is required on a cluster\..*--project/],
    [{ provider: { type: "Replay", file: "t.ndjson" } }, "InvalidSpec", /spec\.provider\.type is "Replay"/],
    [
      {
        engine: "Dataflow",
        dataflow: { projectIds: ["acme-jobs"], region: "europe-west2", tempLocation: "gs://acme/tmp" },
      },
      "NotSupported",
      /--worker-image, .*or write engine: Embedded/,
    ],
  ])("stalls, with the field and the mend: %j", async (spec, reason, message) => {
    const world = reconcileWorld();
    world.cluster.put(feedObject({ spec }));
    await world.reconcile();
    for (const type of ["Ready", "Stalled"]) expect(world.condition(type)).toMatchObject({ reason });
    expect(world.condition("Stalled")).toMatchObject({
      status: "True",
      message: expect.stringMatching(message) as string,
    });
    expect(names(world)).toEqual(["StockFeed tech"]);
    expect(world.messaging.writes).toEqual([]);
    expect(world.reasons()).toEqual([reason]);
  });

  it("leaves what ran before running", async () => {
    const world = reconcileWorld();
    world.cluster.put(feedObject());
    await world.settle();
    const before = world.cluster.all().filter(({ kind }) => kind !== "StockFeed");
    world.cluster.put({ ...world.cluster.get(FEED)!, spec: { ...(feedObject().spec as object), symbols: [] } });
    await world.settle();
    expect(world.cluster.all().filter(({ kind }) => kind !== "StockFeed")).toEqual(before);
    expect(world.condition("Stalled")).toMatchObject({ status: "True", reason: "InvalidSpec", observedGeneration: 2 });
    // What was said of the spec before, and of that alone.
    expect(world.condition("PipelineReady")).toMatchObject({ status: "True", observedGeneration: 1 });
  });
});

describe("a project that the operator doesn't allow", () => {
  it("stalls the feed, and takes its workloads away but not its topic", async () => {
    const world = reconcileWorld({ allowedProjects: [PROJECT] });
    world.cluster.put(feedObject());
    await world.settle();
    const sink = { bigQuery: { projectId: "others-data", dataset: "markets" } };
    world.cluster.put({ ...world.cluster.get(FEED)!, spec: feedObject({ spec: { sink } }).spec });
    await world.settle();
    expect(world.condition("Stalled")).toMatchObject({ status: "True", reason: "ProjectNotAllowed" });
    expect(world.condition("Stalled")?.message).toMatch(
      /spec\.sink\.bigQuery\.projectId is "others-data".*Write one of acme-feeds/,
    );
    expect(names(world)).toEqual(["StockFeed tech"]);
    expect(world.messaging.project(PROJECT).topics.size).toBe(2);
  });
});

describe("the Secret", () => {
  const provider = { type: "Finnhub", credentialsSecretRef: { name: "finnhub" } };
  const secret = (data: object) => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "finnhub", namespace: "markets" },
    data,
  });
  const suspended = (world: ReturnType<typeof reconcileWorld>) =>
    (world.cluster.get({ kind: "CronJob", namespace: "markets", name: "tech-poll" })?.spec as { suspend: boolean })
      .suspend;

  it("that is missing suspends the poller, and its coming resumes it", async () => {
    const world = reconcileWorld();
    world.cluster.put(feedObject({ spec: { provider } }));
    await world.settle();
    expect(world.condition("Ready")).toMatchObject({ status: "False", reason: "CredentialsMissing" });
    expect(world.condition("PollingReady")?.message).toMatch(
      /Secret markets\/finnhub is missing.*kubectl -n markets create/,
    );
    expect(world.condition("PipelineReady")).toMatchObject({ status: "True" });
    expect(suspended(world)).toBe(true);

    world.cluster.put(secret({ other: "" }));
    await world.settle();
    expect(world.condition("PollingReady")?.message).toMatch(/Secret markets\/finnhub lacks token/);

    world.cluster.put(secret({ token: "" }));
    await world.settle();
    expect(suspended(world)).toBe(false);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
    expect(world.reasons().filter((reason) => reason === "CredentialsMissing")).toHaveLength(1);
  });

  it("that several feeds share lets in the oldest, up to the provider's limit, and the next once one goes", async () => {
    const world = reconcileWorld();
    world.cluster.put(secret({ token: "" }));
    const spec = { provider, symbols: ["A", "B", "C", "D", "E"], polling: { interval: "10s" } }; // 30 calls a minute
    for (const name of ["one", "two", "three"]) world.cluster.put(feedObject({ metadata: { name }, spec }));
    const settleAll = async () => {
      for (const name of ["three", "one", "two"]) await world.settle(name);
    };
    await settleAll();
    expect(["one", "two", "three"].map((name) => world.condition("Ready", name)?.reason)).toEqual([
      "Ready",
      "Ready",
      "ProviderQuotaExceeded",
    ]);
    expect(world.condition("Stalled", "three")?.message).toBe(
      "Finnhub allows 60 calls a minute, and this feed needs 30 beside the 60 of markets/one, markets/two, older on " +
        "Secret markets/finnhub. Poll less often, take fewer symbols, or give it an account and Secret of its own.",
    );
    world.cluster.remove({ ...FEED, name: "one" });
    await settleAll();
    expect(world.condition("Ready", "three")).toMatchObject({ status: "True" });
  });
});

describe("somebody else's objects", () => {
  const topic = "stockfeed-markets-tech-ltpc47aj-quotes";

  it.each([
    [{ "stockfeed-cluster": "c2", "stockfeed-namespace": "markets", "stockfeed-name": "tech" }, /cluster c2/],
    [{ team: "theirs" }, /no labels that say whose/],
  ])("of the topic's name stall the feed until it is told to adopt them: %j", async (labels, message) => {
    const world = reconcileWorld();
    world.messaging.project(PROJECT).topics.set(topic, { name: topic, labels });
    world.cluster.put(feedObject());
    await world.settle();
    expect(world.condition("Stalled")).toMatchObject({ status: "True", reason: "NameConflict" });
    expect(world.condition("MessagingReady")?.message).toMatch(message);
    expect(world.messaging.writes).toEqual([]);
    expect(world.condition("PipelineReady")).toMatchObject({ status: "False" });

    const feed = world.cluster.get(FEED)!;
    world.cluster.put({ ...feed, metadata: { ...feed.metadata, annotations: { "stockfeed.dev/adopt": "true" } } });
    await world.settle();
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
    expect(world.messaging.project(PROJECT).topics.get(topic)?.labels).toMatchObject({ "stockfeed-cluster": "c1" });
  });

  it("of the poller's name are not overwritten", async () => {
    const world = reconcileWorld();
    const theirs = {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "tech-poll", namespace: "markets" },
      spec: { schedule: "0 0 * * *" },
    };
    const before = world.cluster.put(theirs);
    world.cluster.put(feedObject());
    await world.settle();
    expect(world.condition("PollingReady")).toMatchObject({ status: "False", reason: "NameConflict" });
    expect(world.condition("PipelineReady")).toMatchObject({ status: "True" });
    expect(world.cluster.get({ kind: "CronJob", namespace: "markets", name: "tech-poll" })).toEqual(before);
    await world.settle();
    world.cluster.remove(FEED);
    await world.reconcile();
    world.time.now += 3_600_000;
    await world.reconcile();
    expect(names(world)).toEqual(["CronJob tech-poll"]);
  });
});

describe("what was changed or deleted by hand", () => {
  it("is put right, counted and said", async () => {
    const world = reconcileWorld();
    world.cluster.put(feedObject());
    await world.settle();
    const specs = () => new Map(world.cluster.all().map(({ kind, spec }) => [kind, spec]));
    const wanted = specs();
    const project = world.messaging.project(PROJECT);
    const wantedCloud = structuredClone(project);
    const cronJob = world.cluster.get({ kind: "CronJob", namespace: "markets", name: "tech-poll" })!;
    world.cluster.put({ ...cronJob, spec: { ...(cronJob.spec as object), schedule: "0 0 * * *" } });
    world.cluster.remove({ kind: "StatefulSet", namespace: "markets", name: "tech-windows" });
    for (const name of [...project.topics.keys()]) await world.messaging.deleteTopic(PROJECT, name);
    await world.settle();
    expect(specs()).toEqual(wanted);
    expect(project).toEqual(wantedCloud);
    expect(world.counts.drift).toBe(7); // CronJob, StatefulSet, two topics and three subscriptions
    expect(world.reasons().filter((reason) => reason === "DriftCorrected")).toHaveLength(1);
  });

  it("keeps the labels that others added in the cloud", async () => {
    const world = reconcileWorld();
    world.cluster.put(feedObject());
    await world.settle();
    const { subscriptions } = world.messaging.project(PROJECT);
    const name = "stockfeed-markets-tech-ltpc47aj-windows";
    const wanted = subscriptions.get(name)!;
    subscriptions.set(name, { ...wanted, retainAckedMessages: false, labels: { ...wanted.labels, team: "markets" } });
    await world.settle();
    expect(subscriptions.get(name)).toEqual({ ...wanted, labels: { ...wanted.labels, team: "markets" } });
  });
});

describe("what the spec no longer wants", () => {
  it("goes: a poller of the other kind, the archive's subscription, objects of old names", async () => {
    const world = reconcileWorld({ driftIntervalMs: 0 });
    world.cluster.put(feedObject());
    await world.settle();
    const project = world.messaging.project(PROJECT);
    const windows = project.subscriptions.get("stockfeed-markets-tech-ltpc47aj-windows")!;
    project.subscriptions.set("of-an-older-version", { ...windows, name: "of-an-older-version" });
    const spec = { archive: false, polling: { workload: "Deployment" } };
    world.cluster.put({ ...world.cluster.get(FEED)!, spec: feedObject({ spec }).spec });
    await world.settle();
    expect(names(world)).toEqual(["Deployment tech-poll", "StatefulSet tech-windows", "StockFeed tech"]);
    expect([...project.subscriptions.keys()].sort()).toEqual(["stockfeed-dead-letter", windows.name]);
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });
});

describe("a suspended feed", () => {
  it("runs nothing, keeps its topic, and goes on when it is resumed", async () => {
    const world = reconcileWorld();
    world.cluster.put(feedObject({ spec: { suspend: true } }));
    await world.settle();
    expect(world.condition("Ready")).toMatchObject({ status: "True", reason: "Suspended" });
    expect(world.condition("PollingReady")).toMatchObject({ status: "False", reason: "Suspended" });
    expect(world.condition("PipelineReady")).toMatchObject({ status: "False", reason: "Suspended" });
    expect(world.messaging.project(PROJECT).topics.size).toBe(2);
    const replicas = () =>
      (
        world.cluster.get({ kind: "StatefulSet", namespace: "markets", name: "tech-windows" })?.spec as {
          replicas: number;
        }
      ).replicas;
    expect(replicas()).toBe(0);
    world.cluster.put({ ...world.cluster.get(FEED)!, spec: feedObject().spec });
    await world.settle();
    expect(replicas()).toBe(1);
    expect(world.condition("Ready")).toMatchObject({ status: "True", reason: "Ready" });
    expect(world.reasons()).toEqual(["Created", "Suspended", "Updated", "Resumed", "Ready"]);
  });

  it("is suspended while Pub/Sub does not answer too", async () => {
    const world = reconcileWorld();
    world.cluster.put(feedObject());
    await world.settle();
    world.messaging.fault = () => {
      throw new MessagingError("Unavailable", "Pub/Sub is away.");
    };
    world.cluster.put({ ...world.cluster.get(FEED)!, spec: feedObject({ spec: { suspend: true } }).spec });
    await world.settle();
    expect(world.cluster.get({ kind: "CronJob", namespace: "markets", name: "tech-poll" })?.spec).toMatchObject({
      suspend: true,
    });
  });
});

describe("an API that fails for a while", () => {
  it("changes no status of a feed that runs, and is asked again", async () => {
    const world = reconcileWorld();
    world.cluster.put(feedObject());
    await world.settle();
    const before = world.status();
    world.messaging.fault = () => {
      throw new MessagingError("Unavailable", "Pub/Sub is away.");
    };
    const again = await world.reconcile();
    expect(again.fault?.message).toBe("Pub/Sub is away.");
    expect(world.status()).toEqual(before);
  });

  it("lets no part claim a spec that it has not seen, and is written once", async () => {
    const world = reconcileWorld();
    world.cluster.put(feedObject());
    await world.settle();
    world.messaging.fault = () => {
      throw new MessagingError("Unavailable", "Pub/Sub is away.");
    };
    world.cluster.put({ ...world.cluster.get(FEED)!, spec: feedObject({ spec: { archive: false } }).spec });
    await world.settle();
    expect(world.status().observedGeneration).toBe(2);
    expect(world.condition("Ready")).toMatchObject({ status: "False", observedGeneration: 2 });
    expect(world.condition("MessagingReady")).toMatchObject({ status: "True", observedGeneration: 1 });
    expect(world.condition("SinkReady")).toMatchObject({ status: "True", observedGeneration: 2 });
    const { writes } = world;
    for (let i = 0; i < 3; i++) await world.reconcile();
    expect(world.writes).toBe(writes);

    world.messaging.fault = undefined;
    await world.settle();
    for (const type of ["Ready", "MessagingReady"]) {
      expect(world.condition(type)).toMatchObject({ status: "True", observedGeneration: 2 });
    }
  });

  it("is said of a feed that is new", async () => {
    const world = reconcileWorld();
    world.messaging.fault = () => {
      throw new MessagingError("Unavailable", "Pub/Sub is away.");
    };
    world.cluster.put(feedObject());
    await world.reconcile();
    expect(world.condition("MessagingReady")).toMatchObject({ status: "False", message: "Pub/Sub is away." });
    expect(names(world)).toEqual(["StockFeed tech"]);
  });

  it("keeps the time that the API server asked for", async () => {
    const world = reconcileWorld();
    world.cluster.put(feedObject());
    world.cluster.fault = () => {
      throw new ClusterError("Throttled", "too many requests", { retryAfterMs: 7_000 });
    };
    expect(await world.reconcile()).toMatchObject({ afterMs: 7_000, fault: expect.any(ClusterError) as Error });
  });
});

describe("a sink that takes no rows", () => {
  it("is said with the statement that mends it, while the feed polls on", async () => {
    const world = reconcileWorld();
    world.sinkProblems.push({
      kind: "TableMissing",
      message: "acme.markets.windows is missing.",
      mend: "CREATE TABLE …",
    });
    world.cluster.put(feedObject());
    await world.settle();
    expect(world.condition("SinkReady")).toMatchObject({
      status: "False",
      reason: "SinkUnavailable",
      message: "acme.markets.windows is missing. Run: CREATE TABLE …",
    });
    expect(world.condition("Ready")).toMatchObject({ status: "False", reason: "SinkUnavailable" });
    expect(world.condition("PollingReady")).toMatchObject({ status: "True" });
    expect((await world.reconcile()).afterMs).toBe(60_000);
    expect(world.reasons().filter((reason) => reason === "SinkUnavailable")).toHaveLength(1);
    world.sinkProblems.length = 0;
    await world.settle();
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
  });
});
