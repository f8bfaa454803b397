import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPrice } from "../../quotes/price.ts";
import { simulatedPrice } from "./simulated-price.ts";

const SLOT = Date.UTC(2026, 2, 4, 15, 30);
const DAY_MS = 86_400_000;
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const symbols = fc.stringMatching(/^[A-Z][A-Z0-9.-]{0,9}$/);
const times = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2100, 0) });
const SYMBOLS = Array.from({ length: 200 }, (_, i) => `S${i}`);

describe("simulated price", () => {
  it("is always a price in whole cents, of a trade of the last two seconds", () => {
    fc.assert(
      fc.property(seeds, symbols, times, (seed, symbol, time) => {
        const { price, providerTime, volume } = simulatedPrice(seed, symbol, time);
        expect(isPrice(price)).toBe(true);
        expect(price % 10_000).toBe(0);
        expect(providerTime).toBeLessThanOrEqual(time);
        expect(providerTime).toBeGreaterThan(time - 2_000);
        expect(volume).toBeGreaterThan(0);
      }),
    );
  });

  it("does not change between a trade and the next", () => {
    fc.assert(
      fc.property(seeds, symbols, times, (seed, symbol, time) => {
        const found = simulatedPrice(seed, symbol, time);
        expect(simulatedPrice(seed, symbol, found.providerTime)).toEqual(found);
        expect(simulatedPrice(seed, symbol, found.providerTime - 1).providerTime).toBeLessThan(found.providerTime);
      }),
    );
  });

  it("has a new trade in every slot, down to slots of one second", () => {
    let last = 0;
    for (let slot = SLOT; slot < SLOT + 600_000; slot += 1_000) {
      const { providerTime } = simulatedPrice(1, "AAPL", slot);
      expect(providerTime).toBeGreaterThan(last);
      last = providerTime;
    }
  });

  it("is the same on every machine and in every version: these are recorded", () => {
    const found = ["AAPL", "MSFT", "BRK.B"].map((symbol) => simulatedPrice(1, symbol, SLOT));
    expect(found).toMatchInlineSnapshot(`
      [
        {
          "price": 19530000,
          "providerTime": 1772638199037,
          "symbol": "AAPL",
          "volume": 22933489,
        },
        {
          "price": 160330000,
          "providerTime": 1772638199917,
          "symbol": "MSFT",
          "volume": 17018795,
        },
        {
          "price": 293880000,
          "providerTime": 1772638199316,
          "symbol": "BRK.B",
          "volume": 15568021,
        },
      ]
    `);
  });

  it("depends on the seed and on the symbol", () => {
    const prices = new Set(SYMBOLS.map((symbol) => simulatedPrice(1, symbol, SLOT).price));
    expect(prices.size).toBeGreaterThan(190);
    const seeded = new Set(Array.from({ length: 200 }, (_, seed) => simulatedPrice(seed, "AAPL", SLOT).price));
    expect(seeded.size).toBeGreaterThan(190);
  });

  it("moves as shares do: some basis points in ten seconds, a percent or so in a day", () => {
    const moves = (apart: number) =>
      SYMBOLS.map((symbol) => {
        const [from, to] = [simulatedPrice(3, symbol, SLOT - apart).price, simulatedPrice(3, symbol, SLOT).price];
        return Math.abs(to / from - 1);
      });
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value) / values.length;
    expect(mean(moves(10_000))).toBeGreaterThan(0.00005);
    expect(Math.max(...moves(10_000))).toBeLessThan(0.003);
    expect(mean(moves(DAY_MS))).toBeGreaterThan(0.005);
    expect(mean(moves(DAY_MS))).toBeLessThan(0.03);
  });

  it("costs the same at any time, early or late", () => {
    // A walk from the epoch, or from midnight, would take some 10^9 or 10^4 steps for each of these.
    const startedAt = performance.now();
    for (let i = 0; i < 5_000; i++) simulatedPrice(1, "AAPL", SLOT + i * DAY_MS - 1);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it("counts the day's shares upward", () => {
    const midnight = Date.UTC(2026, 2, 4);
    let last = 0;
    for (let time = midnight + 2_000; time < midnight + DAY_MS; time += 600_000) {
      const { volume = 0 } = simulatedPrice(1, "AAPL", time);
      expect(volume).toBeGreaterThan(last);
      last = volume;
    }
  });
});
