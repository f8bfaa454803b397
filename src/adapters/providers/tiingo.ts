import { z } from "zod";
import type { WireFormat } from "./wire-format.ts";

const tickerSchema = z.object({ ticker: z.string() });
const quoteSchema = z.object({
  /** Tiingo's own last price; `last` is the exchange's and null without an agreement with it. */
  tngoLast: z.number().nullable(),
  /** When the price was last refreshed, RFC 3339. */
  timestamp: z.string(),
  volume: z.number().nullish(),
});

/** Tiingo writes share classes with a hyphen: BRK.B is its BRK-B. */
const tickerOf = (symbol: string) => symbol.replaceAll(".", "-");

/** Tiingo's IEX quotes (`GET /iex/`), many symbols a call; those it does not know are left out. */
export const tiingo: WireFormat = {
  type: "Tiingo",
  request: (symbols, [token = ""]) => ({
    path: "iex/",
    query: { tickers: symbols.map(tickerOf).join(",") },
    headers: { Authorization: `Token ${token}` },
  }),
  open: (body) => {
    const byTicker = new Map<string, unknown>();
    for (const quote of z.array(z.unknown()).parse(body)) {
      const { success, data } = tickerSchema.safeParse(quote);
      if (success) byTicker.set(data.ticker.toUpperCase(), quote);
    }
    return (symbol) => {
      const quote = quoteSchema.optional().parse(byTicker.get(tickerOf(symbol)));
      return quote && { price: quote.tngoLast, time: Date.parse(quote.timestamp), volume: quote.volume };
    };
  },
  // Past a plan's allowance Tiingo has answered with a sentence, and status 200.
  verdict: (_status, text) => (text.startsWith("You have run over your") ? "rate-limited" : undefined),
};
