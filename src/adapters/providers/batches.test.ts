import { afterEach, describe, expect, it } from "vitest";
import {
  pass,
  SLOT,
  startProvider,
  type HttpProviderType,
  type StartedProvider,
} from "../../../test/fakes/provider-start.ts";
import type { FetchResult } from "../../ports.ts";
import { FAILURES_TO_OPEN, FIRST_BREAK_MS } from "./circuit.ts";
import { REFUSED_SYMBOL_MS } from "./http-provider.ts";
import { FIRST_BACKOFF_MS } from "./quote-client.ts";

const never = new AbortController().signal;
const market = (count: number) => Array.from({ length: count }, (_, i) => `S${i}`);
const symbolsOf = (list: FetchResult["prices"] | FetchResult["failures"]) => list.map(({ symbol }) => symbol);

describe("batches", () => {
  let test: StartedProvider;
  afterEach(() => test.stop());
  const start = async (type: HttpProviderType, symbols: readonly string[]) => {
    test = await startProvider(type);
    for (const symbol of symbols) test.server.market.set(symbol, { price: 10, time: SLOT });
  };
  const fetch = (symbols: readonly string[], lead = 8_000) =>
    test.provider.fetch({ symbols, slot: test.clock.now(), deadline: test.clock.now() + lead, signal: never });

  describe("that Alpaca refuses for one symbol", () => {
    it("cost that symbol alone, for few extra calls, and none for ten minutes", async () => {
      const symbols = market(200);
      await start("Alpaca", symbols);
      test.server.unreadable.add("S77");
      const first = await fetch(symbols);
      expect(symbolsOf(first.prices)).toEqual(symbols.filter((symbol) => symbol !== "S77"));
      expect(first.failures).toEqual([
        {
          symbol: "S77",
          kind: "NotFound",
          message: 'Alpaca refused S77: 400 bad request: "{"message":"invalid symbol: S77"}".',
        },
      ]);
      // One call for the batch, then two for each halving: 200, 100, 50, 25, 13, 7, 4, 2, 1.
      expect(test.server.calls.length).toBeLessThanOrEqual(17);

      const before = test.server.calls.length;
      const second = await fetch(symbols);
      expect(second).toEqual(first);
      expect(test.server.calls).toHaveLength(before + 1);

      test.server.unreadable.clear();
      await test.clock.advance(SLOT + REFUSED_SYMBOL_MS);
      expect((await fetch(symbols)).prices).toHaveLength(200);
    });

    it("cost each of several such symbols", async () => {
      const symbols = market(16);
      await start("Alpaca", symbols);
      for (const symbol of ["S0", "S8", "S15"]) test.server.unreadable.add(symbol);
      const { prices, failures } = await fetch(symbols);
      expect(symbolsOf(failures)).toEqual(["S0", "S8", "S15"]);
      expect(prices).toHaveLength(13);
    });

    it("are not halved without end when every symbol is refused", async () => {
      const symbols = market(200);
      await start("Alpaca", symbols);
      test.server.fail({ kind: "status", status: 404 });
      const { failures } = await fetch(symbols);
      expect(failures).toHaveLength(200);
      expect(test.server.calls).toHaveLength(33);
    });
  });

  it("hold as many symbols as the provider takes, and what answers too much is left out", async () => {
    const symbols = market(401);
    await start("Alpaca", symbols);
    const body = JSON.stringify(
      Object.fromEntries(
        market(1_000).map((symbol) => [symbol, { latestTrade: { p: 10, t: "2026-03-04T15:30:00Z" } }]),
      ),
    );
    test.server.fail({ kind: "rewritten", rewrite: () => body });
    const { prices, failures } = await fetch(symbols);
    expect(symbolsOf(prices)).toEqual(symbols);
    expect(failures).toEqual([]);
    expect(test.server.calls.map((call) => call.symbols.length).toSorted((a, b) => b - a)).toEqual([200, 200, 1]);
  });

  it("that fail leave the others as they are", async () => {
    const symbols = market(400);
    await start("Alpaca", symbols);
    test.server.fail({ kind: "status", status: 410 }, 1);
    const { prices, failures } = await fetch(symbols);
    expect(prices).toHaveLength(200);
    expect(failures).toHaveLength(200);
    expect(failures[0]?.message).toBe("Alpaca refused S0, S1, S2, S3, S4 and 195 more: 410 gone.");
  });

  it("go out at once, eight at most", async () => {
    const symbols = market(30);
    await start("Finnhub", symbols);
    test.server.fail({ kind: "hang" });
    const fetched = fetch(symbols, 3_000);
    await test.server.called(8);
    await test.clock.advance(SLOT + 3_000);
    expect((await fetched).failures).toHaveLength(30);
    expect(test.server.calls).toHaveLength(8);
  });

  describe("beyond Finnhub's limits", () => {
    it("wait for the next second after 30 calls in one", async () => {
      const symbols = market(40);
      await start("Finnhub", symbols);
      const fetched = fetch(symbols);
      await test.server.called(30);
      await pass(test.clock, [SLOT + 1_000]);
      expect((await fetched).prices).toHaveLength(40);
    });

    it("are refused at once when the slot has no room for them, and go first in the next", async () => {
      const symbols = market(80);
      await start("Finnhub", symbols);
      const fetched = fetch(symbols);
      await pass(test.clock, [SLOT + 1_000]);
      const first = await fetched;
      expect(first.prices).toHaveLength(60);
      expect(first.failures).toHaveLength(20);
      expect(first.failures[0]).toMatchObject({
        kind: "RateLimited",
        message:
          "Finnhub allows 60 calls in 60 s and 30 calls in 1 s; " +
          "the next call may go out at 2026-03-04T15:31:00Z, after this slot's deadline.",
      });

      await test.clock.advance(SLOT + 60_000);
      await fetch(symbols, 900);
      const next = test.server.calls.slice(60).flatMap((call) => call.symbols);
      expect(next).toHaveLength(30);
      expect(next).toEqual(expect.arrayContaining(symbolsOf(first.failures)));
    });
  });

  it.each([401, 403])("go on when Finnhub's plan lacks one symbol's market (%i): the key is good", async (status) => {
    await start("Finnhub", ["AAPL"]);
    const body = JSON.stringify({ error: "You don't have access to this resource." });
    test.server.fail({ kind: "status", status, body }, 1);
    expect((await fetch(["SAP.DE"])).failures).toMatchObject([{ symbol: "SAP.DE", kind: "Unauthorized" }]);
    expect((await fetch(["AAPL"])).prices).toHaveLength(1);
  });

  it("stop when Tiingo says in a sentence, with status 200, that the allowance is used up", async () => {
    await start("Tiingo", ["AAPL"]);
    const body = "You have run over your hourly request allocation. Please upgrade.";
    test.server.fail({ kind: "rewritten", rewrite: () => body, type: "text/plain" }, 1);
    const { failures } = await fetch(["AAPL"], 4_000);
    expect(failures).toMatchObject([{ kind: "RateLimited" }]);
    expect(failures[0]?.message).toContain("You have run over your hourly request allocation");
  });

  it("ask Tiingo for share classes in its own spelling", async () => {
    await start("Tiingo", []);
    const { prices } = await fetch(["BRK.B"]);
    expect(symbolsOf(prices)).toEqual(["BRK.B"]);
    expect(test.server.calls[0]?.symbols).toEqual(["BRK-B"]);
  });

  it("are no longer sent to a provider that is down, but for a trial now and then", async () => {
    await start("Tiingo", ["AAPL"]);
    test.server.fail({ kind: "status", status: 500 });
    const slots = Math.floor(FAILURES_TO_OPEN / 3);
    for (let i = 0; i < slots; i++) {
      const now = SLOT + i * 1_000;
      await test.clock.advance(now);
      const fetched = fetch(["AAPL"]);
      await pass(test.clock, [now + FIRST_BACKOFF_MS, now + 3 * FIRST_BACKOFF_MS]);
      await fetched;
    }
    let now = SLOT + slots * 1_000;
    await test.clock.advance(now);
    const fetched = fetch(["AAPL"]);
    await pass(test.clock, [now + FIRST_BACKOFF_MS]);
    const { failures } = await fetched;
    expect(test.server.calls).toHaveLength(FAILURES_TO_OPEN);
    expect(failures).toMatchObject([{ symbol: "AAPL", kind: "CircuitOpen" }]);
    expect(failures[0]?.message).toMatch(/^Tiingo failed 10 calls in a row; it is tried again at 2026-03-04T15:30:13Z/);

    // Slots without a call cost nothing of the 50 calls an hour.
    for (let i = 0; i < 60; i++) await fetch(["AAPL"], 200);

    // The trial fails, so the next break is twice as long; that trial goes well, and calls go out again.
    now += FIRST_BREAK_MS;
    await test.clock.advance(now);
    await fetch(["AAPL"], 200);
    expect(test.server.calls).toHaveLength(FAILURES_TO_OPEN + 1);
    await test.clock.advance((now += FIRST_BREAK_MS));
    await fetch(["AAPL"], 200);
    expect(test.server.calls).toHaveLength(FAILURES_TO_OPEN + 1);
    test.server.recover();
    await test.clock.advance(now + FIRST_BREAK_MS);
    expect((await fetch(["AAPL"])).prices).toHaveLength(1);
    expect((await fetch(["AAPL"])).prices).toHaveLength(1);
  });
});
