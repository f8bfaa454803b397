import { z } from "zod";
import type { WireFormat } from "./wire-format.ts";

const quoteSchema = z.object({
  latestPrice: z.number().nullable(),
  /** Milliseconds since the epoch; null before the first trade. */
  latestUpdate: z.number().nullable(),
  latestVolume: z.number().nullish(),
});

/**
 * IEX Cloud's quote (`GET /stable/stock/{symbol}/quote`), one symbol a call. The service closed on 31 August 2024;
 * servers that speak its format go on, `stockfeed simulate` among them. The token travels in the address, as there.
 */
export const iex: WireFormat = {
  type: "IEX",
  request: ([symbol = ""], [token]) => ({
    path: `stable/stock/${encodeURIComponent(symbol)}/quote`,
    ...(token !== undefined && { query: { token } }),
  }),
  open: (body) => () => {
    const { latestPrice, latestUpdate, latestVolume } = quoteSchema.parse(body);
    return { price: latestPrice, time: latestUpdate ?? NaN, volume: latestVolume };
  },
};
