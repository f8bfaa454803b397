import type { PriceMicros } from "../quotes/price.ts";
import type { EpochMs } from "../quotes/quote.ts";

/** What computed a row. */
export type EngineName = "Embedded" | "Dataflow" | "Beam";

/** One row a (feed, symbol, resolution, window end) that holds at least one quote. */
export interface WindowRow {
  readonly feed: string;
  readonly symbol: string;
  /** Window size in minutes; a fraction for sizes below a minute. */
  readonly resolutionMinutes: number;
  readonly windowStart: EpochMs;
  readonly windowEnd: EpochMs;
  /** Last slot with a quote. */
  readonly eventTime: EpochMs;
  /** First slot with a quote. */
  readonly firstEventTime: EpochMs;
  readonly firstPrice: PriceMicros;
  readonly lastPrice: PriceMicros;
  readonly minPrice: PriceMicros;
  readonly maxPrice: PriceMicros;
  /** Exact mean, rounded half-even to nine places, as decimal text. */
  readonly meanPrice: string;
  readonly quoteCount: number;
  readonly expectedCount: number;
  readonly engine: EngineName;
  readonly writtenAt: EpochMs;
}
