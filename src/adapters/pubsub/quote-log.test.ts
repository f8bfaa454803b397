import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { PubSub } from "@google-cloud/pubsub";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type PubsubEmulator, pubsubEmulatorMissing, startPubsubEmulator } from "../../../test/pubsub-emulator.ts";
import type { LogMessage } from "../../ports.ts";
import { pubsubClient } from "./clients.ts";
import { pubsubDeadLetters } from "./dead-letters.ts";
import { pubsubQuoteLog } from "./quote-log.ts";

const missing = pubsubEmulatorMissing();

describe.skipIf(missing !== undefined && process.env.CI !== "true")(
  `a subscription as a log${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    let emulator: PubsubEmulator;
    let client: PubSub;
    let projects = 0;
    beforeAll(async () => {
      emulator = await startPubsubEmulator();
    });
    afterAll(() => emulator.stop());
    beforeEach(() => {
      projects += 1;
      client = pubsubClient({ emulatorHost: emulator.host, projectId: `acme-${projects}` });
    });
    afterEach(() => client.close());

    const makeQuotes = async () => {
      const [topic] = await client.createTopic("quotes");
      await topic.createSubscription("windows", { retainAckedMessages: true, ackDeadlineSeconds: 10 });
    };
    const publish = (...texts: readonly string[]) =>
      Promise.all(texts.map((text) => client.topic("quotes").publishMessage({ data: Buffer.from(text) })));
    /** A log, what it says, and what it has delivered so far. */
    const open = (capacity = 100) => {
      const said: string[] = [];
      const messages: LogMessage[] = [];
      const log = pubsubQuoteLog({
        client,
        project: `acme-${projects}`,
        subscription: "windows",
        capacity,
        onInterrupted: ({ message }) => said.push(message),
        onResumed: () => said.push("resumed"),
      });
      const read = () => log.read((message) => messages.push(message));
      const untilThere = async (count: number) => {
        while (messages.length < count) await wait(20);
      };
      return { log, said, messages, read, untilThere };
    };

    it("delivers what was published, with its time, and again what it is sent back to", async () => {
      await makeQuotes();
      const { log, messages, read, untilThere } = open();
      const before = Date.now();
      await publish("one", "two");
      // Google's client seeks to whole seconds, rounded down.
      await wait(2_000);
      const between = Date.now() - 500;
      await publish("three");
      const reading = read();
      await untilThere(3);
      for (const message of messages) message.ack();
      expect(messages.map(({ data }) => Buffer.from(data).toString()).sort()).toEqual(["one", "three", "two"]);
      expect(messages.every(({ publishedAt }) => publishedAt >= before && publishedAt <= Date.now())).toBe(true);
      expect(new Set(messages.map(({ id }) => id)).size).toBe(3);
      await reading.close();
      await log.seek(between);
      messages.length = 0;
      const second = read();
      await untilThere(1);
      expect(messages.map(({ data }) => Buffer.from(data).toString())).toEqual(["three"]);
      await second.close();
    });

    it("gives back what was not acknowledged when a reading is closed", async () => {
      await makeQuotes();
      const { messages, read, untilThere } = open();
      await publish("one", "two");
      const first = read();
      await untilThere(2);
      messages[0]?.ack();
      await first.close();
      const left = messages[1]?.id;
      messages.length = 0;
      const second = read();
      await untilThere(1);
      expect(messages.map(({ id }) => id)).toEqual([left]);
      await second.close();
    });

    it("goes on beyond its capacity as messages are acknowledged", async () => {
      await makeQuotes();
      const { messages, read } = open(10);
      const reading = read();
      await publish(...Array.from({ length: 200 }, (_, i) => String(i)));
      const acknowledged = new Set<string>();
      while (acknowledged.size < 200) {
        for (const message of messages.splice(0)) {
          message.ack();
          acknowledged.add(message.id);
        }
        await wait(20);
      }
      await reading.close();
    });

    it("says what is missing, with who makes it, and goes on once it is there", async () => {
      const { log, said, read, untilThere } = open();
      await expect(log.seek(0)).rejects.toThrow(
        /windows of project acme-\d+ can't be read: .*condition MessagingReady/,
      );
      const reading = read();
      while (said.length === 0) await wait(20);
      expect(said[0]).toMatch(/The subscription windows .* can't be read: .* The operator makes it/);
      await makeQuotes();
      await publish("one");
      await untilThere(1);
      expect(said.at(-1)).toBe("resumed");
      await reading.close();
    });

    it("closes while it waits to try again", async () => {
      const { said, read } = open();
      const reading = read();
      while (said.length === 0) await wait(20);
      await reading.close();
    });

    it("puts dead letters with their reason, and says who makes the topic where it is not there", async () => {
      const letters = pubsubDeadLetters({ client, project: `acme-${projects}`, topic: "dead" });
      const letter = {
        feed: "markets/tech",
        reason: "Malformed",
        detail: "The message is no JSON.",
        payload: "no quote",
        receivedAt: Date.parse("2026-03-02T12:00:00Z"),
        messageId: "17",
      } as const;
      await expect(letters.putDeadLetters([letter])).rejects.toThrow(
        /topic dead .* did not take .* The operator makes/,
      );
      const [topic] = await client.createTopic("dead");
      const [subscription] = await topic.createSubscription("dead");
      await letters.putDeadLetters([letter]);
      const [message] = (await once(subscription, "message")) as [
        { data: Buffer; attributes: object; ack: () => void },
      ];
      message.ack();
      await subscription.close();
      expect(message.data.toString()).toBe("no quote");
      expect(message.attributes).toEqual({
        feed: "markets/tech",
        reason: "Malformed",
        detail: "The message is no JSON.",
        received_at: "2026-03-02T12:00:00.000Z",
        message_id: "17",
      });
    });
  },
);
