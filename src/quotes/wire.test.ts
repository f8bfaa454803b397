import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PRICE_LIMIT } from "./price.ts";
import type { Quote } from "./quote.ts";
import { decodeQuote, encodeDeadLetter, encodeQuote } from "./wire.ts";

const sample: Quote = {
  feed: "markets/tech",
  symbol: "BRK.B",
  price: 167_410_000,
  observedAt: Date.parse("2013-10-07T13:30:00Z"),
  providerTime: Date.parse("2013-10-07T13:29:58.123Z"),
  volume: 2_049,
  provider: "Alpaca",
};

const message = { feed: "markets/tech", symbol: "BRK.B", price: "167.410000" };
const times = { observed_at: "2013-10-07T13:30:00.000Z", provider_time: "2013-10-07T13:29:58.123Z" };
const good = { ...message, ...times, volume: 2_049, provider: "Alpaca" };

/** The decoded form of the good message with some fields changed; undefined leaves a field out. */
const decodeWith = (change: Record<string, unknown>) => decodeQuote(JSON.stringify({ ...good, ...change }));

const time = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 });
const quote: fc.Arbitrary<Quote> = fc.record(
  {
    feed: fc.string({ minLength: 1, unit: "grapheme" }),
    symbol: fc.stringMatching(/^[A-Z][A-Z0-9.-]{0,9}$/),
    price: fc.integer({ min: 1, max: PRICE_LIMIT - 1 }),
    observedAt: time,
    providerTime: time,
    volume: fc.maxSafeNat(),
    provider: fc.constantFrom("Simulated", "Replay", "IEX", "Alpaca", "Finnhub", "Tiingo"),
  },
  { requiredKeys: ["feed", "symbol", "price", "observedAt", "providerTime", "provider"], noNullPrototype: true },
);

describe("a quote's message", () => {
  it("is JSON in snake_case, with a decimal text, RFC 3339 times and three attributes", () => {
    const { data, attributes } = encodeQuote(sample);
    expect(JSON.parse(data)).toEqual(good);
    expect(attributes).toEqual({ symbol: "BRK.B", observed_at: times.observed_at, feed: "markets/tech" });
  });

  it("has no volume where the provider gave none", () => {
    const without: Quote = { ...sample };
    delete (without as { volume?: number }).volume;
    expect(JSON.parse(encodeQuote(without).data)).not.toHaveProperty("volume");
    expect(decodeQuote(encodeQuote(without).data)).toEqual({ quote: without });
  });

  it("is read back as the same quote, from text or bytes", () => {
    fc.assert(
      fc.property(quote, (original) => {
        const { data } = encodeQuote(original);
        expect(decodeQuote(data)).toStrictEqual({ quote: original });
        expect(decodeQuote(new TextEncoder().encode(data))).toStrictEqual({ quote: original });
      }),
    );
  });

  it("may carry fields that this version does not know", () => {
    expect(decodeWith({ exchange: "XNYS" })).toStrictEqual({ quote: sample });
  });

  it.each([
    ["feed", undefined, "Malformed"],
    ["feed", "", "Malformed"],
    ["symbol", 7, "Malformed"],
    ["provider", "Bloomberg", "Malformed"],
    ["volume", -1, "Malformed"],
    ["volume", 1.5, "Malformed"],
    ["price", 167.41, "InvalidPrice"],
    ["price", "0", "InvalidPrice"],
    ["price", "-1.000000", "InvalidPrice"],
    ["price", "10000000", "InvalidPrice"],
    ["price", "NaN", "InvalidPrice"],
    ["price", undefined, "InvalidPrice"],
    ["observed_at", undefined, "InvalidTime"],
    ["observed_at", 1_381_152_600_000, "InvalidTime"],
    ["observed_at", "2013-10-07", "InvalidTime"],
    ["observed_at", "2013-10-07T13:30:00+02:00", "InvalidTime"],
    ["observed_at", "2013-02-29T13:30:00.000Z", "InvalidTime"],
    ["provider_time", "yesterday", "InvalidTime"],
  ])("with %s = %j is refused as it should be", (field, value, reason) => {
    const decoded = decodeWith({ [field]: value });
    expect(decoded).toMatchObject({ reason });
    expect(decoded).toHaveProperty("detail", expect.stringContaining(field));
  });

  it.each(["", "{", "null", "7", '"text"', "[]", "[{}]", "<html>", "\u0000"])("of %j is malformed", (data) => {
    expect(decodeQuote(data)).toMatchObject({ reason: "Malformed" });
  });

  it("that is no UTF-8 is malformed", () => {
    const bytes = new TextEncoder().encode(JSON.stringify({ ...good, feed: "?" }));
    bytes[bytes.indexOf("?".charCodeAt(0))] = 0xff;
    expect(decodeQuote(bytes)).toMatchObject({ reason: "Malformed" });
  });

  it("is not repeated at length when it is refused", () => {
    const decoded = decodeWith({ price: "9".repeat(100_000) });
    expect("detail" in decoded && decoded.detail.length).toBeLessThan(250);
  });

  it("of any bytes or any JSON is decoded without throwing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeQuote(bytes)).toHaveProperty("reason");
      }),
    );
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(decodeQuote(text)).toHaveProperty("reason");
      }),
    );
    const damaged = fc.tuple(fc.constantFrom(...Object.keys(good)), fc.jsonValue());
    fc.assert(
      fc.property(damaged, ([field, value]) => {
        const decoded = decodeWith({ [field]: value });
        expect("quote" in decoded || decoded.detail.length > 0).toBe(true);
      }),
    );
  });

  it("cut short anywhere is malformed", () => {
    const { data } = encodeQuote(sample);
    for (let length = 0; length < data.length; length += 1) {
      expect(decodeQuote(data.slice(0, length))).toMatchObject({ reason: "Malformed" });
    }
  });
});

describe("a dead letter's message", () => {
  const letter = {
    feed: "markets/tech",
    reason: "InvalidPrice" as const,
    detail: "AAPL: -1 millionths is no price.",
    payload: '{"price":"-1"}',
    receivedAt: Date.parse("2013-10-07T13:30:00.250Z"),
  };

  it("is what came, with the reason beside it", () => {
    expect(encodeDeadLetter(letter)).toEqual({
      data: '{"price":"-1"}',
      attributes: {
        feed: "markets/tech",
        reason: "InvalidPrice",
        detail: "AAPL: -1 millionths is no price.",
        received_at: "2013-10-07T13:30:00.250Z",
      },
    });
  });

  it("keeps within what an attribute may hold, and stays text", () => {
    const { detail } = encodeDeadLetter({ ...letter, detail: `${"x".repeat(248)}😀😀 and so on` }).attributes;
    expect(detail).toHaveLength(250);
    expect(detail.isWellFormed()).toBe(true);
  });
});
