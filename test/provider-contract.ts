import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ObservedPrice, QuoteProvider } from "../src/ports.ts";
import type { EpochMs } from "../src/quotes/quote.ts";

/** A provider at work, with what it should find. */
export interface ProviderUnderTest {
  readonly provider: QuoteProvider;
  /** The slot to fetch; the provider's clock stands at it. */
  readonly slot: EpochMs;
  /** The newest price of each symbol that its source has in that slot; at least three. */
  readonly newest: readonly ObservedPrice[];
  /** A symbol that the source does not have. */
  readonly unknownSymbol: string;
  /** Ends whatever the test started beside the provider. */
  readonly stop?: () => Promise<void>;
}

const never = new AbortController().signal;

/** The contract of QuoteProvider that holds for every provider, wherever its prices come from. */
export function describeQuoteProvider(name: string, start: () => Promise<ProviderUnderTest>): void {
  describe(`${name}, as a quote provider`, () => {
    let test: ProviderUnderTest;
    beforeEach(async () => {
      test = await start();
    });
    afterEach(async () => {
      await test.provider.close();
      await test.stop?.();
    });
    const fetch = (symbols: readonly string[], signal = never) =>
      test.provider.fetch({ symbols, slot: test.slot, deadline: test.slot + 8_000, signal });
    const known = () => test.newest.map(({ symbol }) => symbol);

    it("returns the newest price of every symbol it was asked for", async () => {
      const { prices, failures } = await fetch(known());
      expect(failures).toEqual([]);
      expect(prices).toEqual(test.newest);
    });

    it("leaves out what it was not asked for", async () => {
      const first = known().slice(0, 1);
      const { prices } = await fetch(first);
      expect(prices).toEqual(test.newest.slice(0, 1));
    });

    it("leaves one unknown symbol out, says so, and keeps the others", async () => {
      const { prices, failures } = await fetch(known().toSpliced(1, 0, test.unknownSymbol));
      expect(prices).toEqual(test.newest);
      expect(failures).toEqual([
        { symbol: test.unknownSymbol, kind: "NotFound", message: expect.stringContaining(name) as string },
      ]);
    });

    it("has every symbol in exactly one list, however often it was asked for", async () => {
      const asked = [...known(), test.unknownSymbol, ...known()];
      const { prices, failures } = await fetch(asked);
      const found = [...prices, ...failures].map(({ symbol }) => symbol);
      expect(found.toSorted()).toEqual([...new Set(asked)].toSorted());
    });

    it("finds nothing when asked for nothing", async () => {
      expect(await fetch([])).toEqual({ prices: [], failures: [] });
    });

    it("gives the same answer to the same question", async () => {
      expect(await fetch(known())).toEqual(await fetch(known()));
    });

    it("rejects with the caller's reason when the caller has aborted", async () => {
      await expect(fetch(known(), AbortSignal.abort(new Error("shutting down")))).rejects.toThrow("shutting down");
    });

    it("rejects once it is closed, and can be closed twice", async () => {
      await test.provider.close();
      await test.provider.close();
      await expect(fetch(known())).rejects.toThrow(`${name} is closed`);
    });
  });
}
