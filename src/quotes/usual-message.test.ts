import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PROVIDER_TYPES } from "../api/provider-spec.ts";
import { PRICE_LIMIT } from "./price.ts";
import type { Quote } from "./quote.ts";
import { UsualMessageReader } from "./usual-message.ts";
import { decodeBySchema, quoteJson } from "./wire.ts";

const time = fc.oneof(
  fc.integer({ min: Date.UTC(1000, 0), max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) }),
  fc.integer({ min: Date.UTC(2024, 1, 28), max: Date.UTC(2024, 2, 2) }),
);
const quote: fc.Arbitrary<Quote> = fc.record(
  {
    feed: fc.stringMatching(/^[a-z0-9-]{1,20}\/[a-z0-9.-]{1,20}$/),
    symbol: fc.stringMatching(/^[A-Z][A-Z0-9.-]{0,9}$/),
    price: fc.integer({ min: 1, max: PRICE_LIMIT - 1 }),
    observedAt: time,
    providerTime: time,
    volume: fc.nat(999_999_999_999_999),
    provider: fc.constantFrom(...PROVIDER_TYPES),
  },
  { requiredKeys: ["feed", "symbol", "price", "observedAt", "providerTime", "provider"], noNullPrototype: true },
);

const sample: Quote = {
  feed: "markets/tech",
  symbol: "BRK.B",
  price: 167_410_000,
  observedAt: Date.UTC(2013, 9, 7, 13, 30),
  providerTime: Date.UTC(2013, 9, 7, 13, 29, 58, 123),
  volume: 2_049,
  provider: "Alpaca",
};

/** One reader for all, as a program has it: what it remembers must not show. */
const reader = new UsualMessageReader();

/** Text or bytes that a message may be; bytes may be no UTF-8. */
function expectSchemasVerdict(data: string | Uint8Array): void {
  const read = reader.read(data);
  if (read !== undefined) expect({ quote: read }).toStrictEqual(decodeBySchema(data));
}

describe("a quote's message in the usual layout", () => {
  it("is read, as text and as bytes, as the schema reads it", () => {
    fc.assert(
      fc.property(quote, (original) => {
        const text = quoteJson(original);
        expect(reader.read(text)).toStrictEqual(original);
        expect(reader.read(new TextEncoder().encode(text))).toStrictEqual(original);
        expect(decodeBySchema(text)).toStrictEqual({ quote: original });
      }),
    );
  });

  it("with some bytes changed, left out or put in is read as the schema reads it, or left to it", () => {
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(...new TextEncoder().encode('0123456789.:-TZ",\\{}[] eE+')));
    const edit = fc.record({ at: fc.nat(200), remove: fc.nat(2), insert: fc.array(byte, { maxLength: 2 }) });
    fc.assert(
      fc.property(quote, fc.array(edit, { minLength: 1, maxLength: 3 }), (original, edits) => {
        const bytes = [...new TextEncoder().encode(quoteJson(original))];
        for (const { at, remove, insert } of edits) bytes.splice(at % bytes.length, remove, ...insert);
        expectSchemasVerdict(Uint8Array.from(bytes));
      }),
      { numRuns: 5_000 },
    );
  });

  it("with a field's text exchanged is read as the schema reads it, or left to it", () => {
    const digits = fc.stringMatching(/^[0-9]{1,17}$/);
    const price = fc.oneof(fc.stringMatching(/^[0-9]{0,8}\.?[0-9]{0,7}$/), fc.constantFrom("0.000000", "1e3", "-1.0"));
    const two = fc.stringMatching(/^[0-9]{2}$/);
    const clock = fc.tuple(two, two, two, two, two, fc.constantFrom(".000Z", ".12Z", "Z", ".000+00:00", ".9999Z"));
    const when = clock.map(([month, day, hour, minute, second, end]) => {
      return `2024-${month}-${day}T${hour}:${minute}:${second}${end}`;
    });
    const changes = fc.oneof(
      fc.tuple(
        fc.constant(/"167.410000"/),
        price.map((text) => `"${text}"`),
      ),
      fc.tuple(fc.constant(/2013-10-07T13:[0-9:.]+Z/), when),
      fc.tuple(fc.constant(/2049/), digits),
      fc.tuple(fc.constant(/BRK.B/), fc.string({ unit: "grapheme" })),
      fc.tuple(fc.constant(/markets\/tech/), fc.string({ unit: "binary" })),
      fc.tuple(fc.constant(/Alpaca/), fc.constantFrom(...PROVIDER_TYPES, "Alpac", "Alpacas", "")),
    );
    fc.assert(
      fc.property(fc.array(changes, { minLength: 1, maxLength: 2 }), (all) => {
        let text = quoteJson(sample);
        for (const [pattern, instead] of all) text = text.replace(pattern, () => instead);
        expectSchemasVerdict(text);
        expectSchemasVerdict(new TextEncoder().encode(text));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ["a day that is none", { observedAt: "2013-02-29T13:30:00.000Z" }],
    ["an hour that is none", { observedAt: "2013-10-07T24:00:00.000Z" }],
    ["a price of zero", { price: "0.000000" }],
    ["a price of eight digits", { price: "10000000.000000" }],
    ["a price of two places", { price: "167.41" }],
    ["a volume with a leading zero", { volume: "0123" }],
    ["a volume that a double can't hold", { volume: "9007199254740993" }],
    ["an escape in the feed", { feed: "markets\\u002ftech" }],
    ["no feed", { feed: "" }],
    ["a symbol of eleven characters", { symbol: "ABCDEFGHIJK" }],
    ["an unknown provider", { provider: "Bloomberg" }],
  ])("with %s is left to the schema", (_, change: Record<string, string>) => {
    const parts = {
      feed: "markets/tech",
      symbol: "BRK.B",
      price: "167.410000",
      observedAt: "2013-10-07T13:30:00.000Z",
      volume: "2049",
      provider: "Alpaca",
    };
    const written = ({ feed, symbol, price, observedAt, volume, provider }: typeof parts) =>
      `{"feed":"${feed}","symbol":"${symbol}","price":"${price}","observed_at":"${observedAt}",` +
      `"provider_time":"2013-10-07T13:29:58.123Z","volume":${volume},"provider":"${provider}"}`;
    expect(reader.read(written(parts))).toStrictEqual(sample);
    expect(reader.read(written({ ...parts, ...change }))).toBeUndefined();
  });

  it("is read alike after a longer one, and when it is cut short", () => {
    const long = quoteJson({ ...sample, feed: `markets/${"t".repeat(60)}`, volume: 999_999_999_999_999 });
    const short = quoteJson(sample);
    expect(reader.read(long)).toBeDefined();
    expect(reader.read(short)).toStrictEqual(sample);
    for (let length = 0; length < short.length; length++) {
      expect(reader.read(short)).toBeDefined();
      expect(reader.read(short.slice(0, length))).toBeUndefined();
      expect(reader.read(`${short}${short.slice(length)}`)).toBeUndefined();
    }
    expect(reader.read(quoteJson({ ...sample, feed: "t".repeat(600) }))).toBeUndefined();
  });
});
