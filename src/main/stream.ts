import { Command } from "commander";
import { systemClock } from "../adapters/system/system-clock.ts";
import { createLogger, feedLogger } from "../adapters/telemetry/logger.ts";
import { createTelemetry } from "../adapters/telemetry/telemetry.ts";
import { feedName } from "../api/stockfeed.ts";
import { windowSpecs, resolutionLabel } from "../api/window-specs.ts";
import { encodeStreamSummary } from "../quotes/stream-summary.ts";
import type { CommandIo } from "./command-io.ts";
import { usageError } from "./cli-error.ts";
import { readFeed } from "./poll/poll-task.ts";
import { serveProbes } from "./serve-probes.ts";
import { runStream } from "./stream/run-stream.ts";
import { StreamReport } from "./stream/stream-report.ts";

const HELP = `
The operator starts this in a feed's Pods. It takes everything from the environment: the manifest as JSON in
STOCKFEED_MANIFEST, the port of /healthz, /readyz and /metrics in STOCKFEED_METRICS_PORT, and the emulators' addresses
in PUBSUB_EMULATOR_HOST and BIGQUERY_EMULATOR_HOST where there are some. It reads the feed's subscription, computes
windows and writes their rows to BigQuery until it is stopped. One at a time: two get a part of the quotes each.

Examples:
  $ kubectl get statefulset -l app.kubernetes.io/component=stream         the streams of a namespace
  $ STOCKFEED_MANIFEST="$(yq -o=json -I=0 feed.yaml)" stockfeed stream    the same by hand
`;

/** `stockfeed stream`: the embedded engine of one feed, in a Pod. */
export function streamCommand(io: CommandIo = process): Command {
  return new Command("stream")
    .description("compute a feed's windows from Pub/Sub into BigQuery, in a Pod that the operator made")
    .addHelpText("after", HELP)
    .action(async () => {
      const stop = new AbortController();
      const onSignal = () => {
        stop.abort(new Error("stopped"));
      };
      for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, onSignal);
      try {
        await stream(io, stop.signal);
      } finally {
        for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, onSignal);
      }
    });
}

async function stream(io: CommandIo, signal: AbortSignal): Promise<void> {
  const feed = readFeed(io.env);
  const clock = systemClock();
  const name = feedName(feed);
  const logger = feedLogger(createLogger({ pretty: io.stderr.isTTY === true }), name);
  const log = logger.child({ resolutions: windowSpecs(feed.spec).map(resolutionLabel) });
  const report = new StreamReport(log, () => clock.now());
  const { telemetry, registry } = createTelemetry();
  const port = metricsPort(io.env.STOCKFEED_METRICS_PORT);
  const probes =
    port === undefined
      ? undefined
      : await serveProbes(port, {
          notReady: report.notReady,
          summary: () => encodeStreamSummary({ feed: name, ...(report.sinkTrouble && { sink: report.sinkTrouble }) }),
          metrics: () => registry.metrics(),
          contentType: registry.contentType,
        });
  try {
    await runStream({ feed, env: io.env, clock, log, telemetry, report, signal });
    log.info({}, "stopped");
  } finally {
    probes?.close();
  }
}

/** @throws CliError (usage) when it is no port */
function metricsPort(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw usageError(`STOCKFEED_METRICS_PORT is ${text}; it must be a port, 0 to 65535, such as 9090.`);
}
