import type { Logger } from "pino";
import { bigQueryReader } from "../../adapters/bigquery/reader.ts";
import { bigQuerySink } from "../../adapters/bigquery/sink.ts";
import { pubsubClient } from "../../adapters/pubsub/clients.ts";
import { pubsubDeadLetters } from "../../adapters/pubsub/dead-letters.ts";
import { pubsubQuoteLog } from "../../adapters/pubsub/quote-log.ts";
import { feedName, type StockFeed } from "../../api/stockfeed.ts";
import { resolutionLabel, windowSpecs } from "../../api/window-specs.ts";
import { PROJECT_NAMES, pubsubName } from "../../plan/names.ts";
import type { Clock, Telemetry } from "../../ports.ts";
import { type LogStreamObserver, runLogStream } from "../../stream/log-stream.ts";
import { usageError } from "../cli-error.ts";

/** How long a stop waits for a sink that takes nothing: with the rest of a stop it stays within half a minute. */
const GIVE_UP_MS = 15_000;

export interface StreamRun {
  readonly feed: StockFeed;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Pick<Logger, "info" | "warn">;
  readonly telemetry: Telemetry;
  readonly report: LogStreamObserver;
  /** Stops the stream. */
  readonly signal: AbortSignal;
}

/**
 * Runs a feed's stream, from its subscription into BigQuery, until it is stopped.
 * @throws CliError (usage) where the feed does not say where its quotes are or its rows go
 */
export async function runStream(run: StreamRun): Promise<void> {
  const { feed, env, clock, log, telemetry, report, signal } = run;
  const { pubsub, sink } = feed.spec;
  if (pubsub === undefined) throw usageError("spec.pubsub is required on a cluster. Add pubsub: {projectId: acme}.");
  if (sink === undefined) {
    throw usageError("spec.sink is required on a cluster. Add sink: {bigQuery: {projectId: acme, dataset: markets}}.");
  }
  const name = feedName(feed);
  const windows = windowSpecs(feed.spec);
  zeroCounters(telemetry, name, windows.map(resolutionLabel));
  const client = pubsubClient({ emulatorHost: env.PUBSUB_EMULATOR_HOST, projectId: pubsub.projectId });
  const bigQuery = { ...sink.bigQuery, endpoint: env.BIGQUERY_EMULATOR_HOST };
  const reader = bigQueryReader(bigQuery);
  const { giveUp, over } = giveUpAfter(signal, clock);
  const quotes = pubsubQuoteLog({
    client,
    project: pubsub.projectId,
    subscription: pubsubName(feed, "windows"),
    onInterrupted: (error, retryInMs) => {
      report.onObstacle("log", error, clock.now() + retryInMs);
    },
    onResumed: () => {
      report.onObstacleGone("log");
    },
  });
  try {
    await runLogStream({
      feed: name,
      symbols: feed.spec.symbols,
      windows,
      log: quotes,
      sink: bigQuerySink(bigQuery),
      newestQuotes: (of) => reader.newestQuotes(of),
      deadLetters: pubsubDeadLetters({ client, project: pubsub.projectId, topic: PROJECT_NAMES.deadLetter }),
      clock,
      random: Math.random,
      telemetry,
      observer: report,
      signal,
      giveUp,
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    log.warn({ problem }, "stopped with rows that the sink did not take; they are made again at the next start");
  } finally {
    over();
    await client.close().catch(() => undefined);
  }
}

/** A counter that is not there yet can't be seen to rise. */
function zeroCounters(telemetry: Telemetry, feed: string, resolutions: readonly string[]): void {
  for (const outcome of ["accepted", "duplicate", "dead_letter"] as const) telemetry.countQuotes(feed, outcome, 0);
  for (const outcome of ["written", "failed"] as const) telemetry.countSinkRows(feed, outcome, 0);
  for (const resolution of resolutions) telemetry.countLateQuotes(feed, resolution, 0);
}

/** A signal that is aborted some time after another. */
function giveUpAfter(stop: AbortSignal, clock: Clock): { readonly giveUp: AbortSignal; readonly over: () => void } {
  const giveUp = new AbortController();
  const over = new AbortController();
  const onStop = () => {
    clock.sleepUntil(clock.now() + GIVE_UP_MS, over.signal).then(
      () => {
        giveUp.abort(new Error("The stop did not wait any longer."));
      },
      () => undefined,
    );
  };
  if (stop.aborted) onStop();
  else stop.addEventListener("abort", onStop, { once: true });
  return {
    giveUp: giveUp.signal,
    over: () => {
      over.abort();
    },
  };
}
