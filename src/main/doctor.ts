import { Command } from "commander";
import type { ProviderSpec, ProviderType } from "../api/provider-spec.ts";
import { PROVIDER_LIMITS } from "../quotes/provider-limits.ts";
import { usageError } from "./cli-error.ts";
import { type CommandIo, printJson } from "./command-io.ts";
import { type Check, checkKeys, checkNode, checkPort, checkProvider, checkStore } from "./doctor-checks.ts";
import { EXIT } from "./exit-codes.ts";
import { readFeeds } from "./read-feeds.ts";
import { DEFAULT_STORE } from "./store-access.ts";

const EXAMPLES = `
Examples:
  $ stockfeed doctor
  $ stockfeed doctor -f feed.yaml
  $ stockfeed doctor -f feed.yaml --port 9000 --json

Without -f it looks at this machine alone; with it also at the keys, the providers and the clock.
Exit codes: 0 all well, 1 a check failed, 2 a manifest is not valid.
`;

/** The flags as they are typed. */
interface DoctorFlags {
  readonly file?: readonly string[];
  readonly port: string;
  readonly store: string;
  readonly json?: boolean;
}

/** `stockfeed doctor`: looks for what would keep feeds from running here, and says how to mend it. */
export function doctorCommand(io: Pick<CommandIo, "stdin" | "stdout" | "env" | "exitCode"> = process): Command {
  return new Command("doctor")
    .description("check this machine, and what feeds need of it")
    .option("-f, --file <file...>", "manifests of the feeds to check for; - is standard input")
    .option("--port <port>", "port that stockfeed dev will use", "8080")
    .option("--store <file>", "store that stockfeed dev will use", DEFAULT_STORE)
    .option("--json", "print the checks as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async ({ file, port, store, json }: DoctorFlags) => {
      const feeds = file === undefined ? [] : await readFeeds(file, io);
      const checks = [
        checkNode(process.versions.node),
        await checkPort(parsePort(port)),
        await checkStore(store),
        ...(file === undefined
          ? keysThatAreSet(io.env)
          : await checkFeeds(
              feeds.map(({ spec }) => spec.provider),
              io.env,
            )),
      ];
      if (json === true) printJson(io, { ok: !checks.some(isFailed), checks });
      else io.stdout.write(formatChecks(checks));
      if (checks.some(isFailed)) io.exitCode = EXIT.failed;
    });
}

/** One look at each provider's keys and at each place, however many feeds share it. */
async function checkFeeds(providers: readonly ProviderSpec[], env: CommandIo["env"]): Promise<Check[]> {
  const types = [...new Set(providers.map(({ type }) => type))];
  const places = [...new Map(providers.map((provider) => [placeOf(provider), provider])).values()];
  const reached = await Promise.all(places.map(async (provider) => checkProvider(provider, Date.now)));
  return [...types.map((type) => checkKeys(type, env)), ...reached.flat()];
}

function placeOf(provider: ProviderSpec): string {
  if (provider.type === "Replay") return provider.file;
  return `${provider.type} ${"baseUrl" in provider ? (provider.baseUrl ?? "") : ""}`;
}

/** Without feeds no key is needed; those that are there are told of all the same. */
function keysThatAreSet(env: CommandIo["env"]): Check[] {
  const types = Object.keys(PROVIDER_LIMITS) as ProviderType[];
  return types.map((type) => checkKeys(type, env)).filter(({ status }) => status === "ok");
}

function isFailed({ status }: Check): boolean {
  return status === "failed";
}

function formatChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const marks = { ok: "ok     ", failed: "FAILED ", skipped: "-      " };
  const lines = checks.map(({ name, status, detail, mend }) => {
    const line = `${marks[status]} ${name.padEnd(width)}  ${detail}\n`;
    return mend === undefined ? line : `${line}${" ".repeat(width + 10)}${mend}\n`;
  });
  const failed = checks.filter(isFailed).length;
  const verdict = failed === 0 ? "All is well." : failed === 1 ? "One check failed." : `${failed} checks failed.`;
  return `${lines.join("")}\n${verdict}\n`;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^[0-9]+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw usageError(`--port is "${text}", but a port is a number from 1 to 65535.`);
}
