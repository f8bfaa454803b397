import { z } from "zod";
import type { WireFormat } from "./wire-format.ts";

const quoteSchema = z.object({
  /** Current price. */
  c: z.number().nullable(),
  /** Seconds since the epoch. */
  t: z.number(),
});

/** Finnhub's quote (`GET /api/v1/quote`): one symbol a call, no volume. */
export const finnhub: WireFormat = {
  type: "Finnhub",
  // On top of every plan's limit, https://finnhub.io/docs/api/rate-limit
  extraLimits: [{ calls: 30, perMs: 1_000 }],
  request: ([symbol = ""], [token = ""]) => ({
    path: "api/v1/quote",
    query: { symbol },
    headers: { "X-Finnhub-Token": token },
  }),
  open: (body) => () => {
    const { c, t } = quoteSchema.parse(body);
    // A symbol that Finnhub does not know is all zeros, with status 200.
    return c === 0 && t === 0 ? undefined : { price: c, time: t * 1000 };
  },
  // Said with 401 or 403 of markets that the plan lacks; the key is good for other symbols.
  verdict: (status, text) =>
    (status === 401 || status === 403) && text.includes("have access to this resource") ? "symbol-refused" : undefined,
};
