import { protos } from "@google-cloud/pubsub";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodePubsubMessage, encodePubsubMessage } from "./pubsub-message.ts";

const { PubsubMessage } = protos.google.pubsub.v1;
const text = fc.string({ unit: "grapheme", maxLength: 300 });

describe("Pub/Sub messages in protobuf", () => {
  it("are read by Google's own code", () => {
    fc.assert(
      fc.property(text, fc.dictionary(text, text), (data, attributes) => {
        const message = PubsubMessage.decode(encodePubsubMessage(data, attributes));
        expect(Buffer.from(message.data).toString()).toBe(data);
        expect(new Map(Object.entries(message.attributes))).toEqual(new Map(Object.entries(attributes)));
      }),
    );
  });

  it("of Google's own code are read", () => {
    const times = fc.integer({ min: 0, max: Date.UTC(9999, 0) });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), text, times, (data, messageId, ms) => {
        const publishTime = { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 + 999 };
        const attributes = { symbol: "A", feed: "markets/tech" };
        const bytes = PubsubMessage.encode({ data, messageId, publishTime, attributes, orderingKey: "x" }).finish();
        const read = decodePubsubMessage(bytes);
        expect(Buffer.from(read.data)).toEqual(Buffer.from(data));
        expect(read).toMatchObject({ messageId, publishedAt: ms });
      }),
    );
  });

  it("that end too early are said to be none", () => {
    const bytes = encodePubsubMessage("a quote");
    expect(() => decodePubsubMessage(bytes.subarray(0, 5))).toThrow("5 bytes are no Pub/Sub message");
  });
});
