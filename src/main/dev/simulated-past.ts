import { durationMs } from "../../api/duration.ts";
import { feedName, type StockFeed } from "../../api/stockfeed.ts";
import type { QuoteProvider } from "../../ports.ts";
import type { EpochMs, Quote } from "../../quotes/quote.ts";
import { sessionOf } from "../../quotes/session.ts";
import { slotOf, slotsIn } from "../../quotes/slots.ts";

/** How much of the past is made up at most. */
export const PAST_MS = 3_600_000;
/** Most quotes that are made at a start, so that thousands of symbols don't keep anybody waiting. */
const MOST_QUOTES = 100_000;
/** Slots that come at once. */
const BATCH_SLOTS = 60;

/**
 * The quotes that a simulated feed would have had in the past hour, the current slot included, after the slot `after`.
 * Only the simulator knows the past; a real provider is never asked for it, and nothing of its is back-dated.
 */
export async function* simulatedPast(
  feed: StockFeed,
  provider: QuoteProvider,
  { now, after }: { readonly now: EpochMs; readonly after: EpochMs },
): AsyncGenerator<Quote[], void> {
  const { symbols, polling } = feed.spec;
  const intervalMs = durationMs(polling.interval);
  const session = sessionOf(polling);
  const end = slotOf(now, intervalMs) + intervalMs;
  const reach = Math.max(intervalMs, Math.min(PAST_MS, Math.floor(MOST_QUOTES / symbols.length) * intervalMs));
  const signal = new AbortController().signal;
  for (let from = Math.max(end - reach, after + intervalMs); from < end; from += BATCH_SLOTS * intervalMs) {
    const quotes: Quote[] = [];
    for (const slot of slotsIn(from, Math.min(end, from + BATCH_SLOTS * intervalMs), intervalMs)) {
      if (!session.isOpen(slot)) continue;
      const { prices } = await provider.fetch({ symbols, slot, deadline: Infinity, signal });
      for (const price of prices)
        quotes.push({ ...price, feed: feedName(feed), observedAt: slot, provider: "Simulated" });
    }
    if (quotes.length > 0) yield quotes;
  }
}
