import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSummary, emptySummary, encodeSummary, FAILURE_KINDS, type PollSummary } from "./poll-summary.ts";
import { DEAD_LETTER_REASONS } from "./quote.ts";
import { REQUEST_BUCKETS } from "./request-durations.ts";

const count = fc.nat(Number.MAX_SAFE_INTEGER);
const time = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 });
const someOf = <Kind extends string>(kinds: readonly Kind[]) =>
  fc.dictionary(fc.constantFrom(...kinds), count) as fc.Arbitrary<Partial<Record<Kind, number>>>;
const BOUNDS = [...REQUEST_BUCKETS, Infinity].map(String);
const text = (maxLength: number) => fc.string({ unit: "binary", maxLength });

const anySummary: fc.Arbitrary<PollSummary> = fc.record(
  {
    feed: fc.stringMatching(/^[a-z0-9]{1,63}\/[a-z0-9]{1,253}$/),
    provider: fc.constantFrom("Simulated" as const, "Alpaca" as const),
    slotsPolled: count,
    slotsMissed: count,
    quotes: count,
    staleQuotes: count,
    undeliveredQuotes: count,
    deadLetters: someOf(DEAD_LETTER_REASONS),
    failures: someOf(FAILURE_KINDS),
    requests: fc.record({
      within: someOf(BOUNDS),
      seconds: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
    }) as fc.Arbitrary<PollSummary["requests"] & object>,
    marketState: fc.constantFrom("Open" as const, "Closed" as const, "Stale" as const),
    lastSlot: time,
    newestProviderTime: time,
    rateLimitedUntil: time,
    problem: text(400),
  },
  {
    requiredKeys: [
      "feed",
      "provider",
      "slotsPolled",
      "slotsMissed",
      "quotes",
      "staleQuotes",
      "undeliveredQuotes",
      "deadLetters",
      "failures",
    ],
  },
);

/** A summary in which everything is as long as it gets. */
const longest: PollSummary = {
  feed: `${"n".repeat(63)}/${"f".repeat(253)}`,
  provider: "Simulated",
  slotsPolled: Number.MAX_SAFE_INTEGER,
  slotsMissed: Number.MAX_SAFE_INTEGER,
  quotes: Number.MAX_SAFE_INTEGER,
  staleQuotes: Number.MAX_SAFE_INTEGER,
  undeliveredQuotes: Number.MAX_SAFE_INTEGER,
  deadLetters: Object.fromEntries(DEAD_LETTER_REASONS.map((kind) => [kind, Number.MAX_SAFE_INTEGER])),
  failures: Object.fromEntries(FAILURE_KINDS.map((kind) => [kind, Number.MAX_SAFE_INTEGER])),
  requests: {
    within: Object.fromEntries(BOUNDS.map((bound) => [bound, Number.MAX_SAFE_INTEGER])),
    seconds: Number.MAX_VALUE,
  },
  marketState: "Closed",
  lastSlot: -62_167_219_200_000,
  newestProviderTime: -62_167_219_200_000,
  rateLimitedUntil: -62_167_219_200_000,
  problem: "\u0001".repeat(10_000),
};

describe("a poller's summary", () => {
  it("comes back as it was written", () => {
    fc.assert(
      fc.property(anySummary, (summary) => {
        expect(decodeSummary(encodeSummary(summary))).toEqual(summary);
      }),
    );
  });

  it("stays within the 4,096 bytes that Kubernetes keeps, however much went wrong", () => {
    const encoded = encodeSummary(longest);
    expect(Buffer.byteLength(encoded)).toBeLessThanOrEqual(4096);
    expect(decodeSummary(encoded)).toMatchObject({ slotsPolled: Number.MAX_SAFE_INTEGER });
  });

  it("cuts a long problem between two characters, and is still read", () => {
    const problem = `${"x".repeat(398)}😀 and more`;
    const decoded = decodeSummary(encodeSummary({ ...emptySummary("markets/tech", "Alpaca"), problem }));
    expect(decoded?.problem).toBe(`${"x".repeat(398)}…`);
  });

  it("of a newer poller is read without the kinds and fields that are not known here", () => {
    const newer = { ...emptySummary("markets/tech", "Alpaca"), failures: { Timeout: 2, Tired: 1 }, mood: "good" };
    expect(decodeSummary(JSON.stringify(newer))).toEqual({
      ...emptySummary("markets/tech", "Alpaca"),
      failures: { Timeout: 2 },
    });
  });

  it("of an older poller is read without what it did not tell yet", () => {
    const older =
      '{"feed":"markets/tech","provider":"Alpaca","slotsPolled":6,"slotsMissed":0,"quotes":12,"staleQuotes":0,' +
      '"undeliveredQuotes":0,"deadLetters":{},"failures":{}}';
    expect(decodeSummary(older)).toEqual({ ...emptySummary("markets/tech", "Alpaca"), slotsPolled: 6, quotes: 12 });
  });

  it.each([
    ["nothing", ""],
    ["a stack trace", "Error: out of memory\n  at main"],
    ["JSON cut in half", encodeSummary(emptySummary("markets/tech", "Alpaca")).slice(0, -5)],
    ["another object", '{"feed":"markets/tech"}'],
    ["a negative count", encodeSummary({ ...emptySummary("markets/tech", "Alpaca"), quotes: -1 })],
    [
      "requests in less than no time",
      encodeSummary({ ...emptySummary("markets/tech", "Alpaca"), requests: { within: {}, seconds: -1 } }),
    ],
    ["a slot of no calendar", encodeSummary({ ...emptySummary("markets/tech", "Alpaca"), lastSlot: 9e15 })],
  ])("is undefined where the message is %s", (_, message) => {
    expect(decodeSummary(message)).toBeUndefined();
  });

  it("is never an exception, whatever the message", () => {
    fc.assert(
      fc.property(fc.oneof(text(200), fc.json()), (message) => {
        expect(decodeSummary(message)).toBeUndefined();
      }),
    );
  });
});
