import fc from "fast-check";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "../../test/run-command.ts";
import { parseFeeds } from "../api/parse.ts";
import { formatProblem } from "../api/problem.ts";
import { SYMBOL_PATTERN } from "../api/stockfeed.ts";
import { quotaUses } from "../plan/provider-calls.ts";
import { feedTemplate } from "./feed-template.ts";
import { initCommand } from "./init.ts";

const containing = (text: string) => expect.stringContaining(text) as string;
const matching = (pattern: RegExp) => expect.stringMatching(pattern) as string;

let folder: string;
let output: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "init-"));
  output = join(folder, "feed.yaml");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The one feed of a text, or the problems as the error's message. */
function feedOf(text: string) {
  const result = parseFeeds(text, { source: "feed.yaml" });
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.feeds[0]!;
}

const init = async (...args: string[]) => runCommand(initCommand, { args: ["--output", output, ...args] });
const written = () => feedOf(readFileSync(output, "utf8"));

describe("stockfeed init by flags", () => {
  it("writes a valid feed that needs no key, and says how to run it", async () => {
    const { stdout, exitCode } = await init();
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`Wrote ${output}. Run it with\n  stockfeed dev -f ${output}\n`);
    expect(written().spec).toMatchObject({
      provider: { type: "Simulated" },
      polling: { interval: "10s", session: "Always" },
    });
  });

  it("writes what the flags say", async () => {
    await init(
      "--name",
      "banks",
      "--symbols",
      "jpm, gs,,brk.b",
      "--provider",
      "Alpaca",
      "--session",
      "NYSE",
      "--interval",
      "5m",
    );
    expect(written()).toMatchObject({
      metadata: { name: "banks" },
      spec: {
        symbols: ["JPM", "GS", "BRK.B"],
        provider: { type: "Alpaca", credentialsSecretRef: { name: "alpaca" } },
        polling: { session: "NYSE", interval: "5m" },
        resolutions: [{ window: "5m" }, { window: "25m" }, { window: "75m" }],
      },
    });
  });

  it.each([
    ["Simulated", []],
    ["Alpaca", []],
    ["Finnhub", []],
    ["Tiingo", []],
    ["IEX", ["--base-url", "http://127.0.0.1:8181"]],
    ["Replay", ["--ticks", "day: 1.ndjson"]],
  ])("writes a valid feed of %s that its free plan has room for", async (provider, flags) => {
    const symbols = Array.from({ length: 40 }, (_, index) => `S${index}`).join(",");
    const { exitCode, stderr } = await init("--provider", provider, "--symbols", symbols, ...flags);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(written().spec.provider.type).toBe(provider);
    for (const { used, calls } of quotaUses([written()])) expect(used).toBeLessThanOrEqual(calls);
  });

  it("prints to standard output where the output is -", async () => {
    const { stdout } = await init("--output", "-", "--name", "tech");
    expect(feedOf(stdout).metadata.name).toBe("tech");
    expect(existsSync(output)).toBe(false);
  });

  it("never replaces a file, but with --force", async () => {
    writeFileSync(output, "mine");
    expect(await init()).toMatchObject({ exitCode: 2, stderr: matching(/is there already\. .*--force/) });
    expect(readFileSync(output, "utf8")).toBe("mine");
    expect(await init("--force")).toMatchObject({ exitCode: 0 });
    expect(written().metadata.name).toBe("my-feed");
  });

  it.each([
    [["--provider", "alpaca"], 2, /spec\.provider\.type is "alpaca".* Did you mean Alpaca\?/],
    [["--symbols", "AAPL,A$"], 2, /spec\.symbols\[1\] is "A\$"/],
    [["--symbols", ","], 2, /spec\.symbols/],
    [["--interval", "7s"], 2, /Write 6s or 10s/],
    [["--session", "LSE"], 2, /must be Always or NYSE/],
    [["--name", "Tech Stocks"], 2, /metadata\.name/],
    [["--base-url", "http://a.b"], 2, /spec\.provider\.baseUrl is no field of provider Simulated/],
    [["--provider", "IEX"], 2, /--base-url/],
    [["--provider", "Replay"], 2, /--ticks/],
  ])("refuses %j with the rule, and writes nothing", async (flags, code, says) => {
    const { exitCode, stderr } = await init(...flags);
    expect(stderr).toMatch(says);
    expect(exitCode).toBe(code);
    expect(existsSync(output)).toBe(false);
  });

  it("says what keeps it from writing", async () => {
    const { exitCode, stderr } = await init("--output", join(folder, "no", "feed.yaml"));
    expect(stderr).toMatch(/can't be written: ENOENT.* --output/);
    expect(exitCode).toBe(1);
  });
});

const ENTER = "\r";
const DOWN = "\u001b[B";
const BACKSPACE = "\u007f";
const CTRL_C = "\u0003";

describe("stockfeed init on a terminal", () => {
  const ask = async (typed: readonly (readonly [string, string])[], ...args: string[]) =>
    runCommand(initCommand, { args: ["--output", output, ...args], typed });

  it("asks, with suggestions to take as they are", async () => {
    const { exitCode } = await ask([
      ["called?", ENTER],
      ["symbols?", ENTER],
      ["come from?", ENTER],
      ["polled?", ENTER],
    ]);
    expect(exitCode).toBe(0);
    expect(written()).toMatchObject({ metadata: { name: "my-feed" }, spec: { provider: { type: "Simulated" } } });
  });

  it("asks for what the provider needs, and not for what a flag has said", async () => {
    await ask(
      [
        ["symbols?", ENTER],
        ["come from?", DOWN.repeat(4)],
        ["in IEX Cloud's format", ENTER],
        ["server?", ENTER],
        ["polled?", DOWN],
        ["New York", ENTER],
      ],
      "--name",
      "tech",
    );
    expect(written()).toMatchObject({
      metadata: { name: "tech" },
      spec: { provider: { type: "IEX", baseUrl: "http://127.0.0.1:8181" }, polling: { session: "NYSE" } },
    });
  });

  it("asks again where symbols are none", async () => {
    const { stdout } = await ask(
      [
        ["symbols?", `, a$${ENTER}`],
        ["A$ must be a symbol", `${BACKSPACE}${BACKSPACE}${ENTER}`],
      ],
      ...["--name", "tech", "--provider", "Simulated", "--session", "Always"],
    );
    expect(stdout).toContain("A$ must be a symbol");
    expect(written().spec.symbols).not.toContain("A$");
  });

  it("asks nothing where the file is there already", async () => {
    writeFileSync(output, "mine");
    expect(await ask([])).toMatchObject({ exitCode: 2, stdout: "" });
  });

  it("leaves a file alone that came up while it asked", async () => {
    const asking = ask([["called?", ENTER]], "--symbols", "A", "--provider", "Simulated", "--session", "Always");
    writeFileSync(output, "mine");
    expect(await asking).toMatchObject({ exitCode: 2, stdout: containing("called?"), stderr: containing("--force") });
    expect(readFileSync(output, "utf8")).toBe("mine");
  });

  it("writes nothing and ends with 130 on Ctrl-C", async () => {
    expect(await ask([["called?", CTRL_C]])).toMatchObject({ exitCode: 130, stderr: "Nothing was written.\n" });
    expect(existsSync(output)).toBe(false);
  });
});

it("writes what can be read back, whatever names, symbols and files there are", () => {
  const answers = fc.record({
    name: fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/),
    symbols: fc.uniqueArray(fc.stringMatching(SYMBOL_PATTERN), { minLength: 1, maxLength: 20 }),
    ticks: fc.string({ minLength: 1 }),
  });
  fc.assert(
    fc.property(answers, ({ name, symbols, ticks }) => {
      const all = { name, symbols, ticks, provider: "Replay", session: "Always", interval: "10s" };
      expect(feedOf(feedTemplate(all, "feed.yaml"))).toMatchObject({
        metadata: { name },
        spec: { symbols, provider: { type: "Replay", file: ticks } },
      });
    }),
  );
});
