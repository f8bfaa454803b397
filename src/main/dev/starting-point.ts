import type { Store } from "../../adapters/duckdb/store.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import type { WindowSpec } from "../../windows/window-spec.ts";
import { PAST_MS } from "./simulated-past.ts";

/** Where a feed's windows begin. */
export interface StartingPoint {
  /** Quotes from here on are needed. */
  readonly watermark: EpochMs;
  /** Rows of windows that end at or before this are in the store, in their last state. */
  readonly writtenUpTo: EpochMs;
}

/**
 * Where to go on from what the store has: so far back that every window that may be missing from it, or not be in its
 * last state, is made again whole from the stored quotes.
 *
 * All windows up to the newest row are there, since rows are written in the order of their windows' ends; a late quote
 * may have changed those that ended less than the allowed lateness before it. Where there are quotes and no rows, the
 * quotes came just before the end, and all of them count.
 */
export async function startingPoint(
  store: Pick<Store, "newestWindowEnd" | "readQuotes">,
  { feed, windows, now }: { readonly feed: string; readonly windows: readonly WindowSpec[]; readonly now: EpochMs },
): Promise<StartingPoint> {
  const newest = await store.newestWindowEnd(feed);
  if (newest === undefined) {
    const first = (await firstSlot(store, feed)) ?? now;
    return { watermark: Math.min(first, now) - PAST_MS, writtenUpTo: -Infinity };
  }
  const lateness = Math.max(...windows.map((w) => w.allowedLatenessMs));
  const longest = Math.max(...windows.map((w) => w.sizeMs + w.periodMs));
  return { watermark: newest - lateness - longest, writtenUpTo: newest - lateness };
}

async function firstSlot(store: Pick<Store, "readQuotes">, feed: string): Promise<EpochMs | undefined> {
  for await (const [first] of store.readQuotes(feed, 0)) return first?.observedAt;
  return undefined;
}
