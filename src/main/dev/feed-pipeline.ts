import { memoryBus } from "../../adapters/memory/memory-bus.ts";
import { createProvider } from "../../adapters/providers/provider-factory.ts";
import { createReplay } from "../../adapters/providers/replay.ts";
import type { Store } from "../../adapters/duckdb/store.ts";
import { durationMs } from "../../api/duration.ts";
import { feedName, type StockFeed } from "../../api/stockfeed.ts";
import { windowSpecs } from "../../api/window-specs.ts";
import type { FeedEvents } from "../../console/feed-monitor.ts";
import { runPollLoop } from "../../poll/poll-loop.ts";
import type { SlotReport } from "../../poll/slot-report.ts";
import type { Clock, QuoteProvider, Telemetry } from "../../ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { sessionOf } from "../../quotes/session.ts";
import { runCloseLoop } from "../../stream/close-loop.ts";
import { FeedStream } from "../../stream/feed-stream.ts";
import type { WindowRow } from "../../windows/window-row.ts";
import type { WindowSpec } from "../../windows/window-spec.ts";
import { CliError } from "../cli-error.ts";
import type { DevTime } from "./dev-time.ts";
import { simulatedPast } from "./simulated-past.ts";

/** Who hears what happens to a feed, beside telemetry. */
export interface PipelineListener extends FeedEvents {
  onPolled(report: SlotReport): void;
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
}

/** A feed at work in this process: provider → slot loop → bus → windows → store. */
export interface FeedPipeline {
  /** Takes up where the store left off, and fills the past where the provider knows it. */
  catchUp(): Promise<{ readonly restored: number; readonly filled: number }>;
  /** Polls and closes windows until the signal; rejects when rows can't be written. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * The pipeline of one feed.
 * @throws CliError when a key is missing, naming it
 */
export async function createFeedPipeline(options: PipelineOptions): Promise<FeedPipeline> {
  const { feed, store, time, listener } = options;
  const provider = providerOf(options);
  const windows = windowSpecs(feed.spec);
  const { watermark, writtenUpTo } = await startingPoint(options, windows);
  const stopWriting = new AbortController();
  const stream = new FeedStream({
    ...options,
    feed: feedName(feed),
    symbols: feed.spec.symbols,
    windows,
    watermark,
    writtenUpTo,
    sink: store,
    ...(feed.spec.archive && { archive: store }),
    deadLetters: store,
    clock: time.clock,
    observer: listener,
    signal: stopWriting.signal,
  });
  return {
    catchUp: async () => {
      const restored = await restore(stream, options, watermark);
      const filled = await fill(stream, options, provider);
      await stream.advance(time.clock.now());
      return { restored, filled };
    },
    run: async (signal) => {
      signal.addEventListener("abort", () => {
        stopWriting.abort(signal.reason);
      });
      await runPipeline(options, { provider, stream, windows, signal });
    },
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

/**
 * Where windows begin. After a restart: so far back that every window that may still be missing from the store, or not
 * be in its last state, is made again whole from the stored quotes; rows that the store has in their last state are not
 * written once more. A replay begins anew on its recording's clock.
 */
async function startingPoint({ feed, store, time }: PipelineOptions, windows: readonly WindowSpec[]) {
  const name = feedName(feed);
  const now = time.clock.now();
  const newest = time.recordings.has(name) ? undefined : await store.newestWindowEnd(name);
  if (newest === undefined || newest > now) return { watermark: now, writtenUpTo: -Infinity };
  const lateness = Math.max(...windows.map((w) => w.allowedLatenessMs));
  const longest = Math.max(...windows.map((w) => w.sizeMs + w.periodMs));
  return { watermark: newest - lateness - longest, writtenUpTo: newest - lateness };
}

async function restore(stream: FeedStream, { feed, store, time }: PipelineOptions, from: EpochMs): Promise<number> {
  if (time.recordings.has(feedName(feed))) return 0;
  let restored = 0;
  const batches = async function* () {
    for await (const batch of store.readQuotes(feedName(feed), from)) {
      restored += batch.length;
      yield batch;
    }
  };
  await stream.rebuild(batches());
  return restored;
}

async function fill(stream: FeedStream, options: PipelineOptions, provider: QuoteProvider): Promise<number> {
  const { feed, store, time } = options;
  if (feed.spec.provider.type !== "Simulated") return 0;
  const newest = await store.lastQuoteSlot(feedName(feed));
  const past = await simulatedPast(feed, provider, { now: time.clock.now(), after: newest ?? -Infinity });
  if (feed.spec.archive) await store.appendQuotes(past);
  await stream.rebuild([past]);
  return past.length;
}

async function runPipeline(
  { feed, store, time, machineClock, telemetry, listener }: PipelineOptions,
  parts: { provider: QuoteProvider; stream: FeedStream; windows: readonly WindowSpec[]; signal: AbortSignal },
): Promise<void> {
  const { provider, stream, windows } = parts;
  const { polling, symbols } = feed.spec;
  const bus = memoryBus({
    clock: machineClock,
    onRedelivery: ({ error, quotes }) => {
      listener.onRedelivery(error, quotes);
    },
  });
  bus.subscribe((quotes) => stream.take(quotes));
  // Either loop's failure ends the other: half a pipeline would look alive.
  const failed = new AbortController();
  const signal = AbortSignal.any([parts.signal, failed.signal]);
  const guard = async (work: Promise<unknown>) => {
    await work.catch((error: unknown) => {
      failed.abort(error);
      throw error;
    });
  };
  const polls = runPollLoop({
    feed: feedName(feed),
    symbols,
    intervalMs: durationMs(polling.interval),
    session: sessionOf(polling),
    provider,
    bus,
    deadLetters: store,
    clock: time.clock,
    signal,
    telemetry,
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
  await Promise.all([guard(polls), guard(runCloseLoop(stream, { windows, clock: time.clock, signal }))]).finally(
    async () => {
      await provider.close();
      await bus.close();
    },
  );
  await stream.advance(time.clock.now());
}

/** The rows of a batch by resolution and window end, in the order they came. */
export function byWindow(rows: readonly WindowRow[]): WindowRow[][] {
  const windows = new Map<string, WindowRow[]>();
  for (const row of rows) {
    const key = `${row.windowEnd}/${row.resolutionMinutes}`;
    const rest = windows.get(key);
    if (rest === undefined) windows.set(key, [row]);
    else rest.push(row);
  }
  return [...windows.values()];
}
