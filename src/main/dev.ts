import { Command } from "commander";
import { removeSession } from "../adapters/duckdb/store-session.ts";
import { openStore } from "../adapters/duckdb/store.ts";
import { feedName, type StockFeed } from "../api/stockfeed.ts";
import { usageError } from "./cli-error.ts";
import type { CommandIo } from "./command-io.ts";
import { runFeeds } from "./dev/run-feeds.ts";
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
  const feeds = activeFeeds(await readFeeds(flags.file, io), io);
  const store = await openStore(flags.store);
  try {
    await runFeeds({ feeds, store, port, speed, host: flags.host, io, signal });
  } catch (error) {
    // Stopped while it came up: what is stored so far is whole.
    if (!signal.aborted || error !== signal.reason) throw error;
  } finally {
    await removeSession(store.path, process.pid);
    await store.close();
  }
  io.stdout.write(`Stopped. ${flags.store} keeps everything; start again to go on.\n`);
}

/** The feeds that are not suspended; the others are named. */
function activeFeeds(feeds: readonly StockFeed[], io: Pick<CommandIo, "stdout">): readonly StockFeed[] {
  const active = feeds.filter(({ spec }) => !spec.suspend);
  if (active.length === 0) throw usageError("Every feed is suspended. Set suspend: false in the one to run.");
  for (const feed of feeds) {
    if (feed.spec.suspend) io.stdout.write(`– ${feedName(feed)} is suspended: its manifest says suspend: true\n`);
  }
  return active;
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
