import type { Store } from "../../adapters/duckdb/store.ts";
import { feedName, type StockFeed } from "../../api/stockfeed.ts";
import type { QuoteProvider } from "../../ports.ts";
import type { EpochMs, Quote } from "../../quotes/quote.ts";
import type { FeedStream } from "../../stream/feed-stream.ts";
import type { DevTime } from "./dev-time.ts";
import { simulatedPast } from "./simulated-past.ts";

/** What a feed catches up with. */
export interface CatchUp {
  readonly feed: StockFeed;
  readonly store: Store;
  readonly time: DevTime;
  readonly provider: QuoteProvider;
  readonly stream: FeedStream;
  /** Stored quotes from here on make windows again. */
  readonly watermark: EpochMs;
  readonly signal: AbortSignal;
}

/** How many quotes came from the store, and how many from a past that is made up. */
export interface CaughtUp {
  readonly restored: number;
  readonly filled: number;
  /** Up to when the past is filled; undefined where the provider does not know it. */
  readonly filledUpTo: EpochMs | undefined;
}

/**
 * Makes the windows again that the store may lack, and fills the past where the provider knows it.
 * @throws the signal's reason when stopped before it is done, which loses nothing
 */
export async function catchUp(options: CatchUp): Promise<CaughtUp> {
  const { feed, store, time, stream, watermark, signal } = options;
  const counts = { restored: 0, filled: 0 };
  if (time.resumes) {
    const stored = store.readQuotes(feedName(feed), watermark);
    await stream.rebuild(counted(stored, signal, (quotes) => (counts.restored += quotes)));
  }
  const filledUpTo = feed.spec.provider.type === "Simulated" ? time.clock.now() : undefined;
  if (filledUpTo !== undefined) {
    const past = filled(options, filledUpTo);
    await stream.rebuild(counted(past, signal, (quotes) => (counts.filled += quotes)));
  }
  signal.throwIfAborted();
  await stream.advance(time.clock.now());
  return { ...counts, filledUpTo };
}

async function* filled({ feed, store, time, provider }: CatchUp, now: EpochMs): AsyncGenerator<readonly Quote[], void> {
  const after = time.resumes ? await store.lastQuoteSlot(feedName(feed)) : undefined;
  for await (const batch of simulatedPast(feed, provider, { now, after: after ?? -Infinity })) {
    if (feed.spec.archive) await store.appendQuotes(batch);
    yield batch;
  }
}

async function* counted(
  batches: AsyncIterable<readonly Quote[]>,
  signal: AbortSignal,
  count: (quotes: number) => void,
): AsyncGenerator<readonly Quote[], void> {
  for await (const batch of batches) {
    signal.throwIfAborted();
    count(batch.length);
    yield batch;
  }
}
