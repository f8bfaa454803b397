import { randomBytes } from "node:crypto";
import { writeSession } from "../../adapters/duckdb/store-session.ts";
import type { Store } from "../../adapters/duckdb/store.ts";
import { systemClock } from "../../adapters/system/system-clock.ts";
import { createLogger } from "../../adapters/telemetry/logger.ts";
import { teeTelemetry } from "../../adapters/telemetry/tee.ts";
import { createTelemetry } from "../../adapters/telemetry/telemetry.ts";
import { feedName, type StockFeed } from "../../api/stockfeed.ts";
import { createConsole } from "../../console/console.ts";
import { createMonitor } from "../../console/feed-monitor.ts";
import type { Telemetry } from "../../ports.ts";
import { formatTime } from "../../quotes/format-time.ts";
import { PROVIDER_LIMITS } from "../../quotes/provider-limits.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { CliError } from "../cli-error.ts";
import type { CommandIo } from "../command-io.ts";
import { DevReport } from "./dev-report.ts";
import { type DevTime, devTime } from "./dev-time.ts";
import { createFeedPipeline, type FeedPipeline } from "./feed-pipeline.ts";
import { untilOneFails } from "./until-one-fails.ts";

/** Feeds to run, and what they run on. */
export interface Run {
  readonly feeds: readonly StockFeed[];
  readonly store: Store;
  readonly port: number;
  readonly host: string;
  /** How many times faster time runs; undefined where the feeds decide. */
  readonly speed: number | undefined;
  readonly io: Pick<CommandIo, "stdout" | "stderr" | "env">;
  readonly signal: AbortSignal;
}

/** What the feeds of a run share. */
interface Shared {
  readonly time: DevTime;
  readonly telemetry: Telemetry;
  readonly report: DevReport;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
}

const machineClock = systemClock();

/**
 * Runs feeds and the page that shows them, until the signal.
 * @throws CliError for what a person can mend; StoreError when rows can't be written at the end; the signal's reason
 *   when stopped while it came up
 */
export async function runFeeds(run: Run): Promise<void> {
  const { feeds, store, port, host, speed, io } = run;
  const print = (line: string) => void io.stdout.write(`${line}\n`);
  const failed = new AbortController();
  const signal = AbortSignal.any([run.signal, failed.signal]);
  const time = await devTime(feeds, { speed, machineClock, storedUpTo: await storedUpTo(store, feeds), signal });
  const monitor = createMonitor({ feeds, now: () => time.clock.now() });
  const prometheus = createTelemetry();
  const telemetry = teeTelemetry(prometheus.telemetry, monitor.telemetry);
  const token = randomBytes(24).toString("base64url");
  const logger = createLogger({ pretty: io.stderr.isTTY === true, secrets: [token, ...keysIn(feeds, io.env)] });
  const report = new DevReport({ monitor, print, logger });
  const pipelines = await createPipelines(run, { time, telemetry, report, signal, print });
  const page = createConsole({
    monitor,
    reader: store,
    metrics: () => prometheus.registry.metrics(),
    readiness: () => ({ ready: report.troubles.length === 0, reasons: report.troubles }),
    token,
    host,
    port,
  });
  const url = await page.start().catch((error: unknown) => {
    throw new CliError(error instanceof Error ? error.message : String(error), { cause: error });
  });
  try {
    await writeSession(store.path, { url, token, pid: process.pid });
    print(`✓ store ${store.path}`);
    if (time.speed !== 1) print(`✓ time runs ${time.speed} times as fast, from ${formatTime(time.clock.now())}`);
    await catchUp(pipelines, print);
    print(`✓ console ${url}\n`);
    report.caughtUp();
    time.begin();
    await untilOneFails(
      failed,
      [...pipelines.values()].map((pipeline) => pipeline.run()),
    );
  } finally {
    await page.close();
  }
}

/** The feeds' pipelines, by feed name. */
async function createPipelines(run: Run, shared: Shared): Promise<ReadonlyMap<string, FeedPipeline>> {
  const { feeds, store, io } = run;
  const pipelines = new Map<string, FeedPipeline>();
  for (const feed of feeds) {
    const name = feedName(feed);
    const sharing = feeds.filter(({ spec }) => spec.provider.type === feed.spec.provider.type).length;
    const listener = shared.report.listener(name);
    const parts = { ...shared, feed, store, machineClock, env: io.env, budgetShare: 1 / sharing, listener };
    pipelines.set(name, await createFeedPipeline(parts));
    shared.print(`✓ ${describe(feed)}`);
    for (const line of shared.time.recordings.get(name)?.badLines ?? []) shared.print(`  ${line}`);
  }
  return pipelines;
}

async function catchUp(pipelines: ReadonlyMap<string, FeedPipeline>, print: (line: string) => void): Promise<void> {
  for (const [name, pipeline] of pipelines) {
    const { restored, filled } = await pipeline.catchUp();
    if (restored > 0) print(`✓ ${name}: windows restored from ${restored} stored quotes`);
    if (filled > 0) print(`✓ ${name}: the past simulated, ${filled} quotes`);
  }
}

/** The newest time that the store knows of the feeds; -Infinity where it knows none. */
async function storedUpTo(store: Store, feeds: readonly StockFeed[]): Promise<EpochMs> {
  const times: EpochMs[] = [];
  for (const name of feeds.map(feedName)) {
    times.push((await store.newestWindowEnd(name)) ?? -Infinity, (await store.lastQuoteSlot(name)) ?? -Infinity);
  }
  return Math.max(...times);
}

function describe({ metadata, spec }: StockFeed): string {
  const { length } = spec.symbols;
  const windows = spec.resolutions.map(({ window }) => window).join(", ");
  return `${metadata.namespace}/${metadata.name}: ${length} ${length === 1 ? "symbol" : "symbols"} from ${spec.provider.type} every ${spec.polling.interval}, windows of ${windows}`;
}

/** The providers' keys in the environment, to be kept out of every log entry. */
function keysIn(feeds: readonly StockFeed[], env: CommandIo["env"]): string[] {
  const names = new Set(feeds.flatMap(({ spec }) => [...PROVIDER_LIMITS[spec.provider.type].environment]));
  return [...names].flatMap((name) => env[name]?.trim() ?? []);
}
