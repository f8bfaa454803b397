import { type StockFeed, stockFeedSchema } from "../src/api/stockfeed.ts";

/** What differs from a minimal feed. */
interface FeedChanges {
  readonly metadata?: object;
  readonly spec?: object;
}

/** A feed of one simulated symbol, with every default filled in, changed as told. */
export function feedWith({ metadata, spec }: FeedChanges = {}): StockFeed {
  return stockFeedSchema.parse({
    apiVersion: "stockfeed.dev/v1alpha1",
    kind: "StockFeed",
    metadata: { name: "tech", ...metadata },
    spec: { symbols: ["AAPL"], provider: { type: "Simulated" }, ...spec },
  });
}

/** So many symbols, all different. */
export function symbols(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `S${index}`);
}
