import { PubSub } from "@google-cloud/pubsub";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ARCHIVE, QUOTES, WINDOWS } from "../../../test/feed-messaging.ts";
import { type PubsubEmulator, pubsubEmulatorMissing, startPubsubEmulator } from "../../../test/pubsub-emulator.ts";
import { adminCalls } from "./admin-calls.ts";
import { pubsubMessaging } from "./messaging.ts";

const missing = pubsubEmulatorMissing();
describe.skipIf(missing !== undefined && process.env.CI !== "true")(
  `Pub/Sub's administration, on the emulator${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    let emulator: PubsubEmulator;
    beforeAll(async () => {
      emulator = await startPubsubEmulator();
    });
    afterAll(() => emulator.stop());

    const open = () => pubsubMessaging({ calls: () => adminCalls({ emulatorHost: emulator.host }) });

    it("makes, changes and deletes, and finds the same in a list from elsewhere", async () => {
      const messaging = open();
      await messaging.putTopic("acme", QUOTES);
      await messaging.putSubscription("acme", WINDOWS);
      await messaging.putSubscription("acme", ARCHIVE);
      await messaging.putSubscription("acme", { ...WINDOWS, ackDeadlineSeconds: 30, retainAckedMessages: false });
      const other = open();
      const { topics, subscriptions } = await other.inventory("acme");
      expect([...topics.values()]).toEqual([QUOTES]);
      expect(subscriptions.get("feed-windows")).toEqual({
        ...WINDOWS,
        ackDeadlineSeconds: 30,
        retainAckedMessages: false,
      });
      expect(subscriptions.get("feed-archive")).toMatchObject(ARCHIVE);
      // What it made has nothing left to change: the emulator would refuse a mask of expiry or policies.
      await other.putSubscription("acme", { ...WINDOWS, retainAckedMessages: false, ackDeadlineSeconds: 30 });
      await other.putSubscription("acme", ARCHIVE);
      await other.deleteSubscription("acme", "feed-windows");
      await other.deleteTopic("acme", "feed-quotes");
      await other.deleteTopic("acme", "feed-quotes");
      const after = await open().inventory("acme");
      expect(after.topics.size).toBe(0);
      expect([...after.subscriptions.values()].map(({ topic }) => topic)).toEqual(["_deleted-topic_"]);
      await Promise.all([messaging.close(), other.close()]);
    });

    it("delivers again what was acknowledged, from the time that a subscription is rewound to", async () => {
      const messaging = open();
      await messaging.putTopic("rewound", QUOTES);
      await messaging.putSubscription("rewound", WINDOWS);
      const client = new PubSub({ projectId: "rewound", apiEndpoint: emulator.host, emulatorMode: true });
      const subscription = client.subscription(WINDOWS.name);
      const publish = (text: string) => client.topic(QUOTES.name).publishMessage({ data: Buffer.from(text) });
      const seen: { readonly text: string; readonly publishedAt: number }[] = [];
      subscription.on("message", (message) => {
        seen.push({ text: message.data.toString(), publishedAt: message.publishTime.getTime() });
        message.ack();
      });
      await publish("early");
      await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(1);
      await expect.poll(() => Date.now()).toBeGreaterThan((seen[0]?.publishedAt ?? 0) + 10);
      await publish("late");
      await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(2);
      await messaging.seek("rewound", WINDOWS.name, seen[1]?.publishedAt ?? 0);
      await expect.poll(() => seen.map(({ text }) => text), { timeout: 20_000 }).toEqual(["early", "late", "late"]);
      await Promise.all([messaging.close(), client.close()]);
    });

    it("tells up to when all was acknowledged, by the oldest message that waits", async () => {
      const messaging = open();
      const { name } = WINDOWS;
      await messaging.putTopic("waiting", QUOTES);
      await messaging.putSubscription("waiting", WINDOWS);
      expect(await messaging.acknowledgedUpTo("waiting", "gone")).toBeUndefined();
      const before = Date.now();
      expect(await messaging.acknowledgedUpTo("waiting", name)).toBeGreaterThan(before - 2_000);
      const client = new PubSub({ projectId: "waiting", apiEndpoint: emulator.host, emulatorMode: true });
      await client.topic(QUOTES.name).publishMessage({ data: Buffer.from("waits") });
      const publishedBy = Date.now();
      await expect.poll(() => Date.now(), { timeout: 10_000 }).toBeGreaterThan(publishedBy + 2_000);
      const whileItWaits = await messaging.acknowledgedUpTo("waiting", name);
      const published = await new Promise<number>((resolve) => {
        client.subscription(name).on("message", (message) => {
          message.ack();
          resolve(message.publishTime.getTime());
        });
      });
      expect(whileItWaits).toBe(published);
      await expect
        .poll(() => messaging.acknowledgedUpTo("waiting", name), { timeout: 20_000 })
        .toBeGreaterThan(publishedBy + 1_500);
      await Promise.all([messaging.close(), client.close()]);
    });

    it("lists more than a page", async () => {
      const calls = await adminCalls({ emulatorHost: emulator.host });
      const names = Array.from({ length: 1003 }, (_, i) => `projects/many/topics/feed-${i}`);
      await Promise.all(names.map((name) => calls.topics.create({ name })));
      expect(new Set((await calls.topics.list("many")).map(({ name }) => name))).toEqual(new Set(names));
      await calls.close();
    });

    it("says so at once where nothing answers", async () => {
      const messaging = pubsubMessaging({ calls: () => adminCalls({ emulatorHost: "127.0.0.1:1" }) });
      await expect(messaging.inventory("acme")).rejects.toMatchObject({ kind: "Unavailable" });
      await messaging.close();
    });
  },
);
