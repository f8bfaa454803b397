import { simulatedPrice } from "../src/adapters/providers/simulated-price.ts";

const SYMBOLS = ["AAPL", "GOOG", "IBM", "MSFT"];
const SEED = 1;
const START = Date.UTC(2026, 2, 4, 14, 30);
const LENGTH_MS = 20 * 60_000;
/** The newest trade of every few seconds is kept, so that some slots see a price that stands still. */
const EVERY_MS = 7_000;

/** Twenty minutes of simulated ticks in the form of recorded ones, in order of time: examples/ticks.ndjson. */
export function sampleTicks(): string {
  const ticks = SYMBOLS.flatMap((symbol) =>
    Array.from({ length: Math.floor(LENGTH_MS / EVERY_MS) }, (_, i) => {
      const { price, providerTime, volume } = simulatedPrice(SEED, symbol, START + i * EVERY_MS);
      return { symbol, latestPrice: price / 1_000_000, latestUpdate: providerTime, volume };
    }),
  );
  ticks.sort((a, b) => a.latestUpdate - b.latestUpdate || (a.symbol < b.symbol ? -1 : 1));
  return ticks.map((tick) => `${JSON.stringify(tick)}\n`).join("");
}
