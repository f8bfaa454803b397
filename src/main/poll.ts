import { Command } from "commander";
import { systemClock } from "../adapters/system/system-clock.ts";
import { createLogger, feedLogger } from "../adapters/telemetry/logger.ts";
import { feedName, type StockFeed } from "../api/stockfeed.ts";
import type { Telemetry } from "../ports.ts";
import { emptySummary, encodeSummary, type PollSummary } from "../quotes/poll-summary.ts";
import { PROVIDER_LIMITS } from "../quotes/provider-limits.ts";
import { CliError } from "./cli-error.ts";
import type { CommandIo } from "./command-io.ts";
import { EXIT } from "./exit-codes.ts";
import { pollTask, readFeed } from "./poll/poll-task.ts";
import { runPoller } from "./poll/run-poller.ts";
import { type TerminationLog, terminationLog } from "./poll/termination-log.ts";

const NOTES = `
The operator starts this in a feed's Pods. It takes everything from the environment: the manifest as JSON in
STOCKFEED_MANIFEST, the Job's name in STOCKFEED_JOB_NAME, its shard in JOB_COMPLETION_INDEX, the provider's keys. A Job
polls the slots of its minute and ends; with polling.workload Deployment it polls until it is stopped.
docs/polling.md tells all of it.
`;

type PollerTelemetry = Pick<
  Telemetry,
  "countQuotes" | "countPolledSlots" | "countMissedSlots" | "setMarketState" | "observeProviderRequest"
>;

const uncounted: PollerTelemetry = {
  countQuotes: () => undefined,
  countPolledSlots: () => undefined,
  countMissedSlots: () => undefined,
  setMarketState: () => undefined,
  observeProviderRequest: () => undefined,
};

/** `stockfeed poll`: one poller of a feed, in a Pod. */
export function pollCommand(io: CommandIo = process): Command {
  return new Command("poll")
    .description("poll a feed into Pub/Sub, in a Pod that the operator made")
    .addHelpText("after", NOTES)
    .action(async () => {
      const stop = new AbortController();
      const onSignal = () => {
        stop.abort(new Error("stopped"));
      };
      for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, onSignal);
      const message = terminationLog(io.env.STOCKFEED_TERMINATION_LOG);
      try {
        await poll(io, message, stop.signal);
      } finally {
        message.close();
        for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, onSignal);
      }
    });
}

async function poll(io: CommandIo, message: TerminationLog, signal: AbortSignal): Promise<void> {
  let feed: StockFeed | undefined;
  let summary: PollSummary | undefined;
  try {
    feed = readFeed(io.env);
    summary = emptySummary(feedName(feed), feed.spec.provider.type);
    message.write(encodeSummary(summary));
    summary = await run(io, feed, signal, (changed) => {
      summary = changed;
      message.write(encodeSummary(changed));
    });
    message.write(encodeSummary(summary));
  } catch (error) {
    const problem = error instanceof CliError ? error.message : `A defect: ${String(error)}`;
    message.write(summary === undefined ? problem : encodeSummary({ ...summary, problem }));
    throw error;
  }
}

/** Polls what the environment asks for, and sets the exit code where a stop left slots to a successor. */
async function run(
  io: CommandIo,
  feed: StockFeed,
  signal: AbortSignal,
  onSummary: (summary: PollSummary) => void,
): Promise<PollSummary> {
  const clock = systemClock();
  const task = pollTask(feed, io.env, clock.now());
  const log = feedLogger(
    createLogger({ pretty: io.stderr.isTTY === true, secrets: keysOf(feed, io.env) }),
    feedName(feed),
  );
  let known = emptySummary(feedName(feed), feed.spec.provider.type);
  const served = task.job === undefined ? await serve(io.env, () => known) : undefined;
  try {
    const telemetry = served?.telemetry ?? uncounted;
    const summary = await runPoller({
      task,
      env: io.env,
      clock,
      log,
      telemetry,
      signal,
      onSummary: (changed) => {
        known = changed;
        onSummary(changed);
      },
    });
    const stopped = task.job !== undefined && signal.aborted && clock.now() < task.job.until;
    if (stopped) io.exitCode = EXIT.terminated;
    log.info({ summary, ...(stopped && { stopped }) }, "polled");
    return summary;
  } finally {
    served?.close();
  }
}

/**
 * Metrics, probes and the summary of a poller without end, which the operator asks for. It is ready once it has polled, or
 * knows that the market is closed.
 */
async function serve(env: CommandIo["env"], known: () => PollSummary) {
  const port = Number(env.STOCKFEED_METRICS_PORT ?? NaN);
  if (!(port >= 0 && port <= 65_535)) return undefined;
  // They take a fifth of a second to load, which only a poller without end can spare.
  const { createTelemetry } = await import("../adapters/telemetry/telemetry.ts");
  const { serveProbes } = await import("./serve-probes.ts");
  const { telemetry, registry } = createTelemetry();
  const { close } = await serveProbes(port, {
    notReady: () => (known().marketState === undefined ? "no slot was polled yet" : undefined),
    summary: () => encodeSummary(known()),
    metrics: () => registry.metrics(),
    contentType: registry.contentType,
  });
  return { telemetry, close };
}

/** The provider's keys, to be kept out of every log entry. */
function keysOf({ spec }: StockFeed, env: CommandIo["env"]): string[] {
  return PROVIDER_LIMITS[spec.provider.type].environment.flatMap((name) => env[name] ?? []);
}
