import { Command } from "commander";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { formatDuration } from "../api/duration.ts";
import { parseFeeds } from "../api/parse.ts";
import { intervalOfAtLeast } from "../api/polling-spec.ts";
import { PROVIDER_LIMITS } from "../quotes/provider-limits.ts";
import { CliError, usageError } from "./cli-error.ts";
import type { CommandIo } from "./command-io.ts";
import { type FeedAnswers, feedTemplate, isProvider } from "./feed-template.ts";
import { askFor, splitSymbols, type Suggestions } from "./init-questions.ts";
import { listProblems } from "./read-feeds.ts";

const EXAMPLES = `
Examples:
  $ stockfeed init
  $ stockfeed init --name tech --symbols AAPL,MSFT,NVDA --output tech.yaml
  $ stockfeed init --provider Alpaca --session NYSE --yes
  $ stockfeed init --provider IEX --base-url http://127.0.0.1:8181 --output -

On a terminal it asks for what the flags leave open; elsewhere, and with --yes, it takes the defaults.
Exit codes: 0 written, 1 not to be written, 2 an answer is not valid or the file is there already.
`;

const DEFAULTS: Suggestions = {
  name: "my-feed",
  symbols: ["AAPL", "MSFT", "GOOG", "AMZN", "NVDA"],
  provider: "Simulated",
  session: "Always",
};
/** The interval of a provider without a limit. */
const INTERVAL_MS = 10_000;

/** The flags as they are typed. */
interface InitFlags {
  readonly name?: string;
  readonly symbols?: string;
  readonly provider?: string;
  readonly session?: string;
  readonly interval?: string;
  readonly baseUrl?: string;
  readonly ticks?: string;
  readonly output: string;
  readonly force?: boolean;
  readonly yes?: boolean;
}

/** `stockfeed init`: writes a first manifest, with a comment at each choice. */
export function initCommand(io: Pick<CommandIo, "stdin" | "stdout"> = process): Command {
  return new Command("init")
    .description("write a commented manifest, by a few questions or by flags")
    .option("--name <name>", `name of the feed (default: ${DEFAULTS.name})`)
    .option("--symbols <list>", `symbols, separated by commas (default: ${DEFAULTS.symbols.join(",")})`)
    .option("--provider <type>", `Simulated, Replay, IEX, Alpaca, Finnhub or Tiingo (default: ${DEFAULTS.provider})`)
    .option("--session <session>", `when to poll: Always or NYSE (default: ${DEFAULTS.session})`)
    .option("--interval <duration>", `time between two observations (default: 10s, or what the free plan allows)`)
    .option("--base-url <url>", "where the server is, with --provider IEX")
    .option("--ticks <file>", "recorded ticks, with --provider Replay")
    .option("-o, --output <file>", "where to write; - is standard output", "feed.yaml")
    .option("--force", "replace a file that is there")
    .option("--yes", "ask nothing")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: InitFlags) => {
      const toFile = flags.output !== "-";
      if (toFile && flags.force !== true && existsSync(flags.output)) throw isThere(flags.output);
      const answers = await answersFrom(flags, io);
      const text = feedTemplate(answers, toFile ? flags.output.replaceAll(/\s/g, " ") : "FILE");
      const result = parseFeeds(text, { source: flags.output });
      if (!result.ok) throw usageError(`These answers make no valid feed:\n${listProblems(result.problems)}`);
      if (!toFile) {
        io.stdout.write(text);
        return;
      }
      await writeManifest(flags.output, text, flags.force === true);
      io.stdout.write(`Wrote ${flags.output}. Run it with\n  stockfeed dev -f ${flags.output}\n`);
    });
}

async function answersFrom(flags: InitFlags, io: Pick<CommandIo, "stdin" | "stdout">): Promise<FeedAnswers> {
  const { symbols, ...given } = pick(flags);
  const known = { ...given, ...(symbols !== undefined && { symbols: splitSymbols(symbols) }) };
  const mayAsk = io.stdin.isTTY === true && io.stdout.isTTY === true && flags.yes !== true;
  const answers = mayAsk ? await askFor(known, DEFAULTS, io) : { ...DEFAULTS, ...known };
  if (answers.provider === "IEX" && answers.baseUrl === undefined) {
    throw usageError("Provider IEX needs the address of a server: --base-url http://127.0.0.1:8181, for one.");
  }
  if (answers.provider === "Replay" && answers.ticks === undefined) {
    throw usageError("Provider Replay needs a file of recorded ticks: --ticks ticks.ndjson.gz, for one.");
  }
  return { ...answers, interval: flags.interval ?? affordableInterval(answers) };
}

/** The flags that are answers, without the ones that were not given. */
function pick({ name, symbols, provider, session, baseUrl, ticks }: InitFlags) {
  return {
    ...(name !== undefined && { name }),
    ...(symbols !== undefined && { symbols }),
    ...(provider !== undefined && { provider }),
    ...(session !== undefined && { session }),
    ...(baseUrl !== undefined && { baseUrl }),
    ...(ticks !== undefined && { ticks }),
  };
}

/** 10 s, or the shortest interval at which the provider's free plan answers for every symbol. */
function affordableInterval({ provider, symbols }: Suggestions): string {
  if (!isProvider(provider)) return formatDuration(INTERVAL_MS);
  const { calls, perMs, symbolsPerCall } = PROVIDER_LIMITS[provider];
  if (calls === undefined || perMs === undefined) return formatDuration(INTERVAL_MS);
  const affordableMs = (Math.ceil(symbols.length / symbolsPerCall) * perMs) / calls;
  return formatDuration(Math.max(INTERVAL_MS, intervalOfAtLeast(affordableMs)));
}

async function writeManifest(file: string, text: string, replace: boolean): Promise<void> {
  try {
    // wx refuses a file that came up since it was looked for.
    await writeFile(file, text, { flag: replace ? "w" : "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") throw isThere(file);
    throw new CliError(`${file} can't be written: ${(cause as Error).message}. Name another place with --output.`, {
      cause,
    });
  }
}

function isThere(file: string): CliError {
  return usageError(`${file} is there already. Name another file with --output, or replace it with --force.`);
}
