import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/api/kube-object.ts";
import { controlPlaneMissing } from "../control-plane/control-plane.ts";
import { withoutPart } from "../missing-part.ts";
import { until } from "../operator-world.ts";
import { FaultWorld, pathOfWorkload, SHARED, wantedOf } from "./operator-world.ts";

/** Printed where a test fails; another one finds other walks. */
const SEED = 20_261_125;
const finnhub = { type: "Finnhub", credentialsSecretRef: { name: "there" } };

const VALID: readonly object[] = [
  {},
  { archive: false },
  { suspend: true },
  { symbols: ["A", "B", "C"], polling: { interval: "30s", shards: 3, workload: "Deployment" } },
  { polling: { session: "NYSE", interval: "5m" }, resolutions: [{ window: "15m" }, { window: "1h" }] },
  { provider: finnhub },
  { podTemplate: { nodeSelector: { pool: "feeds" }, labels: { team: "a" } } },
];
/** What the API server takes and the operator does not run. */
const REFUSED: readonly object[] = [
  { sink: { bigQuery: { projectId: "not-allowed", dataset: "markets" } } },
  { provider: { ...finnhub, credentialsSecretRef: { name: "missing" } } },
];
const aValid = fc.constantFrom(...VALID);
const aSpec = fc.oneof({ weight: 3, arbitrary: aValid }, { weight: 1, arbitrary: fc.constantFrom(...REFUSED) });
/** Specs, each with whether it is waited for before the next one comes. */
const aWalk = fc.record({
  steps: fc.array(fc.tuple(aSpec, fc.boolean()), { minLength: 3, maxLength: 6 }),
  last: aValid,
});

const aMeddling = fc.record({ how: fc.constantFrom("delete", "edit", "unlabel"), which: fc.nat(99) });
type Meddling = typeof aMeddling extends fc.Arbitrary<infer T> ? T : never;

/** An object of Pub/Sub, as the fake holds it. */
interface CloudObject {
  readonly name: string;
  readonly topic?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

describe.skipIf(withoutPart(await controlPlaneMissing()))("what a feed has in the end", () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.start();
    const allowed = ["hands", "foreign", world.manifest("", "").spec.sink.bigQuery.projectId];
    for (let index = 0; index < 4; index++) allowed.push(`walk-${index}`, `once-${index}`);
    await world.startOperator(["--leader-elect", "false", "--allowed-projects", allowed.join(",")]);
  });
  afterAll(() => world.stop());

  /** All of a namespace and its project, without what tells how and where it came about. */
  const endState = async (namespace: string) => {
    const plain = (text: string) =>
      text.replaceAll(namespace, "NAMESPACE").replaceAll(/-[0-9a-z]{8}-(?=quotes|windows|archive)/g, "-HASH-");
    const workloads = (await world.workloads(namespace)).map(({ kind, metadata, spec }: KubeObject) => {
      const { name, labels, ownerReferences } = metadata;
      return { kind, name, labels, owners: ownerReferences?.map((owner) => owner.name), spec };
    });
    const cloud = [...world.pubsub.topics.values(), ...world.pubsub.subscriptions.values()];
    const objects = cloud.filter(({ name }) => name.startsWith(`projects/${namespace}/`));
    return JSON.parse(plain(JSON.stringify([...workloads, ...objects].sort(byName)))) as unknown;
  };
  const untilSame = async (namespace: string, look: () => Promise<unknown>) => {
    const wanted = JSON.stringify(await look());
    await until(async () => {
      await world.playKubelet(namespace);
      return JSON.stringify(await endState(namespace)) === wanted;
    }, 60_000).catch(() => undefined);
    expect(await endState(namespace)).toEqual(await look());
  };

  /** Somebody deletes or edits one of the objects that were made, or takes the labels off. */
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
    const all: (() => Promise<void> | void)[] = [...cloud, ...workloads];
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
    const made = await endState("hands");
    for (const meddlings of fc.sample(fc.array(aMeddling, { minLength: 6, maxLength: 12 }), {
      seed: SEED,
      numRuns: 4,
    })) {
      for (const meddling of meddlings) await meddle("hands", meddling);
      await untilSame("hands", () => Promise.resolve(made));
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

  it("depends on the last spec alone, whatever specs came before", async () => {
    const walks = fc.sample(aWalk, { seed: SEED, numRuns: 4 });
    const walk = async ({ steps, last }: (typeof walks)[number], index: number) => {
      const [walked, once] = [`walk-${index}`, `once-${index}`];
      for (const namespace of [walked, once]) {
        await world.namespace(namespace);
        const secret = { metadata: { name: "there" }, stringData: { token: "x" } };
        await world.kube.create(`/api/v1/namespaces/${namespace}/secrets`, secret);
      }
      await world.apply(once, "one", last);
      for (const [spec, waits] of [[{}, true] as const, ...steps]) {
        await world.apply(walked, "one", spec);
        if (waits) await untilSeen(walked);
      }
      await world.apply(walked, "one", last);
      for (const namespace of [once, walked]) await world.untilReady(namespace, "one");
      await until(async () => (await world.workloads(walked)).length === (await world.workloads(once)).length);
      await untilSame(walked, () => endState(once));
    };
    await Promise.all(walks.map(walk));
  });

  const untilSeen = (namespace: string) =>
    until(async () => {
      await world.playKubelet(namespace);
      const feed = await world.feed(namespace, "one");
      return feed?.status?.observedGeneration === (feed?.metadata as { readonly generation?: number }).generation;
    });
});

const EDITED_CLOUD = { messageRetentionDuration: { seconds: "600" } };
const EDITED_CRON_JOB = { schedule: "0 0 1 1 *", suspend: true, successfulJobsHistoryLimit: 9 };

function firstLabel({ labels = {} }: CloudObject) {
  return { labels: Object.fromEntries(Object.entries(labels).slice(0, 1)) };
}

function byName(a: { readonly name?: string }, b: { readonly name?: string }): number {
  return (a.name ?? "").localeCompare(b.name ?? "");
}
