import { stockFeedSchema, feedName, type StockFeed } from "../../src/api/stockfeed.ts";
import { durationMs } from "../../src/api/duration.ts";
import { MICROS } from "../../src/quotes/price.ts";
import type { EpochMs, Quote } from "../../src/quotes/quote.ts";
import { defaultOffsetMs } from "../../src/windows/window-spec.ts";
import type { WindowRow } from "../../src/windows/window-row.ts";
import { meanHalfEven } from "../oracles/windows.ts";

/** First prices, so that a sample looks like a market. */
const BASES: Readonly<Record<string, number>> = {
  AAPL: 189.3,
  MSFT: 415.2,
  GOOG: 171.9,
  AMZN: 182.4,
  NVDA: 121.8,
  META: 503.1,
  TSLA: 177.5,
  NFLX: 648.7,
  INTC: 30.9,
  IBM: 169.6,
};

/** A feed of these symbols, ten well-known ones by default. */
export function sampleFeed({
  name = "tech",
  symbols = Object.keys(BASES),
  session = "Always",
}: { name?: string; symbols?: readonly string[]; session?: "Always" | "NYSE" } = {}): StockFeed {
  return stockFeedSchema.parse({
    apiVersion: "stockfeed.dev/v1alpha1",
    kind: "StockFeed",
    metadata: { name, namespace: "markets" },
    spec: { symbols, provider: { type: "Simulated", seed: 7 }, polling: { session } },
  });
}

/** Quotes of every symbol at every slot in [from, to]: the same walk each time. */
export function sampleQuotes(feed: StockFeed, from: EpochMs, to: EpochMs): Quote[] {
  const interval = durationMs(feed.spec.polling.interval);
  const quotes: Quote[] = [];
  for (const [index, symbol] of feed.spec.symbols.entries()) {
    const base = BASES[symbol] ?? 20 + ((index * 37) % 480);
    for (let slot = from; slot <= to; slot += interval) {
      const price = Math.round(base * (1 + walk(index + 1, slot / interval)) * 100) * (MICROS / 100);
      quotes.push({
        feed: feedName(feed),
        symbol,
        price,
        observedAt: slot,
        providerTime: slot - 700,
        provider: "Simulated",
      });
    }
  }
  return quotes;
}

/** Waves of several lengths with a little noise: within some per cent, and never twice the same shape. */
function walk(symbol: number, step: number): number {
  const wave = (length: number, height: number) => height * Math.sin(step / length + symbol * symbol * 1.7);
  const noise = Math.abs(Math.sin(step * 12.9898 + symbol * 78.233) * 43_758.5453) % 1;
  return wave(230, 0.006) + wave(61, 0.0025) + wave(17, 0.0009) + wave(5.3, 0.0004) + (noise - 0.5) * 0.0006;
}

/** The rows of every resolution's last window that ends at or before `now`, by brute force. */
export function sampleRows(feed: StockFeed, quotes: readonly Quote[], now: EpochMs): WindowRow[] {
  const periodMs = durationMs(feed.spec.polling.interval);
  const offset = defaultOffsetMs(periodMs);
  const windowEnd = Math.floor((now - offset) / periodMs) * periodMs + offset;
  const quotesOf = Map.groupBy(quotes, ({ symbol }) => symbol);
  return feed.spec.resolutions.flatMap(({ window }) =>
    feed.spec.symbols.flatMap((symbol) => {
      const sizeMs = durationMs(window);
      const held = (quotesOf.get(symbol) ?? [])
        .filter(({ observedAt }) => observedAt >= windowEnd - sizeMs && observedAt < windowEnd)
        .sort((a, b) => a.observedAt - b.observedAt);
      return held.length === 0 ? [] : [row(held, windowEnd, sizeMs, sizeMs / periodMs)];
    }),
  );
}

function row(quotes: readonly Quote[], windowEnd: EpochMs, sizeMs: number, expectedCount: number): WindowRow {
  const [first] = quotes;
  const last = quotes.at(-1);
  if (!first || !last) throw new Error("a window without quotes has no row");
  const prices = quotes.map(({ price }) => price);
  return {
    feed: first.feed,
    symbol: first.symbol,
    resolutionMinutes: sizeMs / 60_000,
    windowStart: windowEnd - sizeMs,
    windowEnd,
    eventTime: last.observedAt,
    firstEventTime: first.observedAt,
    firstPrice: first.price,
    lastPrice: last.price,
    minPrice: Math.min(...prices),
    maxPrice: Math.max(...prices),
    meanPrice: meanHalfEven(prices),
    quoteCount: quotes.length,
    expectedCount,
    engine: "Embedded",
    writtenAt: windowEnd + 20,
  };
}
