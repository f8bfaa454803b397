import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROJECT_NAMES } from "../../src/plan/names.ts";
import { controlPlaneMissing } from "../control-plane/control-plane.ts";
import { withoutPart } from "../missing-part.ts";
import { until } from "../operator-world.ts";
import { walkSeed } from "../walk-seed.ts";
import { DataflowWorld } from "./dataflow-world.ts";
import { endStateOf } from "./end-state.ts";
import { FaultWorld, type Made, pathOfFeed, pathOfWorkload, SHARED, wantedOf } from "./operator-world.ts";
import { aWalk, launches, REFUSED, SPECS, type Walk } from "./spec-walks.ts";

const SEED = walkSeed("Walks of specs and of hands");
/** So many walks, one after the other, of so many feeds side by side. */
const [FEEDS, WALKS] = [8, 3];
const PATIENCE_MS = 60_000;
const feedNames = Array.from({ length: FEEDS }, (_, index) => `walk-${index}`);

const aMeddling = fc.record({ how: fc.constantFrom("delete", "edit", "unlabel"), which: fc.nat(99) });
type Meddling = typeof aMeddling extends fc.Arbitrary<infer T> ? T : never;

/** An object of Pub/Sub, as the fake holds it. */
interface CloudObject {
  readonly name: string;
  readonly topic?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

describe.skipIf(withoutPart(await controlPlaneMissing()))("what a feed has in the end", { retry: 0 }, () => {
  let world: FaultWorld;
  let jobs: DataflowWorld;
  beforeAll(async () => {
    jobs = await DataflowWorld.start();
    world = jobs.faults;
    const allowed = ["hands", "foreign", world.bigQuery.project, ...feedNames];
    await world.startOperator(["--leader-elect", "false", "--allowed-projects", allowed.join(",")]);
  });
  afterAll(() => jobs.stop());

  const untilSame = async (wanted: unknown, look: () => Promise<unknown>) => {
    const text = JSON.stringify(wanted);
    await until(async () => JSON.stringify(await look()) === text, PATIENCE_MS).catch(() => undefined);
    expect(await look()).toEqual(wanted);
  };

  /** Somebody deletes or edits one of the objects that were made, or takes labels, or the feed's finalizer or status, off. */
  const meddle = async (namespace: string, { how, which }: Meddling) => {
    const cloud = [world.pubsub.topics, world.pubsub.subscriptions].flatMap((held) =>
      [...held.values()]
        .filter(({ name }) => name.startsWith(`projects/${namespace}/`))
        .map((object) => () => {
          if (how === "delete") deleteCloud(held, object.name);
          else if (how === "edit") held.set(object.name, { ...object, ...EDITED_CLOUD });
          // One label is left, by which it is known.
          else held.set(object.name, { ...object, ...firstLabel(object) });
        }),
    );
    const workloads = (await world.workloads(namespace)).map((object) => async () => {
      const path = pathOfWorkload(object);
      if (how === "delete") await world.kube.delete(path, { propagationPolicy: "Background" });
      else if (how === "unlabel") await world.kube.patch(path, { metadata: { labels: null, annotations: null } });
      else await world.kube.patch(path, { spec: object.kind === "CronJob" ? EDITED_CRON_JOB : { replicas: 0 } });
    });
    const feed = pathOfFeed(namespace, "one");
    const ofFeed = [
      () => world.kube.patch(feed, { metadata: { finalizers: null } }),
      () => world.kube.patch(`${feed}/status`, { status: { conditions: [], marketState: "Closed" } }),
    ];
    const all: (() => unknown)[] = [...cloud, ...workloads, ...ofFeed];
    await all[which % all.length]?.();
  };
  const deleteCloud = (held: Map<string, CloudObject>, name: string) => {
    held.delete(name);
    const subscriptions = world.pubsub.subscriptions as Map<string, CloudObject>;
    for (const subscription of subscriptions.values()) {
      if (subscription.topic !== name) continue;
      subscriptions.set(subscription.name, { ...subscription, topic: "_deleted-topic_" });
    }
  };

  it("is what was made, whatever of it is edited or deleted by hand, in any order", async () => {
    await world.namespace("hands");
    await world.apply("hands", "one");
    await world.untilReady("hands", "one");
    const look = async () => {
      await world.playKubelet("hands");
      const { metadata, status } = (await world.feed("hands", "one")) ?? {};
      const conditions = status?.conditions?.map(({ type, status, reason }) => [type, status, reason]);
      const feed = { finalizers: metadata?.finalizers, marketState: status?.marketState, conditions };
      return { feed, made: await endStateOf(world, "hands") };
    };
    const made = await look();
    for (const meddlings of fc.sample(fc.array(aMeddling, { minLength: 6, maxLength: 12 }), {
      seed: SEED,
      numRuns: 4,
    })) {
      for (const meddling of meddlings) await meddle("hands", meddling);
      await untilSame(made, look);
    }
    await world.delete("hands", "one");
    await world.untilGone("hands", "one");
    expect(await world.made("hands")).toEqual(SHARED);
  });

  it("is not what others have under its names: that is told, and left alone until it is to be adopted", async () => {
    await world.namespace("foreign");
    const template = { spec: { restartPolicy: "Never", containers: [{ name: "theirs", image: "theirs" }] } };
    const theirs = await world.kube.create("/apis/batch/v1/namespaces/foreign/cronjobs", {
      metadata: { name: "cron-poll" },
      spec: { schedule: "0 0 1 1 *", suspend: true, jobTemplate: { spec: { template } } },
    });
    const cloudName = (feed: string, part: string) => {
      const { topics, subscriptions } = wantedOf(world.manifest("foreign", feed));
      return [...topics, ...subscriptions].find((name) => name.endsWith(part)) ?? "";
    };
    const labels = { "stockfeed-cluster": "another", "stockfeed-namespace": "foreign", "stockfeed-name": "topic" };
    const topic = { name: `projects/foreign/topics/${cloudName("topic", "-quotes")}`, labels };
    const subscription = {
      name: `projects/foreign/subscriptions/${cloudName("sub", "-windows")}`,
      topic: "projects/foreign/topics/their-own",
      labels: {},
    };
    world.pubsub.topics.set(topic.name, topic);
    world.pubsub.subscriptions.set(subscription.name, subscription);

    const feeds = ["cron", "topic", "sub"];
    for (const name of feeds) await world.apply("foreign", name);
    for (const name of feeds) {
      await until(async () => (await world.condition("foreign", name))?.reason === "NameConflict");
    }
    expect(world.pubsub.topics.get(topic.name)).toEqual(topic);
    expect(world.pubsub.subscriptions.get(subscription.name)).toEqual(subscription);
    const path = pathOfWorkload({ kind: "CronJob", metadata: { name: "cron-poll", namespace: "foreign" } });
    expect((await world.kube.get(path)).metadata.resourceVersion).toBe(theirs.metadata.resourceVersion);

    for (const name of feeds) {
      const annotations = { "stockfeed.dev/adopt": "true" };
      await world.kube.patch(`/apis/stockfeed.dev/v1alpha1/namespaces/foreign/stockfeeds/${name}`, {
        metadata: { annotations },
      });
    }
    for (const name of feeds) await world.untilReady("foreign", name);
    expect(await world.kube.get(path)).toMatchObject({ spec: { schedule: "* * * * *", suspend: false } });
    for (const name of feeds) await world.delete("foreign", name);
    for (const name of feeds) await world.untilGone("foreign", name);
    await until(async () => (await world.workloads("foreign")).length === 0);
    expect(await world.made("foreign")).toEqual(SHARED);
  });

  it("depends on the last spec alone, whatever specs came before", { timeout: 240_000 }, async () => {
    const walks = fc.sample(fc.array(aWalk, { minLength: WALKS, maxLength: WALKS }), { seed: SEED, numRuns: FEEDS });
    await Promise.all(
      feedNames.map(async (namespace, index) => {
        await world.namespace(namespace);
        const secret = { metadata: { name: "there" }, stringData: { token: "x" } };
        await world.kube.create(`/api/v1/namespaces/${namespace}/secrets`, secret);
        for (const walk of walks[index] ?? []) await walkOver(namespace, walk);
      }),
    );
  });

  /** Makes a feed with the last spec, and after it one that comes to it; then there is the same. */
  const walkOver = async (namespace: string, { returns, steps, last }: Walk) => {
    const walked: string[] = [];
    const step = async (spec: string) => {
      walked.push(spec);
      await put(namespace, spec);
    };
    try {
      await step(last);
      await until(() => isMade(namespace, SPECS[last]?.(namespace)), PATIENCE_MS);
      const wanted = await endOf(namespace);
      if (!returns) {
        await end(namespace);
        walked.push("nothing");
      }
      for (const [spec, waits] of steps) {
        await step(spec);
        if (launches(spec)) await world.untilReady(namespace, "one");
        else if (waits) await untilSeen(namespace);
      }
      await step(last);
      await untilSame(wanted, () => endOf(namespace));
      // What the operator has not seen run it waits for, for minutes.
      await world.untilReady(namespace, "one");
      await end(namespace);
    } catch (error) {
      const { conditions } = (await world.feed(namespace, "one"))?.status ?? {};
      throw new Error(`${walked.join(" → ")}: ${JSON.stringify(conditions)}`, { cause: error });
    }
  };

  /** Whether the feed is Ready, and has what a feed of this spec has; rows of jobs may have outlived them. */
  const isMade = async (namespace: string, spec: object = {}) => {
    const [made, wanted] = [await world.made(namespace), wantedOf(world.manifest(namespace, "one", spec))];
    const own = ({ workloads, topics, subscriptions }: Made) =>
      [...workloads, ...topics, ...subscriptions].filter((name) => name !== PROJECT_NAMES.windows);
    return (await world.isReady(namespace, "one")) && isDeepStrictEqual(own(made), own(wanted));
  };

  /** Gives the feed a spec, where the server takes it. */
  const put = async (namespace: string, spec: string) => {
    const putting = world.apply(namespace, "one", SPECS[spec]?.(namespace));
    if (spec in REFUSED) await expect(putting).rejects.toMatchObject({ reason: "Invalid" });
    else await putting;
  };

  const end = async (namespace: string) => {
    if ((await world.feed(namespace, "one")) === undefined) return;
    await world.delete(namespace, "one");
    await world.untilGone(namespace, "one");
    await until(async () => (await world.workloads(namespace)).length === 0);
  };

  /**
   * The end state, and the jobs that run. What jobs beside each other have to differ by, and what rows of jobs take and
   * outlives them, is left out.
   */
  const endOf = async (namespace: string) => {
    await world.playKubelet(namespace);
    const active = jobs.active(namespace).map(({ name, currentState, labels }) => ({
      name,
      currentState,
      spec: labels?.["stockfeed-spec"],
    }));
    const state = (await endStateOf(world, namespace)) as readonly { readonly name: string }[];
    const objects = state.filter(({ name }) => !name.endsWith(`/${PROJECT_NAMES.windows}`));
    return JSON.parse(JSON.stringify({ objects, active }).replaceAll(/-g\d+(?=")/g, "")) as unknown;
  };

  const untilSeen = (namespace: string) =>
    until(async () => {
      await world.playKubelet(namespace);
      const { metadata, status } = (await world.feed(namespace, "one")) ?? {};
      return metadata === undefined || status?.observedGeneration === metadata.generation;
    }, PATIENCE_MS);
});

const EDITED_CLOUD = { messageRetentionDuration: { seconds: "600" } };
const EDITED_CRON_JOB = { schedule: "0 0 1 1 *", suspend: true, successfulJobsHistoryLimit: 9 };

function firstLabel({ labels = {} }: CloudObject) {
  return { labels: Object.fromEntries(Object.entries(labels).slice(0, 1)) };
}
