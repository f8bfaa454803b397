import { memoryBus } from "../../adapters/memory/memory-bus.ts";
import { createProvider } from "../../adapters/providers/provider-factory.ts";
import { createReplay } from "../../adapters/providers/replay.ts";
import type { Store } from "../../adapters/duckdb/store.ts";
import { durationMs } from "../../api/duration.ts";
import { feedName, type StockFeed } from "../../api/stockfeed.ts";
import { resolutionLabel, windowSpecs } from "../../api/window-specs.ts";
import type { FeedEvents } from "../../console/feed-monitor.ts";
import { runPollLoop } from "../../poll/poll-loop.ts";
import type { SlotReport } from "../../poll/slot-report.ts";
import type { Clock, QuoteProvider, Telemetry } from "../../ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { sessionOf } from "../../quotes/session.ts";
import { firstSlotFrom, slotOf } from "../../quotes/slots.ts";
import { closeUpTo, runCloseLoop } from "../../stream/close-loop.ts";
import { FeedStream } from "../../stream/feed-stream.ts";
import { QuotesUnderWay } from "../../stream/quotes-under-way.ts";
import type { WindowSpec } from "../../windows/window-spec.ts";
import { CliError } from "../cli-error.ts";
import { catchUp, type CaughtUp } from "./catch-up.ts";
import type { DevTime, FeedRecording } from "./dev-time.ts";
import { startingPoint } from "./starting-point.ts";
import { untilOneFails } from "./until-one-fails.ts";

/** How long a stop waits for quotes that the store does not take. */
const STOP_MS = 3_000;

/** Who hears what happens to a feed, beside telemetry. */
export interface PipelineListener extends FeedEvents {
  onPolled(report: SlotReport): void;
  /** The recording of a Replay feed is played to its end. */
  onRecordingEnd(recording: FeedRecording): void;
  onSinkError(error: Error, rows: number, retryAt: EpochMs): void;
  onRedelivery(error: unknown, quotes: number): void;
}

export interface PipelineOptions {
  readonly feed: StockFeed;
  readonly store: Store;
  readonly time: DevTime;
  readonly machineClock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Share of the provider's call limit, where feeds share its keys. */
  readonly budgetShare: number;
  readonly telemetry: Telemetry;
  readonly listener: PipelineListener;
  /** Stops the feed, at any moment. */
  readonly signal: AbortSignal;
}

/** A feed at work in this process: provider → slot loop → bus → windows → store. */
export interface FeedPipeline {
  /**
   * Takes up where the store left off, and fills the past where the provider knows it.
   * @throws the signal's reason when stopped before it is done, which loses nothing
   */
  catchUp(): Promise<CaughtUp>;
  /** Polls and closes windows until the signal; rejects when rows can't be written. */
  run(): Promise<void>;
}

/** What a pipeline is made of. */
interface Parts {
  /** Stops the parts, each when another fails. */
  readonly failed: AbortController;
  /** Fires at a stop from outside and at a failure. */
  readonly signal: AbortSignal;
  readonly provider: QuoteProvider;
  readonly stream: FeedStream;
  readonly windows: readonly WindowSpec[];
  /** Quotes from here on are read again. */
  readonly watermark: EpochMs;
  /** The first slot that is to be polled. */
  readonly firstSlot: EpochMs;
}

/**
 * The pipeline of one feed.
 * @throws CliError when a key is missing, naming it
 */
export async function createFeedPipeline(options: PipelineOptions): Promise<FeedPipeline> {
  const { feed, store, time, listener, telemetry } = options;
  const name = feedName(feed);
  const intervalMs = durationMs(feed.spec.polling.interval);
  const now = time.clock.now();
  const provider = providerOf(options);
  const windows = windowSpecs(feed.spec);
  const start = time.resumes
    ? await startingPoint(store, { feed: name, windows, now })
    : { watermark: now, writtenUpTo: -Infinity };
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const stream = new FeedStream({
    ...options,
    ...start,
    signal,
    feed: name,
    symbols: feed.spec.symbols,
    windows,
    sink: store,
    ...(feed.spec.archive && { archive: store }),
    deadLetters: store,
    clock: time.clock,
    observer: listener,
  });
  // A counter that is not there yet can't be seen to rise.
  telemetry.countPolledSlots(name, 0);
  telemetry.countMissedSlots(name, 0);
  telemetry.countQuotes(name, "stale", 0);
  telemetry.countSinkRows(name, "failed", 0);
  telemetry.countQuotes(name, "dead_letter", 0);
  for (const window of windows) telemetry.countLateQuotes(name, resolutionLabel(window), 0);
  const parts = { failed, signal, provider, stream, windows, watermark: start.watermark };
  let firstSlot = slotOf(now, intervalMs);
  return {
    catchUp: async () => {
      const caughtUp = await catchUp({ ...options, ...parts });
      // A past that is filled holds the slot of its end already.
      if (caughtUp.filledUpTo !== undefined) firstSlot = slotOf(caughtUp.filledUpTo, intervalMs) + intervalMs;
      return caughtUp;
    },
    run: () => runPipeline(options, { ...parts, firstSlot }),
  };
}

function providerOf({ feed, time, env, budgetShare, telemetry }: PipelineOptions): QuoteProvider {
  const spec = feed.spec.provider;
  const name = feedName(feed);
  if (spec.type === "Replay") {
    const recording = time.recordings.get(name);
    if (recording === undefined) throw new Error(`The recording of ${name} was not read.`);
    return createReplay(recording);
  }
  try {
    return createProvider(spec, {
      clock: time.clock,
      env,
      budgetShare,
      onRequest: (code, seconds) => {
        telemetry.observeProviderRequest(name, code, seconds);
      },
    });
  } catch (error) {
    throw new CliError(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function runPipeline(options: PipelineOptions, parts: Parts): Promise<void> {
  const { time } = options;
  const { failed, signal, provider, stream, windows } = parts;
  const { bus, close } = openBus(options, stream);
  try {
    await untilOneFails(failed, [
      poll(options, parts, bus),
      runCloseLoop({ stream, underWay: bus, windows, clock: time.clock, signal }),
    ]);
  } catch (error) {
    // What is on the bus may still reach the archive; the first error tells why this ends.
    await Promise.allSettled([provider.close(), close()]);
    throw error;
  }
  await provider.close();
  const drained = new AbortController();
  const closed = close().finally(() => {
    drained.abort();
  });
  await Promise.all([closed, closeUpTo(time.clock.now(), { stream, underWay: bus, signal: drained.signal })]);
}

/** The bus from polls to the stream, and how to close it, which says so where the store did not take all quotes. */
function openBus({ feed, machineClock, listener }: PipelineOptions, stream: FeedStream) {
  let refusal: unknown;
  const bus = new QuotesUnderWay(
    memoryBus({
      clock: machineClock,
      closeTimeoutMs: STOP_MS,
      onRedelivery: ({ error, quotes }) => {
        refusal = error;
        listener.onRedelivery(error, quotes);
      },
    }),
  );
  bus.subscribe((quotes) => stream.take(quotes));
  const close = async () => {
    await bus.close().catch((cause: unknown) => {
      const why = refusal instanceof Error ? ` ${refusal.message}` : "";
      throw new CliError(`${feedName(feed)}: the newest quotes are lost, for the store did not take them.${why}`, {
        cause,
      });
    });
  };
  return { bus, close };
}

async function poll(options: PipelineOptions, parts: Parts, bus: QuotesUnderWay): Promise<void> {
  const { feed, store, time, telemetry, listener } = options;
  const { polling, symbols } = feed.spec;
  const name = feedName(feed);
  const intervalMs = durationMs(polling.interval);
  const recording = time.recordings.get(name);
  await runPollLoop({
    feed: name,
    symbols,
    intervalMs,
    session: sessionOf(polling),
    provider: parts.provider,
    from: parts.firstSlot,
    ...(recording && { until: firstSlotFrom(recording.span.last, intervalMs) + intervalMs }),
    bus,
    deadLetters: store,
    clock: time.clock,
    signal: parts.signal,
    telemetry,
    staleAfterMs: durationMs(polling.staleAfter),
    observer: {
      onSlot: (report) => {
        listener.onSlot(report);
        listener.onPolled(report);
      },
      onMarket: (state, nextOpen) => {
        listener.onMarket(state, nextOpen);
      },
    },
  });
  if (recording === undefined) return;
  // The end is when the last window has closed, not when the last tick was polled.
  const lastEnd = recording.span.last + Math.max(...parts.windows.map(({ sizeMs, periodMs }) => sizeMs + 2 * periodMs));
  const ended = await time.clock.sleepUntil(lastEnd, parts.signal).then(
    () => true,
    () => false,
  );
  if (ended) listener.onRecordingEnd(recording);
}
