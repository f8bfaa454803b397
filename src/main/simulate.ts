import { createAdaptorServer, type ServerType } from "@hono/node-server";
import { Command } from "commander";
import { once } from "node:events";
import { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createIexSimulator } from "../adapters/providers/iex-simulator.ts";
import { systemClock } from "../adapters/system/system-clock.ts";
import { durationMs } from "../api/duration.ts";
import { SYMBOL_PATTERN } from "../api/stockfeed.ts";
import { CliError, usageError } from "./cli-error.ts";
import type { CommandIo } from "./command-io.ts";

const EXAMPLES = `
Examples:
  $ stockfeed simulate
  $ stockfeed simulate --listen :9000 --seed 7 --interval 1s
  $ curl http://127.0.0.1:8181/stable/stock/AAPL/quote

A feed reads it with
  provider: {type: IEX, baseUrl: "http://127.0.0.1:8181"}
`;

/** The flags as they are typed. */
interface SimulateFlags {
  readonly listen: string;
  readonly seed: string;
  readonly interval: string;
  readonly symbols?: string;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** `stockfeed simulate`: the simulated prices over HTTP in IEX Cloud's format, until Ctrl-C. */
export function simulateCommand(io: Pick<CommandIo, "stdout"> = process): Command {
  return new Command("simulate")
    .description("serve simulated prices over HTTP, in the format of IEX Cloud")
    .option("--listen <[host]:port>", "where to listen; without a host, for this machine alone", ":8181")
    .option("--seed <number>", "seed of the prices, as in provider.seed", "1")
    .option("--interval <duration>", "how long a price stands, as in polling.interval", "10s")
    .option("--symbols <list>", "the only symbols that exist, separated by commas (default: all)")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: SimulateFlags) => {
      const app = createIexSimulator({
        seed: parseSeed(flags.seed),
        intervalMs: parseInterval(flags.interval),
        clock: systemClock(),
        ...(flags.symbols !== undefined && { symbols: parseSymbols(flags.symbols) }),
      });
      await serveUntil(interrupted(), createAdaptorServer({ fetch: app.fetch }), parseListen(flags.listen), io);
    });
}

/** Serves until `stop` fires; resolves when the server is closed. */
async function serveUntil(
  stop: AbortSignal,
  server: ServerType,
  listen: Address,
  io: Pick<CommandIo, "stdout">,
): Promise<void> {
  server.listen(listen.port, listen.host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw listenError(error, listen);
  }
  const { address, port, family } = server.address() as AddressInfo;
  const url = `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
  io.stdout.write(`Simulated prices in IEX's format at ${url}/stable/stock/AAPL/quote\nStop with Ctrl-C.\n`);
  if (!stop.aborted) await once(stop, "abort");
  const closed = once(server, "close");
  server.close();
  // Clients keep their connections open; nothing of theirs is lost by closing them between two answers.
  if (server instanceof Server) server.closeAllConnections();
  await closed;
}

/** Fires at Ctrl-C, or when the process is asked to end. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      controller.abort();
    });
  }
  return controller.signal;
}

function listenError(error: unknown, { host, port }: Address): CliError {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const why = code === "EADDRINUSE" ? "that port is taken" : code === "EACCES" ? "that port is not ours to take" : code;
  return new CliError(`Can't listen on ${host}:${port}: ${why}. Choose another with --listen :PORT.`, { cause: error });
}

function parseListen(text: string): Address {
  const [, host, digits] = /^(?:(.*):)?([0-9]{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (!(port <= 65_535)) throw usageError(`--listen ${text} is no address. Write :8181, or 0.0.0.0:8181 for all.`);
  return { host: host ? host.replaceAll(/^\[|\]$/g, "") : "127.0.0.1", port };
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (/^[0-9]+$/.test(text) && seed < 2 ** 32) return seed;
  throw usageError(`--seed ${text} is no seed. Write a whole number from 0 to 4294967295.`);
}

function parseInterval(text: string): number {
  try {
    const interval = durationMs(text);
    if (interval > 0) return interval;
  } catch {
    // said below
  }
  throw usageError(`--interval ${text} is no interval. Write a duration such as 1s, 10s or 1m.`);
}

function parseSymbols(text: string): string[] {
  const symbols = text.split(",").map((symbol) => symbol.trim());
  const wrong = symbols.find((symbol) => !SYMBOL_PATTERN.test(symbol));
  if (wrong === undefined) return symbols;
  throw usageError(`--symbols has "${wrong}", which is no symbol. Write them as the exchange does: AAPL,BRK.B.`);
}
