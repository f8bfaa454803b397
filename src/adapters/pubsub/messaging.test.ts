import { describe, expect, it, vi } from "vitest";
import { FakePubsubAdmin, grpcError } from "../../../test/fakes/pubsub-admin.ts";
import { ARCHIVE, QUOTES, WINDOWS } from "../../../test/feed-messaging.ts";
import { ClusterError } from "../../controller-ports.ts";
import { adminCalls } from "./admin-calls.ts";
import { pubsubMessaging } from "./messaging.ts";

const TOPIC_PATH = "projects/acme/topics/feed-quotes";
const PATH = "projects/acme/subscriptions/feed-windows";

function world() {
  const admin = new FakePubsubAdmin();
  const time = { now: 0 };
  const messaging = pubsubMessaging({ calls: () => Promise.resolve(admin), now: () => time.now });
  return { admin, time, messaging };
}

/** One with the topic and the subscription of a feed, listed. */
async function feedWorld() {
  const parts = world();
  await parts.messaging.putTopic("acme", QUOTES);
  await parts.messaging.putSubscription("acme", WINDOWS);
  parts.admin.newCalls();
  return parts;
}

describe("a subscription that is rewound", () => {
  it("is asked for by one call, and by nobody who leads no more", async () => {
    const { admin, messaging } = await feedWorld();
    const time = Date.parse("2026-01-05T14:56:50.250Z");
    await messaging.seek("acme", "feed-windows", time);
    expect(admin.newCalls()).toEqual([`seek ${PATH} 2026-01-05T14:56:50.250Z`]);
    await expect(messaging.seek("acme", "gone", time)).rejects.toMatchObject({
      kind: "NotFound",
      message: expect.stringContaining("did not rewind the subscription gone") as string,
    });
    admin.newCalls();
    const stranger = pubsubMessaging({
      calls: () => Promise.resolve(admin),
      fence: () => {
        throw new ClusterError("NotLeader", "another leads");
      },
    });
    await expect(stranger.seek("acme", "feed-windows", time)).rejects.toMatchObject({ kind: "NotLeader" });
    expect(admin.newCalls()).toEqual([]);
  });
});

describe("what waits in a subscription", () => {
  const SNAPSHOT = "projects/acme/snapshots/feed-windows";

  it("is told by when a snapshot of it expires, which is gone again afterwards, also one that was left behind", async () => {
    const { admin, messaging } = await feedWorld();
    admin.waitingSince = Date.parse("2026-01-05T14:56:50.250Z");
    expect(await messaging.acknowledgedUpTo("acme", "feed-windows")).toBe(admin.waitingSince);
    admin.snapshots.add(SNAPSHOT);
    admin.newCalls();
    expect(await messaging.acknowledgedUpTo("acme", "feed-windows")).toBe(admin.waitingSince);
    expect(admin.newCalls()).toEqual(["snapshot", "drop", "snapshot", "drop"].map((call) => `${call} ${SNAPSHOT}`));
    expect(admin.snapshots.size).toBe(0);
  });

  it("is not known of a subscription that is not there, and all may wait where Pub/Sub takes no snapshot any more", async () => {
    const { admin, messaging } = await feedWorld();
    expect(await messaging.acknowledgedUpTo("acme", "gone")).toBeUndefined();
    admin.faults.set("snapshot", grpcError(9, "9 FAILED_PRECONDITION: it would expire within the hour"));
    expect(await messaging.acknowledgedUpTo("acme", "feed-windows")).toBe(0);
    admin.faults.set("snapshot", grpcError(14, "14 UNAVAILABLE: away"));
    await expect(messaging.acknowledgedUpTo("acme", "feed-windows")).rejects.toMatchObject({ kind: "Unavailable" });
  });

  it("is not looked at by who leads no more", async () => {
    const { admin } = await feedWorld();
    const stranger = pubsubMessaging({
      calls: () => Promise.resolve(admin),
      fence: () => {
        throw new ClusterError("NotLeader", "another leads");
      },
    });
    await expect(stranger.acknowledgedUpTo("acme", "feed-windows")).rejects.toMatchObject({ kind: "NotLeader" });
    expect(admin.newCalls()).toEqual([]);
  });
});

describe("the inventory", () => {
  it("is listed once an interval, whoever asks and however often", async () => {
    const { admin, time, messaging } = await feedWorld();
    time.now = 59_999;
    await Promise.all([messaging.inventory("acme"), messaging.inventory("acme")]);
    expect(admin.newCalls()).toEqual([]);
    time.now = 60_000;
    await Promise.all([messaging.inventory("acme"), messaging.inventory("acme"), messaging.putTopic("acme", QUOTES)]);
    expect(admin.newCalls()).toEqual(["list topics", "list subscriptions"]);
  });

  it("shows what was written here at once, also what was written while it was listed", async () => {
    const { admin, time, messaging } = await feedWorld();
    expect((await messaging.inventory("acme")).subscriptions.get("feed-windows")).toEqual(WINDOWS);
    time.now = 60_000;
    const listed = Promise.withResolvers<undefined>();
    admin.gate = listed.promise.then(() => undefined);
    const underWay = messaging.inventory("acme");
    await messaging.deleteSubscription("acme", "feed-windows");
    listed.resolve(undefined);
    expect((await underWay).subscriptions.size).toBe(0);
    expect((await messaging.inventory("acme")).subscriptions.size).toBe(0);
  });

  it("shows a subscription whose topic was deleted as one without", async () => {
    const { messaging } = await feedWorld();
    await messaging.deleteTopic("acme", "feed-quotes");
    const { topics, subscriptions } = await messaging.inventory("acme");
    expect(topics.size).toBe(0);
    expect(subscriptions.get("feed-windows")?.topic).toBe("_deleted-topic_");
    await expect(messaging.putSubscription("acme", WINDOWS)).rejects.toMatchObject({ kind: "Conflict" });
  });

  it("is listed again after a listing that failed", async () => {
    const { admin, messaging } = world();
    admin.faults.set("list", grpcError(14, "14 UNAVAILABLE: no route"));
    await expect(messaging.inventory("acme")).rejects.toMatchObject({ kind: "Unavailable" });
    expect((await messaging.inventory("acme")).topics.size).toBe(0);
  });
});

describe("a put", () => {
  it("makes what is not there, and calls nobody once it is as wanted", async () => {
    const { admin, messaging } = await feedWorld();
    await messaging.putTopic("acme", { ...QUOTES });
    await messaging.putSubscription("acme", { ...WINDOWS });
    await messaging.putSubscription("acme", ARCHIVE);
    await messaging.putSubscription("acme", ARCHIVE);
    expect(admin.newCalls()).toEqual(["create projects/acme/subscriptions/feed-archive"]);
    expect(admin.subscriptions.held.get("projects/acme/subscriptions/feed-archive")).toMatchObject({
      topic: TOPIC_PATH,
      expirationPolicy: {},
      bigqueryConfig: { table: "acme.markets.quotes", useTableSchema: true },
    });
  });

  it.each([
    ["labels", { labels: { "stockfeed-name": "other" } }],
    ["ack_deadline_seconds", { ackDeadlineSeconds: 30 }],
    ["retain_acked_messages", { retainAckedMessages: false }],
    ["message_retention_duration", { retentionMs: 86_400_000 }],
    ["bigquery_config", { bigQueryTable: "acme.markets.quotes" }],
  ])("changes %s of a subscription alone", async (mask, change) => {
    const { admin, messaging } = await feedWorld();
    await messaging.putSubscription("acme", { ...WINDOWS, ...change });
    expect(admin.newCalls()).toEqual([`update ${PATH} ${mask}`]);
    expect((await messaging.inventory("acme")).subscriptions.get("feed-windows")).toEqual({ ...WINDOWS, ...change });
  });

  it.each([
    ["expiration_policy", { expirationPolicy: { ttl: { seconds: 2_678_400 } } }],
    ["expiration_policy", { expirationPolicy: null }],
    ["retry_policy", { retryPolicy: { minimumBackoff: { seconds: 10 } } }],
    ["dead_letter_policy", { deadLetterPolicy: { maxDeliveryAttempts: 5 } }],
    ["push_config", { pushConfig: { pushEndpoint: "https://example.com/x" } }],
  ])("takes away a %s that someone gave it", async (mask, drift) => {
    const { admin, time, messaging } = await feedWorld();
    admin.subscriptions.held.set(PATH, { ...admin.subscriptions.held.get(PATH), ...drift });
    time.now = 60_000;
    await messaging.putSubscription("acme", WINDOWS);
    expect(admin.newCalls()).toEqual(["list topics", "list subscriptions", `update ${PATH} ${mask}`]);
  });

  it("changes labels and retention of a topic in one call", async () => {
    const { admin, messaging } = await feedWorld();
    await messaging.putTopic("acme", { ...QUOTES, labels: {}, retentionMs: 86_400_000 });
    expect(admin.newCalls()).toEqual([`update ${TOPIC_PATH} labels,message_retention_duration`]);
  });

  it("takes an object that was made since the list, and makes one that was deleted since", async () => {
    const { admin, messaging } = world();
    await messaging.inventory("acme");
    await admin.topics.create({ name: TOPIC_PATH, labels: {} });
    admin.newCalls();
    await messaging.putTopic("acme", QUOTES);
    expect(admin.newCalls()).toEqual([
      `create ${TOPIC_PATH}`,
      `get ${TOPIC_PATH}`,
      `update ${TOPIC_PATH} labels,message_retention_duration`,
    ]);
    admin.topics.held.clear();
    await messaging.putTopic("acme", { ...QUOTES, labels: { a: "b" } });
    expect(admin.newCalls()).toEqual([`update ${TOPIC_PATH} labels`, `create ${TOPIC_PATH}`]);
  });

  it("refuses to move a subscription to another topic", async () => {
    const { admin, messaging } = await feedWorld();
    const moved = messaging.putSubscription("acme", { ...WINDOWS, topic: "other" });
    await expect(moved).rejects.toMatchObject({ kind: "Conflict" });
    await expect(moved).rejects.toThrow(/feed-windows .* is on the topic .*feed-quotes, not on other, .* Delete it/);
    expect(admin.newCalls()).toEqual([]);
  });
});

describe("a call that fails", () => {
  it.each([
    [7, "Forbidden", /project acme .*roles\/pubsub\.editor/],
    [16, "Forbidden", /roles\/pubsub\.editor/],
    [5, "NotFound", /Check the project's name.*pubsub\.googleapis\.com --project acme/],
    [8, "Quota", /10,000 topics/],
    [3, "Invalid", /set the topic feed-quotes up/],
    [10, "Conflict", /feed-quotes/],
    [4, "Unavailable", /feed-quotes/],
    [14, "Unavailable", /feed-quotes/],
  ])("with status %i is %s, and says the mend", async (code, kind, message) => {
    const { admin, messaging } = world();
    admin.faults.set("create", grpcError(code, `${code} said so.`));
    const put = messaging.putTopic("acme", QUOTES);
    await expect(put).rejects.toMatchObject({ name: "MessagingError", kind });
    await expect(put).rejects.toThrow(message);
  });

  it("for want of rights of Pub/Sub's own agent names the agent and its role", async () => {
    const { admin, messaging } = await feedWorld();
    const agent = "service-123456@gcp-sa-pubsub.iam.gserviceaccount.com";
    admin.faults.set("create", grpcError(7, `7 PERMISSION_DENIED: ${agent} lacks bigquery.tables.updateData`));
    await expect(messaging.putSubscription("acme", ARCHIVE)).rejects.toThrow(
      new RegExp(`give ${agent} roles/bigquery.dataEditor on the dataset`),
    );
  });

  it("for want of credentials is Forbidden, and the next one looks for them again", async () => {
    const admin = new FakePubsubAdmin();
    let there = false;
    const messaging = pubsubMessaging({
      calls: () =>
        there ? Promise.resolve(admin) : Promise.reject(new Error("Could not load the default credentials.")),
    });
    await expect(messaging.inventory("acme")).rejects.toMatchObject({ kind: "Forbidden" });
    there = true;
    expect((await messaging.inventory("acme")).topics.size).toBe(0);
  });

  it("for a delete of what is gone already does not fail", async () => {
    const { messaging } = world();
    await messaging.deleteTopic("acme", "feed-quotes");
    await messaging.deleteSubscription("acme", "feed-windows");
  });
});

describe("who leads no more", () => {
  it("writes nothing and reads on, also amid a put that had begun", async () => {
    const { admin } = await feedWorld();
    let leads = true;
    const fence = () => {
      if (!leads) throw new ClusterError("NotLeader", "Another leads.");
    };
    const messaging = pubsubMessaging({ calls: () => Promise.resolve(admin), fence });
    const listed = Promise.withResolvers<undefined>();
    admin.gate = listed.promise.then(() => undefined);
    const begun = messaging.putSubscription("acme", ARCHIVE);
    leads = false;
    listed.resolve(undefined);
    await expect(begun).rejects.toMatchObject({ kind: "NotLeader" });
    await expect(messaging.putTopic("acme", { ...QUOTES, retentionMs: 1 })).rejects.toBeInstanceOf(ClusterError);
    await expect(messaging.deleteTopic("acme", "feed-quotes")).rejects.toBeInstanceOf(ClusterError);
    await expect(messaging.deleteSubscription("acme", "feed-windows")).rejects.toBeInstanceOf(ClusterError);
    expect(admin.newCalls()).toEqual(["list topics", "list subscriptions"]);
    expect((await messaging.inventory("acme")).subscriptions.has("feed-windows")).toBe(true);
  });
});

it("tells of missing credentials at each call, and does not die of them", async () => {
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json");
  const messaging = pubsubMessaging({ calls: () => adminCalls({}) });
  try {
    for (let time = 0; time < 2; time++) {
      await expect(messaging.inventory("acme")).rejects.toThrow(/\/nowhere\/key\.json/);
    }
  } finally {
    vi.unstubAllEnvs();
    await messaging.close();
  }
});
