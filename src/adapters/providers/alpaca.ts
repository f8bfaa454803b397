import { z } from "zod";
import type { WireFormat } from "./wire-format.ts";

const snapshotSchema = z.object({
  latestTrade: z.object({ p: z.number().nullable(), t: z.string() }).nullish(),
  dailyBar: z.object({ v: z.number() }).nullish(),
});
/** Symbols that are unknown are left out, or null. */
const snapshotsSchema = z.record(z.string(), z.unknown());

/**
 * Alpaca's snapshots (`GET /v2/stocks/snapshots`) of the IEX feed, the one that the free plan has. One symbol that
 * Alpaca can't read makes it refuse the whole batch with 400.
 */
export const alpaca: WireFormat = {
  type: "Alpaca",
  request: (symbols, [keyId = "", secretKey = ""]) => ({
    path: "v2/stocks/snapshots",
    query: { symbols: symbols.join(","), feed: "iex" },
    headers: { "APCA-API-KEY-ID": keyId, "APCA-API-SECRET-KEY": secretKey },
  }),
  open: (body) => {
    const snapshots = new Map(Object.entries(snapshotsSchema.parse(body)));
    return (symbol) => {
      const snapshot = snapshotSchema.nullish().parse(snapshots.get(symbol));
      if (!snapshot?.latestTrade) return undefined;
      const { p, t } = snapshot.latestTrade;
      return { price: p, time: Date.parse(t), volume: snapshot.dailyBar?.v };
    };
  },
};
