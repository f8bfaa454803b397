import { Hono } from "hono";
import { SYMBOL_PATTERN } from "../../api/stockfeed.ts";
import type { Clock } from "../../ports.ts";
import { MICROS } from "../../quotes/price.ts";
import { simulatedPrice } from "./simulated-price.ts";

/** Most symbols of one batch call, as IEX Cloud had it. */
const BATCH_LIMIT = 100;

/** What a simulator serves. */
export interface IexSimulatorOptions {
  readonly seed: number;
  /** Prices stand still between the multiples of this on the epoch, as they do for a feed that polls as often. */
  readonly intervalMs: number;
  readonly clock: Clock;
  /** Where given, every other symbol is unknown; otherwise every well-formed one is known. */
  readonly symbols?: readonly string[];
}

/**
 * The simulator over HTTP in IEX Cloud's format: `GET /stable/stock/{symbol}/quote` and
 * `GET /stable/stock/market/batch?symbols=…&types=quote`. Any token will do. As there, symbols may be in lower case,
 * an unknown one is 404 "Unknown symbol", and in a batch it is left out.
 */
export function createIexSimulator(options: IexSimulatorOptions): Hono {
  const known = options.symbols && new Set(options.symbols);
  const quote = (name: string) => {
    const symbol = name.toUpperCase();
    const exists = known ? known.has(symbol) : SYMBOL_PATTERN.test(symbol);
    return exists ? quoteOf(symbol, options) : undefined;
  };

  const app = new Hono();
  app.get("/stable/stock/market/batch", (c) => {
    const symbols = (c.req.query("symbols") ?? "").split(",").filter((symbol) => symbol !== "");
    if (symbols.length > BATCH_LIMIT) return c.text(`A batch has at most ${BATCH_LIMIT} symbols`, 400);
    if (!(c.req.query("types") ?? "").split(",").includes("quote")) return c.text("types must hold quote", 400);
    const quotes = symbols.map(quote).filter((found) => found !== undefined);
    return c.json(Object.fromEntries(quotes.map((found) => [found.symbol, { quote: found }])));
  });
  app.get("/stable/stock/:symbol/quote", (c) => {
    const found = quote(c.req.param("symbol"));
    return found ? c.json(found) : c.text("Unknown symbol", 404);
  });
  app.notFound((c) => c.text("Not found. Ask for /stable/stock/AAPL/quote", 404));
  return app;
}

function quoteOf(symbol: string, { seed, intervalMs, clock }: IexSimulatorOptions) {
  const now = clock.now();
  const { price, providerTime, volume } = simulatedPrice(seed, symbol, now - (now % intervalMs));
  return {
    symbol,
    companyName: `${symbol} (simulated)`,
    calculationPrice: "tops",
    latestPrice: price / MICROS,
    latestSource: "IEX real time price",
    latestTime: new Date(providerTime).toISOString(),
    latestUpdate: providerTime,
    latestVolume: volume,
    volume,
    isUSMarketOpen: true,
  };
}
