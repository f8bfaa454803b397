import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FakePubsub, fakePubsub } from "../../../test/fakes/pubsub-rest.ts";
import { symbols } from "../../../test/feed.ts";
import { type PubsubEmulator, pubsubEmulatorMissing, startPubsubEmulator } from "../../../test/pubsub-emulator.ts";
import { Places } from "../../quotes/place.ts";
import type { DeadLetter, Quote } from "../../quotes/quote.ts";
import { sessionOf } from "../../quotes/session.ts";
import { decodePlace, decodeQuote } from "../../quotes/wire.ts";
import { accessTokens, type AccessTokens } from "./access-token.ts";
import { RestPublisher } from "./rest-publisher.ts";

const slot = Date.parse("2013-10-07T13:30:00Z");

const always = sessionOf({ session: "Always", extendedHours: false });

const quoteOf = (symbol: string, observedAt = slot): Quote => ({
  feed: "markets/tech",
  symbol,
  price: 167_410_000,
  observedAt,
  providerTime: slot - 1_500,
  provider: "Simulated",
});
const letter: DeadLetter = {
  feed: "markets/tech",
  reason: "InvalidPrice",
  detail: "AAPL: 0 millionths is no price.",
  payload: '{"symbol":"AAPL","note":"ä"}',
  receivedAt: slot,
};

const publisherTo = (host: string, tokens?: AccessTokens) =>
  new RestPublisher({
    projectId: "acme",
    quotesTopic: "tech-quotes",
    deadLetterTopic: "stockfeed-dead-letter",
    baseUrl: `http://${host}`,
    places: new Places({ poller: "a1", shard: 0, session: always, intervalMs: 10_000, from: slot }),
    ...(tokens && { tokens }),
  });

describe("publishing over REST", () => {
  let pubsub: FakePubsub;
  beforeEach(async () => {
    pubsub = await fakePubsub();
  });
  afterEach(() => pubsub.close());

  it("sends each quote as a message that can be read again, with attributes to route by", async () => {
    await publisherTo(pubsub.host).publish([quoteOf("AAPL"), quoteOf("MSFT")]);
    expect(pubsub.messages.map(({ data }) => decodeQuote(data))).toEqual([
      { quote: quoteOf("AAPL") },
      { quote: quoteOf("MSFT") },
    ]);
    expect(pubsub.messages[1]).toMatchObject({
      topic: "tech-quotes",
      attributes: { symbol: "MSFT", observed_at: "2013-10-07T13:30:00.000Z", feed: "markets/tech" },
    });
  });

  it("numbers a slot's messages, the same when they are sent again, and names the slots around it that have some", async () => {
    const publisher = publisherTo(pubsub.host);
    await publisher.publish([quoteOf("AAPL"), quoteOf("MSFT")]);
    pubsub.answers = ["forget-one"];
    const later = [quoteOf("AAPL", slot + 20_000), quoteOf("MSFT", slot + 20_000)];
    await expect(publisher.publish(later)).rejects.toThrow();
    pubsub.answers = [];
    await publisher.publish(later);
    await publisher.publish([quoteOf("AAPL", slot + 30_000)]);
    const places = pubsub.messages.map(({ attributes }) => decodePlace(attributes));
    const at = (seconds: number, back: number, own = true) => ({
      poller: "a1",
      shard: 0,
      slot: slot + seconds * 1000,
      previous: { slot: slot + (seconds - back) * 1000, own },
      next: slot + (seconds + 10) * 1000,
    });
    const two = (place: object) => [1, 2].map((part) => ({ ...place, part, parts: 2 }));
    expect(places.slice(0, 2)).toEqual(two(at(0, 10, false)));
    expect(places.slice(-3, -1)).toEqual(two(at(20, 20)));
    expect(places.at(-1)).toEqual({ ...at(30, 10), part: 1, parts: 1 });
  });

  it("sends a dead letter as it came, with the reason", async () => {
    await publisherTo(pubsub.host).putDeadLetters([letter]);
    const { feed, reason, detail, payload } = letter;
    const attributes = { feed, reason, detail, received_at: "2013-10-07T13:30:00.000Z" };
    expect(pubsub.messages).toEqual([{ topic: "stockfeed-dead-letter", data: payload, attributes }]);
  });

  it("puts at most 1,000 messages into a request, and sends them all", async () => {
    await publisherTo(pubsub.host).publish(symbols(2_500).map((symbol) => quoteOf(symbol)));
    expect(pubsub.calls.map(({ messages }) => messages).sort((a, b) => a - b)).toEqual([500, 1_000, 1_000]);
    expect(new Set(pubsub.messages.map(({ attributes }) => attributes.symbol)).size).toBe(2_500);
  });

  it("keeps a request under Pub/Sub's 10 MB", async () => {
    const payload = "ä".repeat(1_000_000);
    await publisherTo(pubsub.host).putDeadLetters(Array.from({ length: 8 }, () => ({ ...letter, payload })));
    expect(pubsub.messages).toHaveLength(8);
    for (const { bytes } of pubsub.calls) expect(bytes).toBeLessThan(10_000_000);
  });

  it("sends nothing where there is nothing", async () => {
    await publisherTo(pubsub.host).publish([]);
    expect(pubsub.calls).toEqual([]);
  });

  it.each<[FakePubsub["answers"][0], RegExp]>([
    [{ status: 404, message: "Topic not found" }, /acme\/topics\/tech-quotes: 404, Topic not found\. .*MessagingReady/],
    [{ status: 403, message: "denied" }, /403, denied\. Grant .* roles\/pubsub\.publisher/],
    [{ status: 429 }, /429/],
    [{ status: 503 }, /503/],
    ["reset", /can't be reached for projects\/acme\/topics\/tech-quotes/],
    ["forget-one", /did not confirm all of 2 messages/],
  ])("rejects where the answer is %o, and says what to do", async (answer, message) => {
    pubsub.answers = [answer];
    await expect(publisherTo(pubsub.host).publish([quoteOf("AAPL"), quoteOf("MSFT")])).rejects.toThrow(message);
  });
});

describe("publishing with a token", () => {
  let pubsub: FakePubsub;
  let now = slot;
  let publisher: RestPublisher;
  beforeEach(async () => {
    pubsub = await fakePubsub();
    now = slot;
    publisher = publisherTo(
      pubsub.host,
      accessTokens({ GCE_METADATA_HOST: pubsub.host }, () => now),
    );
  });
  afterEach(() => pubsub.close());

  it("asks the metadata server once, also where many messages go out at once", async () => {
    await publisher.publish(symbols(3_000).map((symbol) => quoteOf(symbol)));
    await publisher.publish([quoteOf("AAPL")]);
    expect(pubsub.tokensGiven).toBe(1);
    expect(new Set(pubsub.calls.map(({ authorization }) => authorization))).toEqual(new Set(["Bearer token-1"]));
  });

  it("takes a new one shortly before the old one ends, not sooner", async () => {
    await publisher.publish([quoteOf("AAPL")]);
    now = slot + 3_300_000;
    await publisher.publish([quoteOf("AAPL")]);
    now = slot + 3_500_000;
    await publisher.publish([quoteOf("AAPL")]);
    expect(pubsub.calls.map(({ authorization }) => authorization)).toEqual([
      "Bearer token-1",
      "Bearer token-1",
      "Bearer token-2",
    ]);
  });

  it("takes a new one where the old one is refused, and says so when that is refused too", async () => {
    pubsub.answers = [{ status: 401 }, "ok"];
    await publisher.publish([quoteOf("AAPL")]);
    expect(pubsub.messages).toHaveLength(1);
    pubsub.answers = [{ status: 401 }];
    await expect(publisher.publish([quoteOf("AAPL")])).rejects.toThrow(/401.*service account/);
    expect(pubsub.calls.map(({ authorization }) => authorization)).toEqual([
      "Bearer token-1",
      "Bearer token-2",
      "Bearer token-2",
      "Bearer token-3",
    ]);
  });

  it("says what to check where there is no metadata server, and works once there is one", async () => {
    const { host } = pubsub;
    await pubsub.close();
    await expect(publisher.publish([quoteOf("AAPL")])).rejects.toThrow(
      new RegExp(`metadata server at ${host} \\(ECONNREFUSED\\)\\. .*Workload Identity`),
    );
    pubsub = await fakePubsub();
    const again = accessTokens({ GCE_METADATA_HOST: pubsub.host }, () => now);
    expect(await again.get()).toBe("token-1");
  });

  it("names the file where that holds no credentials", async () => {
    const tokens = accessTokens({ GOOGLE_APPLICATION_CREDENTIALS: "/nowhere/key.json" }, () => now);
    await expect(tokens.get()).rejects.toThrow(/GOOGLE_APPLICATION_CREDENTIALS/);
  });
});

const missing = pubsubEmulatorMissing();

describe.skipIf(missing !== undefined && process.env.CI === undefined)("publishing to Pub/Sub's emulator", () => {
  let emulator: PubsubEmulator;
  beforeAll(async () => {
    emulator = await startPubsubEmulator();
  });
  afterAll(() => emulator.stop());

  it("brings what a subscriber can read", async () => {
    const call = async (method: string, path: string, body: object) => {
      const url = `http://${emulator.host}/v1/projects/acme/${path}`;
      const response = await fetch(url, {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(200);
      return (await response.json()) as { receivedMessages?: { message: { data: string; attributes: object } }[] };
    };
    const publisher = publisherTo(emulator.host);
    await expect(publisher.publish([quoteOf("AAPL")])).rejects.toThrow(/404.*MessagingReady/);
    await call("PUT", "topics/tech-quotes", {});
    await call("PUT", "subscriptions/windows", { topic: "projects/acme/topics/tech-quotes" });
    await publisher.publish([quoteOf("AAPL")]);
    const { receivedMessages = [] } = await call("POST", "subscriptions/windows:pull", { maxMessages: 10 });
    expect(receivedMessages.map(({ message }) => decodeQuote(Buffer.from(message.data, "base64")))).toEqual([
      { quote: quoteOf("AAPL") },
    ]);
    expect(receivedMessages[0]?.message.attributes).toMatchObject({ symbol: "AAPL", feed: "markets/tech" });
  });
});
