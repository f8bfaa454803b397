import { Command } from "commander";
import { parseManifests, type ParseResult } from "../api/parse.ts";
import { feedName, type StockFeed } from "../api/stockfeed.ts";
import { resolutionLabel, windowSpecs } from "../api/window-specs.ts";
import { type CommandIo, printJson } from "./command-io.ts";
import { EXIT } from "./exit-codes.ts";
import { listProblems, readManifests } from "./read-feeds.ts";

const EXAMPLES = `
Examples:
  $ stockfeed validate -f feed.yaml
  $ stockfeed validate -f feeds/*.yaml
  $ helm template feeds | stockfeed validate -f - --json

Exit codes: 0 valid, 2 not valid or not to be read.
`;

/** The flags as they are typed. */
interface ValidateFlags {
  readonly file: readonly string[];
  readonly json?: boolean;
}

/** `stockfeed validate`: checks manifests, and names all that is wrong with them. */
export function validateCommand(io: Pick<CommandIo, "stdin" | "stdout" | "stderr" | "exitCode"> = process): Command {
  return new Command("validate")
    .description("check feeds' manifests against every rule")
    .requiredOption("-f, --file <file...>", "manifests to check; - is standard input")
    .option("--json", "print the feeds' names and the problems as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async ({ file, json }: ValidateFlags) => {
      const result = parseManifests(await readManifests(file, io));
      if (json === true) printJson(io, report(result));
      else if (result.ok) for (const feed of result.feeds) io.stdout.write(`${describeFeed(feed)}\n`);
      else io.stderr.write(`${listProblems(result.problems)}\n`);
      if (!result.ok) io.exitCode = EXIT.usage;
    });
}

function report(result: ParseResult) {
  return result.ok
    ? { valid: true, feeds: result.feeds.map(feedName), problems: [] }
    : { valid: false, feeds: [], problems: result.problems };
}

function describeFeed(feed: StockFeed): string {
  const { symbols, provider, polling, engine } = feed.spec;
  const windows = windowSpecs(feed.spec).map(resolutionLabel).join(", ");
  const count = symbols.length === 1 ? "1 symbol" : `${symbols.length} symbols`;
  return `${feedName(feed)} is valid: ${count} from ${provider.type} every ${polling.interval}, windows of ${windows}, engine ${engine}.`;
}
