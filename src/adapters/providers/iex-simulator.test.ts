import { serve } from "@hono/node-server";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { manualClock } from "../../../test/fakes/manual-clock.ts";
import { SLOT, specOf } from "../../../test/fakes/provider-start.ts";
import { createIexSimulator } from "./iex-simulator.ts";
import { createProvider } from "./provider-factory.ts";
import { createSimulated } from "./simulated.ts";

const never = new AbortController().signal;
const INTERVAL = 10_000;

describe("IEX simulator", () => {
  const clock = manualClock(SLOT);
  const app = createIexSimulator({ seed: 7, intervalMs: INTERVAL, clock });
  const get = async (path: string) => {
    const response = await app.request(path);
    return { status: response.status, text: await response.text() };
  };

  it("answers with a quote in IEX Cloud's format, whatever the case and the token", async () => {
    const { status, text } = await get("/stable/stock/aapl/quote?token=anything");
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      symbol: "AAPL",
      latestPrice: expect.any(Number) as number,
      latestUpdate: expect.any(Number) as number,
      latestVolume: expect.any(Number) as number,
      latestSource: "IEX real time price",
    });
  });

  it("does not know a symbol that can't be one, in IEX Cloud's words", async () => {
    expect(await get("/stable/stock/1$/quote")).toEqual({ status: 404, text: "Unknown symbol" });
  });

  it("knows only the symbols that it was given, where it was given some", async () => {
    const ten = createIexSimulator({ seed: 7, intervalMs: INTERVAL, clock, symbols: ["AAPL"] });
    expect((await ten.request("/stable/stock/AAPL/quote")).status).toBe(200);
    expect((await ten.request("/stable/stock/MSFT/quote")).status).toBe(404);
  });

  it("answers a batch with the symbols that it knows", async () => {
    const { text } = await get("/stable/stock/market/batch?symbols=aapl,1$,MSFT&types=quote,news");
    const single = JSON.parse((await get("/stable/stock/MSFT/quote")).text) as unknown;
    const batch = JSON.parse(text) as { MSFT?: unknown };
    expect(Object.keys(batch)).toEqual(["AAPL", "MSFT"]);
    expect(batch.MSFT).toEqual({ quote: single });
  });

  it("refuses a batch that is too large or of no quotes", async () => {
    const many = Array.from({ length: 101 }, (_, i) => `S${i}`).join(",");
    expect(await get(`/stable/stock/market/batch?symbols=${many}&types=quote`)).toMatchObject({ status: 400 });
    expect(await get("/stable/stock/market/batch?symbols=AAPL&types=news")).toMatchObject({ status: 400 });
    expect(await get("/")).toMatchObject({ status: 404 });
  });

  describe("read by the IEX provider", () => {
    const symbols = Array.from({ length: 200 }, (_, i) => `S${i}`);
    const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
    beforeEach(async () => {
      if (!server.listening) await once(server, "listening");
    });
    afterEach(() => new Promise((resolve) => server.close(resolve)));

    it("gives exactly the prices of the Simulated provider, slot after slot", async () => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const iex = createProvider(specOf("IEX", url), { clock, env: {} });
      const simulated = createSimulated({ seed: 7 });
      for (let slot = SLOT; slot < SLOT + 3 * INTERVAL; slot += INTERVAL) {
        await clock.advance(slot + 1_234); // polled a little into the slot
        const request = { symbols: [...symbols, "1NVALID"], slot, deadline: slot + 9_000, signal: never };
        const [overHttp, direct] = await Promise.all([iex.fetch(request), simulated.fetch(request)]);
        expect(overHttp.prices).toEqual(direct.prices);
        expect(overHttp.prices).toHaveLength(200);
        expect([overHttp, direct].map(({ failures }) => failures.map(({ symbol }) => symbol))).toEqual([
          ["1NVALID"],
          ["1NVALID"],
        ]);
      }
      await iex.close();
    });
  });
});
