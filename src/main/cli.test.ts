import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StartOptions, StockfeedProcess } from "../../test/stockfeed-process.ts";
import { EXIT } from "./exit-codes.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stockfeed-cli-"));
});
afterAll(() => rm(directory, { recursive: true }));

async function run(args: readonly string[], options?: StartOptions) {
  const child = new StockfeedProcess(args, { cwd: directory, ...options });
  const { code } = await child.ended;
  return { code, stdout: child.stdout, stderr: child.stderr };
}

const COMMANDS = [
  "init",
  "validate",
  "plan",
  "doctor",
  "dev",
  "replay",
  "simulate",
  "top",
  "gain",
  "query",
  "export",
] as const;

describe.concurrent("the command line", () => {
  it("lists every command, examples and exit codes in its help", async () => {
    const { code, stdout, stderr } = await run(["--help"]);
    expect([code, stderr]).toEqual([EXIT.ok, ""]);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
    expect(stdout).toContain("Examples:\n  $ stockfeed init");
    expect(stdout).toContain("Exit codes: 0 done, 1 failed, 2 wrong command line or input");
  });

  it.each(COMMANDS)("has help with an example for %s", async (command) => {
    const { code, stdout, stderr } = await run([command, "--help"]);
    expect([code, stderr]).toEqual([EXIT.ok, ""]);
    expect(stdout).toContain(`Usage: stockfeed ${command}`);
    expect(stdout).toContain(`$ stockfeed ${command}`);
  });

  it("says its version", async () => {
    const { code, stdout } = await run(["--version"]);
    expect([code, /^\d+\.\d+\.\d+/.test(stdout)]).toEqual([EXIT.ok, true]);
  });

  it.each([
    [["tpo"], "error: unknown command 'tpo'\n(Did you mean top?)"],
    [["constructor"], "error: unknown command 'constructor'"],
    [["top", "--bogus"], "error: unknown option '--bogus'"],
    [["top", "extra"], "error: too many arguments for 'top'"],
    [["dev"], "error: required option '-f, --file <file...>' not specified"],
    [["query"], "error: missing required argument 'sql'"],
    [["export", "--output", "x.csv", "--table", "trades"], "Allowed choices are windows"],
  ])("refuses %j with a sentence, a hint and exit code 2", async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([EXIT.usage, ""]);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/\(--help shows what there is\)\n$/);
  });

  it("shows its help when there is no command, and counts that as a wrong command line", async () => {
    const { code, stdout, stderr } = await run([]);
    expect([code, stdout]).toEqual([EXIT.usage, ""]);
    expect(stderr).toContain("Usage: stockfeed");
  });

  it.each([
    [["replay", "nowhere.ndjson", "--output", "rows.csv"], EXIT.usage, "nowhere.ndjson does not exist."],
    [["replay", "nowhere.ndjson", "--output", "rows.txt"], EXIT.usage, "--output rows.txt must end in"],
    [["replay", "x.ndjson", "--output", "-", "--interval", "7s"], EXIT.usage, "--interval 7s must divide a minute"],
    [["replay", "x.ndjson", "--output", "-", "--from", "noon"], EXIT.usage, "--from noon is no time."],
    [["top", "--store", "none.duckdb"], EXIT.failed, "none.duckdb does not exist."],
    [["top", "--resolution", "soon"], EXIT.failed, "does not exist."],
    [["query", "SELECT 1", "--store", "broken.duckdb"], EXIT.failed, "broken.duckdb is no DuckDB file."],
    [["validate", "-f", "none.yaml"], EXIT.usage, "none.yaml can't be read: there is no such file."],
    [["simulate", "--listen", "here"], EXIT.usage, "--listen here is no address."],
  ])("%j fails in one sentence, without a stack", async (args, exitCode, message) => {
    await writeFile(join(directory, "broken.duckdb"), "not a database".repeat(1_000));
    const { code, stderr } = await run(args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(exitCode);
  });

  it("ends quietly when its reader has seen enough", async () => {
    const ticks = join(directory, "many.ndjson");
    const line = (second: number) => {
      return JSON.stringify({
        symbol: "AAPL",
        latestPrice: 1 + second / 100,
        latestUpdate: 1_700_000_000_000 + second * 1_000,
      });
    };
    await writeFile(ticks, Array.from({ length: 20_000 }, (_, second) => line(second)).join("\n"));
    const child = new StockfeedProcess(["replay", ticks, "--interval", "1s", "--output", "-"]);
    await child.line(/AAPL/);
    child.closeOutput();
    expect(await child.ended).toEqual({ code: EXIT.ok, signal: null });
    expect(child.stderr).toBe("");
  });
});
