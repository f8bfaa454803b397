import { randomBytes } from "node:crypto";
import { Command } from "commander";
import { removeSession, writeSession } from "../adapters/duckdb/store-session.ts";
import { openStore, type Store } from "../adapters/duckdb/store.ts";
import { systemClock } from "../adapters/system/system-clock.ts";
import { createLogger } from "../adapters/telemetry/logger.ts";
import { teeTelemetry } from "../adapters/telemetry/tee.ts";
import { createTelemetry } from "../adapters/telemetry/telemetry.ts";
import { feedName, type StockFeed } from "../api/stockfeed.ts";
import { createConsole } from "../console/console.ts";
import { createMonitor } from "../console/feed-monitor.ts";
import { PROVIDER_LIMITS } from "../quotes/provider-limits.ts";
import { CliError, usageError } from "./cli-error.ts";
import type { CommandIo } from "./command-io.ts";
import { DevReport } from "./dev/dev-report.ts";
import { devTime } from "./dev/dev-time.ts";
import { createFeedPipeline, type FeedPipeline } from "./dev/feed-pipeline.ts";
import { readFeeds } from "./read-feeds.ts";
import { DEFAULT_STORE } from "./store-access.ts";

const EXAMPLES = `
Examples:
  $ stockfeed dev -f feed.yaml
  $ stockfeed dev -f feed.yaml -f other.yaml --port 9090 --store /tmp/feeds.duckdb
  $ stockfeed dev -f examples/ten-stocks.yaml --speed 60     an hour in a minute
  $ ALPACA_KEY_ID=... ALPACA_SECRET_KEY=... stockfeed dev -f examples/alpaca.yaml

While it runs, in another terminal: stockfeed top, gain, query and export read the same store.
Ctrl-C stops it; started again, it goes on with the same store.
`;

interface DevFlags {
  readonly file: readonly string[];
  readonly port: string;
  readonly host: string;
  readonly store: string;
  readonly speed?: string;
}

/** `stockfeed dev`: the whole pipeline of some feeds in this process, with a page to look at. */
export function devCommand(io: CommandIo = process): Command {
  return new Command("dev")
    .description("run feeds in this process: poll, aggregate, store, and show them on a page")
    .requiredOption("-f, --file <file...>", "manifests, several feeds a file if you like; - is standard input")
    .option("--port <port>", "port of the page; 0 takes a free one", "8080")
    .option("--host <host>", "address to listen on; the page is for this machine alone by default", "127.0.0.1")
    .option("--store <path>", "DuckDB file for quotes and rows", DEFAULT_STORE)
    .option("--speed <factor>", "run time faster, with the providers Simulated and Replay")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: DevFlags) => {
      const stop = new AbortController();
      const onSignal = () => {
        // The second Ctrl-C is from someone who has waited long enough.
        if (stop.signal.aborted) process.exit(130);
        stop.abort(new Error("stopped"));
      };
      for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, onSignal);
      try {
        await runDev(flags, io, stop.signal);
      } finally {
        for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, onSignal);
      }
    });
}

async function runDev(flags: DevFlags, io: CommandIo, signal: AbortSignal): Promise<void> {
  const port = parsePort(flags.port);
  const speed = parseSpeed(flags.speed);
  const feeds = await readFeeds(flags.file, io);
  const store = await openStore(flags.store);
  try {
    await runFeeds({ feeds, store, port, speed, host: flags.host, io, signal });
  } finally {
    await removeSession(store.path, process.pid);
    await store.close();
  }
  io.stdout.write(`Stopped. ${flags.store} keeps everything; start again to go on.\n`);
}

interface Run {
  readonly feeds: readonly StockFeed[];
  readonly store: Store;
  readonly port: number;
  readonly host: string;
  readonly speed: number | undefined;
  readonly io: CommandIo;
  readonly signal: AbortSignal;
}

async function runFeeds({ feeds, store, port, host, speed, io, signal }: Run): Promise<void> {
  const print = (line: string) => void io.stdout.write(`${line}\n`);
  const machineClock = systemClock();
  const time = await devTime(feeds, { speed, machineClock, signal });
  const monitor = createMonitor({ feeds, now: () => time.clock.now() });
  const { telemetry, registry } = createTelemetry();
  const token = randomBytes(24).toString("base64url");
  const secrets = [token, ...keysIn(feeds, io.env)];
  const report = new DevReport({
    monitor,
    print,
    logger: createLogger({ pretty: io.stderr.isTTY === true, secrets }),
  });
  const pipelines: [StockFeed, FeedPipeline][] = [];
  for (const feed of feeds) {
    const sharing = feeds.filter(({ spec }) => spec.provider.type === feed.spec.provider.type).length;
    const pipeline = await createFeedPipeline({
      feed,
      store,
      time,
      machineClock,
      env: io.env,
      budgetShare: 1 / sharing,
      telemetry: teeTelemetry(telemetry, monitor.telemetry),
      listener: report.listener(feedName(feed)),
    });
    pipelines.push([feed, pipeline]);
    print(`✓ ${describe(feed)}`);
  }
  const page = createConsole({
    monitor,
    reader: store,
    metrics: () => registry.metrics(),
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
    if (time.speed !== 1)
      print(`✓ time runs ${time.speed} times as fast, from ${new Date(time.clock.now()).toISOString()}`);
    for (const [feed, pipeline] of pipelines) {
      const { restored, filled } = await pipeline.catchUp();
      if (restored > 0) print(`✓ ${feedName(feed)}: windows restored from ${restored} stored quotes`);
      if (filled > 0) print(`✓ ${feedName(feed)}: the past simulated, ${filled} quotes`);
    }
    print(`✓ console ${url}\n`);
    report.caughtUp();
    await Promise.all(pipelines.map(([, pipeline]) => pipeline.run(signal)));
  } finally {
    await page.close();
  }
}

function describe({ metadata, spec }: StockFeed): string {
  const { length } = spec.symbols;
  const windows = spec.resolutions.map(({ window }) => window).join(", ");
  return `${metadata.namespace}/${metadata.name}: ${length} ${length === 1 ? "symbol" : "symbols"} from ${spec.provider.type} every ${spec.polling.interval}, windows of ${windows}`;
}

/** The providers' keys in the environment, to be kept out of every log entry. */
function keysIn(feeds: readonly StockFeed[], env: CommandIo["env"]): string[] {
  const names = new Set(feeds.flatMap(({ spec }) => [...PROVIDER_LIMITS[spec.provider.type].environment]));
  return [...names].flatMap((name) => env[name] ?? []);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^[0-9]{1,5}$/.test(text) && port <= 65_535) return port;
  throw usageError(`--port ${text} is no port. Write a number from 1 to 65535, or 0 for a free one.`);
}

function parseSpeed(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const speed = Number(text);
  if (speed > 0 && speed <= 100_000) return speed;
  throw usageError(`--speed ${text} is no factor. Write a number above 0 and up to 100000, such as 60.`);
}
