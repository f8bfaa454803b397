import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { createProvider } from "../adapters/providers/provider-factory.ts";
import { createSimulated } from "../adapters/providers/simulated.ts";
import { systemClock } from "../adapters/system/system-clock.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import { simulateCommand } from "./simulate.ts";

const DAY_MS = 86_400_000;
/** The command as its own process: its imports and arguments, no more. */
const RUN = `import { simulateCommand } from ${JSON.stringify(new URL("simulate.ts", import.meta.url).href)};
await simulateCommand().parseAsync(process.argv.slice(1), { from: "user" });`;

describe("stockfeed simulate", () => {
  const started: ReturnType<typeof spawn>[] = [];
  afterEach(() => {
    for (const child of started.splice(0)) child.kill("SIGKILL");
  });
  const start = async (...args: string[]) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", RUN, "--", "--listen", ":0", ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    started.push(child);
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`The command ended with ${String(code)} before it served.`);
    });
    const [line] = (await Promise.race([once(createInterface(child.stdout), "line"), ended])) as [string];
    ended.catch(() => undefined); // now it may end
    return { child, line, url: /http:\/\/[^/]+/.exec(line)?.[0] ?? "" };
  };
  const refused = async (...args: string[]): Promise<CliError> => {
    try {
      await simulateCommand({ stdout: new PassThrough() }).parseAsync(args, { from: "user" });
    } catch (error) {
      if (error instanceof CliError) return error;
    }
    throw new Error("the command was not refused");
  };

  it("serves on loopback what the Simulated provider gives, and ends cleanly at Ctrl-C", async () => {
    // Prices that stand for a day, so that no slot's edge falls between the two answers.
    const { child, line, url } = await start("--seed", "7", "--interval", "24h");
    expect(line).toMatch(
      /^Simulated prices in IEX's format at http:\/\/127\.0\.0\.1:[0-9]+\/stable\/stock\/AAPL\/quote$/,
    );
    const clock = systemClock();
    const symbols = ["AAPL", "MSFT", "BRK.B"];
    const now = clock.now();
    const slot = now - (now % DAY_MS);
    const request = { symbols, slot, deadline: now + 10_000, signal: new AbortController().signal };
    const iex = createProvider({ type: "IEX", baseUrl: url }, { clock, env: {} });
    const { prices, failures } = await iex.fetch(request);
    expect(failures).toEqual([]);
    expect(prices).toEqual((await createSimulated({ seed: 7 }).fetch(request)).prices);

    child.kill("SIGINT"); // with the connection to it still open
    expect(await once(child, "exit")).toEqual([EXIT.ok, null]);
    await iex.close();
  });

  it("knows only the symbols it is given, where it is given some", async () => {
    const { url } = await start("--symbols", "AAPL, BRK.B");
    const status = async (symbol: string) => (await fetch(`${url}/stable/stock/${symbol}/quote`)).status;
    expect(await Promise.all(["AAPL", "BRK.B", "MSFT"].map(status))).toEqual([200, 200, 404]);
  });

  it("says so when its port is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const error = await refused("--listen", `:${port}`);
    expect(error.message).toBe(
      `Can't listen on 127.0.0.1:${port}: that port is taken. Choose another with --listen :PORT.`,
    );
    expect(error.exitCode).toBe(EXIT.failed);
    other.close();
  });

  it.each([
    ["--listen", "here", "--listen here is no address. Write :8181, or 0.0.0.0:8181 for all."],
    ["--listen", ":65536", "--listen :65536 is no address."],
    ["--seed", "-1", "--seed -1 is no seed."],
    ["--seed", "4294967296", "Write a whole number from 0 to 4294967295."],
    ["--interval", "0s", "--interval 0s is no interval."],
    ["--interval", "ten", "--interval ten is no interval."],
    ["--symbols", "AAPL,aapl", '--symbols has "aapl", which is no symbol.'],
  ])("refuses %s %s", async (flag, value, message) => {
    const error = await refused(`${flag}=${value}`);
    expect(error.message).toContain(message);
    expect(error.exitCode).toBe(EXIT.usage);
  });

  it("shows examples in its help", () => {
    const text: string[] = [];
    const command = simulateCommand().configureOutput({ writeOut: (part) => text.push(part) });
    command.outputHelp();
    expect(text.join("")).toContain("$ stockfeed simulate --listen :9000");
  });
});
