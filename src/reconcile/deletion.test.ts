import { describe, expect, it } from "vitest";
import { FEED, feedObject, PROJECT, reconcileWorld } from "../../test/reconcile-world.ts";
import { MessagingError } from "../controller-ports.ts";

type World = ReturnType<typeof reconcileWorld>;

/** A feed that runs, and is then deleted at the world's time. */
async function deletedFeed(spec: object = {}, settings = {}): Promise<World> {
  const world = reconcileWorld(settings);
  world.cluster.put(feedObject({ spec }));
  await world.settle();
  world.cluster.remove(FEED);
  const feed = world.cluster.get(FEED);
  if (feed !== undefined) {
    const deletionTimestamp = new Date(world.time.now).toISOString();
    world.cluster.put({ ...feed, metadata: { ...feed.metadata, deletionTimestamp } });
  }
  return world;
}

/** Reconciles at each time that was asked for until the feed is gone; the seconds that this took. */
async function untilGone(world: World): Promise<number> {
  const from = world.time.now;
  for (let round = 0; round < 100; round++) {
    const { afterMs } = await world.reconcile();
    if (world.cluster.get(FEED) === undefined) return (world.time.now - from) / 1_000;
    world.time.now += afterMs ?? 1_000;
  }
  throw new Error("still there after 100 rounds");
}

const cloud = (world: World) => {
  const { topics, subscriptions } = world.messaging.project(PROJECT);
  return [...topics.keys(), ...subscriptions.keys()].filter((name) => name !== "stockfeed-dead-letter");
};

describe("a deleted feed", () => {
  it("drains: pollers first, then the engine, then its topic and subscriptions", async () => {
    const world = await deletedFeed();
    await world.reconcile();
    expect(world.cluster.all().map(({ kind }) => kind)).toEqual(["StockFeed", "StatefulSet"]);
    expect(world.condition("Ready")).toMatchObject({ status: "False", reason: "Draining" });
    expect(await untilGone(world)).toBe(25); // an interval, the offset of 5 s, and 10 s for what is under way
    expect(world.cluster.all()).toEqual([]);
    expect(cloud(world)).toEqual([]);
    expect(world.messaging.project(PROJECT).topics.has("stockfeed-dead-letter")).toBe(true);
    expect(world.counts["reconciles.deleted"]).toBe(1);
  });

  it("is not held up for longer than a minute by a long interval", async () => {
    const world = await deletedFeed({ polling: { interval: "1h" }, resolutions: [{ window: "2h" }] });
    expect(await untilGone(world)).toBe(60);
  });

  it("cancels at once", async () => {
    const world = await deletedFeed({ deletionPolicy: "Cancel" });
    expect(await untilGone(world)).toBe(0);
    expect(cloud(world)).toEqual([]);
  });

  it("has nothing to drain while it is suspended", async () => {
    const world = await deletedFeed({ suspend: true });
    expect(await untilGone(world)).toBe(0);
  });

  it("orphaned leaves its cloud objects, which the same feed finds again", async () => {
    const world = await deletedFeed({ deletionPolicy: "Orphan" });
    const before = cloud(world);
    expect(await untilGone(world)).toBe(0);
    expect(cloud(world)).toEqual(before);
    const writes = world.messaging.writes.length;
    world.cluster.put(feedObject());
    await world.settle();
    expect(world.condition("Ready")).toMatchObject({ status: "True" });
    expect(world.messaging.writes).toHaveLength(writes);
  });

  it("waits for its Pods to end, but not for ever", async () => {
    const world = await deletedFeed({ deletionPolicy: "Cancel" });
    const labels = { "stockfeed.dev/feed": "tech", "app.kubernetes.io/component": "stream" };
    const metadata = { name: "tech-windows-0", namespace: "markets", labels };
    world.cluster.put({ apiVersion: "v1", kind: "Pod", metadata, status: { phase: "Running" } });
    await world.reconcile();
    expect(world.condition("Ready")).toMatchObject({ reason: "Deleting" });
    expect(cloud(world)).toHaveLength(3);
    expect(await untilGone(world)).toBe(60);
    expect(cloud(world)).toEqual([]);
  });

  it("goes from any state: objects gone by hand, an old spec that is refused, no project at all", async () => {
    const byHand = await deletedFeed({ deletionPolicy: "Cancel" });
    const { topics, subscriptions } = byHand.messaging.project(PROJECT);
    topics.clear();
    subscriptions.clear();
    for (const kind of ["CronJob", "StatefulSet"]) {
      for (const name of ["tech-poll", "tech-windows"]) byHand.cluster.remove({ kind, namespace: "markets", name });
    }
    expect(await untilGone(byHand)).toBe(0);

    const refused = await deletedFeed({ deletionPolicy: "Cancel" });
    const spec = { symbols: [], deletionPolicy: "Cancel", pubsub: { projectId: PROJECT } };
    refused.cluster.put({ ...refused.cluster.get(FEED)!, spec });
    expect(await untilGone(refused)).toBe(0);
    expect(cloud(refused)).toEqual([]);

    const homeless = await deletedFeed({ deletionPolicy: "Cancel" });
    homeless.cluster.put({ ...homeless.cluster.get(FEED)!, spec: { deletionPolicy: "Cancel" } });
    expect(await untilGone(homeless)).toBe(0);
  });

  it("goes where the project is gone, and says why it waits where it is forbidden", async () => {
    const gone = await deletedFeed({ deletionPolicy: "Cancel" });
    gone.messaging.fault = () => {
      throw new MessagingError("NotFound", "no such project");
    };
    expect(await untilGone(gone)).toBe(0);

    const forbidden = await deletedFeed({ deletionPolicy: "Cancel" });
    forbidden.messaging.fault = () => {
      throw new MessagingError("Forbidden", "Give the operator roles/pubsub.editor.");
    };
    expect(await forbidden.reconcile()).toMatchObject({ afterMs: 60_000 });
    expect(forbidden.condition("Ready")).toMatchObject({
      reason: "MessagingForbidden",
      message: "Give the operator roles/pubsub.editor.",
    });
    forbidden.messaging.fault = undefined;
    expect(await untilGone(forbidden)).toBe(0);
  });

  it("leaves what somebody else has under its names", async () => {
    const world = await deletedFeed({ deletionPolicy: "Cancel" });
    const { topics } = world.messaging.project(PROJECT);
    const [name = ""] = cloud(world);
    topics.set(name, {
      name,
      labels: { "stockfeed-cluster": "c2", "stockfeed-namespace": "markets", "stockfeed-name": "tech" },
    });
    await untilGone(world);
    expect(cloud(world)).toEqual([name]);
  });

  it("leaves a project alone that the operator doesn't allow", async () => {
    const world = await deletedFeed({ deletionPolicy: "Cancel" }, { allowedProjects: ["another-one"] });
    await untilGone(world);
    expect(world.messaging.writes).toEqual([]);
  });
});

describe("a namespace that is being deleted", () => {
  it("is not held up, and nothing is made in it", async () => {
    const world = reconcileWorld();
    world.cluster.put(feedObject());
    await world.settle();
    world.cluster.terminating.add("markets");
    for (const name of ["tech-poll", "tech-windows"]) {
      for (const kind of ["CronJob", "StatefulSet"]) world.cluster.remove({ kind, namespace: "markets", name });
    }
    expect(await world.reconcile()).toMatchObject({ afterMs: expect.any(Number) as number });
    expect(world.cluster.all().map(({ kind }) => kind)).toEqual(["StockFeed"]);
    world.cluster.remove(FEED);
    world.time.now = Date.parse("2026-01-05T15:00:00Z");
    await untilGone(world);
    expect(cloud(world)).toEqual([]);
  });
});
