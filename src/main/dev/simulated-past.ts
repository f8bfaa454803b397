import { durationMs } from "../../api/duration.ts";
import { feedName, type StockFeed } from "../../api/stockfeed.ts";
import type { QuoteProvider } from "../../ports.ts";
import type { EpochMs, Quote } from "../../quotes/quote.ts";
import { sessionOf } from "../../quotes/session.ts";
import { slotOf, slotsIn } from "../../quotes/slots.ts";

const PAST_MS = 3_600_000;
/** Most quotes that are made at a start, so that thousands of symbols don't keep anybody waiting. */
const MOST_QUOTES = 100_000;

/**
 * The quotes that a simulated feed would have had in the past hour, before the current slot and after `after`. Only
 * the simulator knows the past; a real provider is never asked for it, and nothing of its is back-dated.
 */
export async function simulatedPast(
  feed: StockFeed,
  provider: QuoteProvider,
  { now, after }: { readonly now: EpochMs; readonly after: EpochMs },
): Promise<Quote[]> {
  const { symbols, polling } = feed.spec;
  const intervalMs = durationMs(polling.interval);
  const session = sessionOf(polling);
  const current = slotOf(now, intervalMs);
  const reach = Math.min(PAST_MS, Math.floor(MOST_QUOTES / symbols.length) * intervalMs);
  const from = Math.max(current - reach, after + intervalMs);
  const signal = new AbortController().signal;
  const quotes: Quote[] = [];
  for (const slot of slotsIn(from, current, intervalMs)) {
    if (!session.isOpen(slot)) continue;
    const { prices } = await provider.fetch({ symbols, slot, deadline: Infinity, signal });
    for (const price of prices)
      quotes.push({ ...price, feed: feedName(feed), observedAt: slot, provider: "Simulated" });
  }
  return quotes;
}
