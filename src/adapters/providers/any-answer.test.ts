import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HTTP_PROVIDERS, startProvider, SYMBOLS, type StartedProvider } from "../../../test/fakes/provider-start.ts";
import { isPrice } from "../../quotes/price.ts";

/** JSON of any shape, the right one among them, with each part now and then replaced. */
const anyJson = fc.letrec((tie) => ({
  leaf: fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.double(), fc.constantFrom(...SYMBOLS, "2026-03-04T15:30:00Z", null)),
  trade: fc.record({ p: tie("leaf"), t: tie("leaf") }),
  quote: fc.record(
    {
      ticker: fc.oneof(fc.constantFrom(...SYMBOLS), tie("leaf")),
      tngoLast: tie("leaf"),
      timestamp: tie("leaf"),
      latestPrice: tie("leaf"),
      latestUpdate: tie("leaf"),
      latestTrade: fc.oneof(tie("trade"), tie("leaf")),
      dailyBar: fc.oneof(fc.record({ v: tie("leaf") }), tie("leaf")),
      c: tie("leaf"),
      t: tie("leaf"),
    },
    { requiredKeys: [] },
  ),
  body: fc.oneof(
    tie("quote"),
    fc.array(fc.oneof(tie("quote"), tie("leaf")), { maxLength: 6 }),
    fc.dictionary(fc.constantFrom(...SYMBOLS), fc.oneof(tie("quote"), tie("leaf"))),
  ),
})).body;

describe.each(HTTP_PROVIDERS)("%s, whatever JSON comes back", (type) => {
  let test: StartedProvider;
  beforeAll(async () => {
    test = await startProvider(type);
  });
  afterAll(() => test.stop());

  it("has every symbol in exactly one list, with a valid price or with words for people", async () => {
    await fc.assert(
      fc.asyncProperty(anyJson, async (json) => {
        // Far enough on for a break, a pause and the limits of the last answer to be over.
        await test.clock.advance(test.clock.now() + 3_600_000);
        const now = test.clock.now();
        test.server.recover();
        test.server.fail({ kind: "rewritten", rewrite: () => JSON.stringify(json) });
        const request = { symbols: SYMBOLS, slot: now, deadline: now + 200, signal: new AbortController().signal };
        const { prices, failures } = await test.provider.fetch(request);
        expect([...prices, ...failures].map(({ symbol }) => symbol).toSorted()).toEqual(SYMBOLS.toSorted());
        for (const { price, providerTime } of prices) {
          expect(isPrice(price)).toBe(true);
          expect(Number.isSafeInteger(providerTime)).toBe(true);
        }
        for (const { message } of failures) expect(message).toContain(type);
      }),
      { numRuns: 150 },
    );
  });
});
