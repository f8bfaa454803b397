import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FEED, feedObject, PROJECT, reconcileWorld } from "../../test/reconcile-world.ts";
import type { KubeObject } from "../api/kube-object.ts";

type World = ReturnType<typeof reconcileWorld>;

const CACHE_LAG_MS = 10_000;

const finnhub = { type: "Finnhub", credentialsSecretRef: { name: "finnhub" } };

/** Specs that a cluster can run, each with something of its own; one waits for a Secret, one for its quota. */
const VALID: readonly object[] = [
  {},
  { archive: false },
  { suspend: true },
  { symbols: ["A", "B", "C"], polling: { interval: "30s", shards: 3, workload: "Deployment" } },
  { polling: { session: "NYSE", interval: "5m" }, resolutions: [{ window: "15m" }, { window: "1h" }] },
  { provider: finnhub },
  { provider: { ...finnhub, credentialsSecretRef: { name: "there" } } },
  {
    symbols: Array.from({ length: 30 }, (_, index) => `S${index}`),
    provider: { ...finnhub, credentialsSecretRef: { name: "there" } },
  },
  { podTemplate: { nodeSelector: { pool: "feeds" }, labels: { team: "a" } }, deletionPolicy: "Cancel" },
  { podTemplate: { serviceAccountName: "feeds", stream: { serviceAccountName: "stream" } } },
];
const INVALID: readonly object[] = [
  { symbols: [] },
  { polling: { interval: "7s" } },
  { sink: undefined },
  { provider: { type: "Replay", file: "ticks.ndjson" } },
  { engine: "Dataflow", dataflow: { projectIds: ["acme-jobs"], region: "europe-west2", tempLocation: "gs://acme/t" } },
];

const valid = fc.constantFrom(...VALID);
const anySpec = fc.oneof({ weight: 3, arbitrary: valid }, { weight: 1, arbitrary: fc.constantFrom(...INVALID) });

const byHand = fc.record({ kind: fc.constantFrom("delete", "edit"), which: fc.nat(99) });

/** What may happen on the way. */
const happening = fc.oneof(
  { weight: 4, arbitrary: anySpec.map((spec) => ({ kind: "apply" as const, spec })) },
  { weight: 4, arbitrary: fc.constant({ kind: "reconcile" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "pods run" as const }) },
  { weight: 4, arbitrary: byHand },
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

function newWorld(): World {
  const world = reconcileWorld({ driftIntervalMs: 0 });
  world.cluster.put({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "there", namespace: "markets" },
    data: { token: "" },
  });
  return world;
}

function applySpec(world: World, spec: object): void {
  const present = world.cluster.get(FEED);
  const wanted = feedObject({ spec });
  world.cluster.put(present === undefined ? wanted : { ...present, spec: wanted.spec });
}

const children = (world: World) => world.cluster.all().filter(({ kind }) => kind !== "StockFeed" && kind !== "Secret");

async function happen(world: World, what: Happening): Promise<void> {
  switch (what.kind) {
    case "apply":
      applySpec(world, what.spec);
      return;
    case "reconcile":
      world.time.now += 1_000;
      await world.reconcile();
      return;
    case "restart":
      world.restart();
      return;
    case "pods run":
      world.runWorkloads();
      return;
    case "delete":
    case "edit":
      await meddle(world, what.kind, what.which);
  }
}

/** Somebody deletes or edits one of the objects that were made, takes the finalizer off, or writes a status. */
async function meddle(world: World, how: "delete" | "edit", which: number): Promise<void> {
  const { topics, subscriptions } = world.messaging.project(PROJECT);
  const made: (() => Promise<void> | void)[] = [
    ...children(world).map((object) => () => {
      const { kind, metadata } = object;
      if (how === "delete") world.cluster.remove({ kind, namespace: "markets", name: metadata.name });
      else world.cluster.put({ ...object, spec: edited(object.spec as object) });
    }),
    ...[...topics.values()].map((topic) => async () => {
      if (how === "delete") await world.messaging.deleteTopic(PROJECT, topic.name);
      else topics.set(topic.name, { ...topic, retentionMs: 600_000 });
    }),
    ...[...subscriptions.values()].map((subscription) => async () => {
      if (how === "delete") await world.messaging.deleteSubscription(PROJECT, subscription.name);
      else subscriptions.set(subscription.name, { ...subscription, retentionMs: 600_000 });
    }),
    () => {
      editFeed(world, ({ metadata, ...rest }) => ({ ...rest, metadata: { ...metadata, finalizers: [] } }));
    },
    () => {
      editFeed(world, (feed) => ({ ...feed, status: { conditions: [], marketState: "Closed" } }));
    },
  ];
  await made[which % made.length]?.();
}

function editFeed(world: World, change: (feed: KubeObject) => KubeObject): void {
  const feed = world.cluster.get(FEED);
  if (feed !== undefined) world.cluster.put(change(feed));
}

/** Every field of a workload changed that can be without it being another. */
function edited(spec: object): object {
  return { ...spec, ...("schedule" in spec ? { schedule: "0 0 1 1 *", suspend: false } : { replicas: 7 }) };
}

/** What there is in the end, without what tells how it came about. */
function endState(world: World) {
  const workloads = children(world).map(({ kind, metadata: { name, labels, ownerReferences }, spec }: KubeObject) => {
    return [`${kind} ${name}`, { labels, owners: ownerReferences?.map((owner) => owner.name), spec }] as const;
  });
  const { topics, subscriptions } = world.messaging.project(PROJECT);
  const conditions = world
    .status()
    .conditions.map(({ type, status, reason, message }) => [type, status, reason, message]);
  return {
    workloads: Object.fromEntries(workloads),
    topics: Object.fromEntries(topics),
    subscriptions: Object.fromEntries(subscriptions),
    finalizers: world.cluster.get(FEED)?.metadata.finalizers,
    conditions,
    pipelines: world.status().pipelines,
    marketState: world.status().marketState,
  };
}

async function stateOf(spec: object) {
  const world = newWorld();
  applySpec(world, spec);
  await world.settle();
  return endState(world);
}

describe("the end state", () => {
  it("depends on the last spec alone, whatever specs, edits and restarts came before", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 25 }), valid, fc.array(byHand), async (walk, last, hands) => {
        const world = newWorld();
        applySpec(world, {});
        for (const what of walk) await happen(world, what);
        applySpec(world, last);
        await world.settle();
        for (const { kind, which } of hands) await meddle(world, kind, which);
        // For so long a status that is as it was before ours may be that of a cache that is behind.
        world.time.now += CACHE_LAG_MS;
        await world.settle();
        const { marketState, ...state } = endState(world);
        const { marketState: wanted, ...rest } = await stateOf(last);
        expect(state).toEqual(rest);
        // Of a suspended feed the market is not watched: what was seen last stays.
        if (wanted !== undefined) expect(marketState).toBe(wanted);
      }),
      { numRuns: 60 },
    );
  });

  it("is that of the last spec that could run, where the last can't", async () => {
    await fc.assert(
      fc.asyncProperty(valid, fc.constantFrom(...INVALID), async (runs, refused) => {
        const world = newWorld();
        applySpec(world, runs);
        await world.settle();
        applySpec(world, refused);
        await world.settle();
        const { workloads, topics, subscriptions } = endState(world);
        expect({ workloads, topics, subscriptions }).toEqual(
          (({ workloads, topics, subscriptions }) => ({ workloads, topics, subscriptions }))(await stateOf(runs)),
        );
        expect(world.condition("Stalled")).toMatchObject({ status: "True" });
      }),
      { numRuns: 30 },
    );
  });

  it("costs nothing to keep: a second reconcile writes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(anySpec, fc.boolean(), async (spec, restarted) => {
        const world = newWorld();
        applySpec(world, spec);
        await world.settle();
        const writes = () => world.cluster.writes.length + world.messaging.writes.length;
        const before = writes();
        if (restarted) world.restart();
        world.time.now += 3_600_000 * 24 * 7;
        await world.reconcile();
        expect(writes()).toBe(before);
      }),
    );
  });
});

/** What a killed process leaves its callers with. */
class Killed extends Error {}

/** Kills the process before or after the n-th write from now on; whether it came to that. */
function killAt(world: World, n: number, when: "fault" | "afterWrite"): () => boolean {
  let count = 0;
  let killed = false;
  const hook = () => {
    count += 1;
    if (count !== n) return;
    killed = true;
    throw new Killed();
  };
  const writes = (call: string) => {
    if (!call.startsWith("inventory")) hook();
  };
  world.cluster[when] = hook;
  world.messaging[when] = writes;
  return () => killed;
}

async function settleThroughKill(world: World): Promise<void> {
  try {
    await world.settle();
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    for (const part of [world.cluster, world.messaging])
      Object.assign(part, { fault: undefined, afterWrite: undefined });
    world.restart();
    await world.settle();
  }
  for (const part of [world.cluster, world.messaging]) Object.assign(part, { fault: undefined, afterWrite: undefined });
}

describe("an operator that is killed at any write, before or after it", () => {
  const other = VALID[3] ?? {};

  it.each(["fault", "afterWrite"] as const)("makes everything once all the same (%s)", async (when) => {
    const wanted = await stateOf({});
    let kills = 0;
    for (let n = 1; ; n++) {
      const world = newWorld();
      applySpec(world, {});
      const killed = killAt(world, n, when);
      await settleThroughKill(world);
      expect(endState(world)).toEqual(wanted);
      if (!killed()) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(8);
  });

  it.each(["fault", "afterWrite"] as const)("changes everything all the same (%s)", async (when) => {
    const wanted = await stateOf(other);
    for (let n = 1, done = false; !done; n++) {
      const world = newWorld();
      applySpec(world, {});
      await world.settle();
      applySpec(world, other);
      const killed = killAt(world, n, when);
      await settleThroughKill(world);
      expect(endState(world)).toEqual(wanted);
      done = !killed();
    }
  });

  it.each(["fault", "afterWrite"] as const)("deletes everything all the same (%s)", async (when) => {
    for (let n = 1, done = false; !done; n++) {
      const world = newWorld();
      applySpec(world, { deletionPolicy: "Cancel" });
      await world.settle();
      world.cluster.remove(FEED);
      const killed = killAt(world, n, when);
      await settleThroughKill(world);
      expect(children(world)).toEqual([]);
      expect(world.cluster.get(FEED)).toBeUndefined();
      expect([...world.messaging.project(PROJECT).topics.keys()]).toEqual(["stockfeed-dead-letter"]);
      expect([...world.messaging.project(PROJECT).subscriptions.keys()]).toEqual(["stockfeed-dead-letter"]);
      done = !killed();
    }
  });
});
