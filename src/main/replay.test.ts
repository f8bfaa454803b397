import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type RecordedTick, type ReplayQuestion, type ReplayRow, replayRows } from "../../test/oracles/replay.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import { replayCommand } from "./replay.ts";

const OPEN = Date.UTC(2013, 9, 7, 13, 30);
const MINUTE = 60_000;
const REAL_TICKS = fileURLToPath(new URL("../../../shared/data/quotes-2013-10-07.ndjson.gz", import.meta.url));

const lineOf = (tick: RecordedTick) => `${JSON.stringify({ ...tick, volume: 100 })}\n`;
/** Ten minutes of four symbols, the first of which starts before the opening. */
const TICKS: RecordedTick[] = Array.from({ length: 400 }, (_, i) => ({
  symbol: ["AIG", "BAC", "IBM", "SPY"][i % 4]!,
  latestPrice: Math.round((100 + 40 * (i % 4) + Math.sin(i) * 3) * 100) / 100,
  latestUpdate: OPEN - 20_000 + i * 1_550,
}));

/** Rows of an NDJSON file, with times as numbers and the mean with nine places, as the oracle has them. */
function rowsOf(text: string): ReplayRow[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const row = JSON.parse(line) as Record<keyof ReplayRow, string | number>;
      const times = ["window_start", "window_end", "event_time", "first_event_time"] as const;
      for (const name of times) row[name] = Date.parse(String(row[name]));
      return { ...row, mean_price: Number(row.mean_price).toFixed(9) } as ReplayRow;
    });
}

describe("stockfeed replay", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stockfeed-replay-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (name: string, bytes: string | Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };

  /** Runs the command; what it printed, and how it failed. */
  async function run(args: readonly string[], { isTTY = false } = {}) {
    const io = { stdout: new PassThrough(), stderr: Object.assign(new PassThrough(), { isTTY }) };
    const printed = { stdout: "", stderr: "" };
    io.stdout.on("data", (chunk: Buffer) => (printed.stdout += chunk.toString()));
    io.stderr.on("data", (chunk: Buffer) => (printed.stderr += chunk.toString()));
    let error: CliError | undefined;
    try {
      await replayCommand(io).parseAsync([...args], { from: "user" });
    } catch (thrown) {
      if (!(thrown instanceof CliError)) throw thrown;
      error = thrown;
    }
    await Promise.all([io.stdout, io.stderr].map((stream) => once(stream.end(), "end")));
    return { ...printed, error };
  }

  it.skipIf(!existsSync(REAL_TICKS))("gives the rows of brute force over a day of real ticks", async () => {
    const output = join(folder, "rows.ndjson");
    const range = ["--from", "2013-10-07T13:30:00Z", "--to", "2013-10-07T20:00:00Z"];
    const { stdout, error } = await run([REAL_TICKS, ...range, "--output", output]);
    expect(error).toBeUndefined();
    expect(stdout).toContain("28,080 rows of 1m, 5m, 15m windows, 4 symbols");
    expect(stdout).toContain("38,043 ticks → 9,360 quotes at 2,340 slots");
    const ticks = gunzipSync(readFileSync(REAL_TICKS))
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as RecordedTick);
    const question = {
      from: OPEN,
      to: Date.UTC(2013, 9, 7, 20),
      intervalMs: 10_000,
      offsetMs: 5_000,
      sizesMs: [1, 5, 15].map((minutes) => minutes * MINUTE),
    };
    const rows = rowsOf(readFileSync(output, "utf8"));
    expect(rows).toHaveLength(28_080);
    expect(rows).toEqual(replayRows(ticks, question));
  });

  const question: ReplayQuestion = {
    from: OPEN,
    to: OPEN + 8 * MINUTE,
    intervalMs: 5_000,
    offsetMs: 2_500,
    sizesMs: [30_000, 2 * MINUTE],
  };
  const flags = ["--from", "2013-10-07T13:30:00Z", "--to", "2013-10-07T09:38:00-04:00", "--interval", "5s"];
  flags.push("--resolutions", "2m, 30s");

  it("takes several files, in any order of time, and leaves bad lines out by reason and number", async () => {
    const half = TICKS.length / 2;
    const late = TICKS.slice(half).map(lineOf).join("");
    const early = TICKS.slice(0, half).map(lineOf).reverse();
    early.splice(7, 0, "junk\n", lineOf({ symbol: "AIG", latestPrice: -3, latestUpdate: OPEN }));
    const paths = [write("late.ndjson.gz", gzipSync(late)), write("early.ndjson", early.join("") + '{"symbol":"A')];
    const output = join(folder, "rows.ndjson");
    const { stdout } = await run([...paths, ...flags, "--output", output]);
    expect(rowsOf(readFileSync(output, "utf8"))).toEqual(replayRows(TICKS, question));
    expect(stdout).toContain(`${paths[1]!}: 3 of 203 lines left out`);
    expect(stdout).toContain("  Malformed: 1 (line 8), the first: ");
    expect(stdout).toContain("  InvalidPrice: 1 (line 9), the first: latestPrice is -3; it must be");
    expect(stdout).toContain("  Truncated: 1 (line 203), the first: ");
    expect(stdout).not.toContain(paths[0]!);
  });

  it("prints its summary as JSON", async () => {
    const ticks = write("ticks.ndjson", `${TICKS.map(lineOf).join("")}junk\n`);
    const output = join(folder, "rows.csv");
    const { stdout } = await run([ticks, ...flags, "--output", output, "--json"]);
    const rows = replayRows(TICKS, question);
    expect(JSON.parse(stdout)).toMatchObject({
      output,
      from: "2013-10-07T13:30:00Z",
      to: "2013-10-07T13:38:00Z",
      interval: "5s",
      resolutions: ["30s", "2m"],
      symbols: 4,
      ticks: 400,
      slots: 96,
      quotes: 4 * 96,
      rows: rows.length,
      files: [{ path: ticks, lines: 401, ticks: 400, badLines: [{ reason: "Malformed", count: 1, lines: [401] }] }],
      seconds: expect.any(Number) as number,
      quotesPerSecond: expect.any(Number) as number,
    });
    expect(readFileSync(output, "utf8").split("\n")).toHaveLength(rows.length + 2);
  });

  it("writes rows to standard output, and says the rest elsewhere", async () => {
    const { stdout, stderr } = await run([write("t.ndjson", TICKS.map(lineOf).join("")), ...flags, "--output", "-"]);
    const rows = replayRows(TICKS, question);
    expect(rowsOf(stdout)).toEqual(rows);
    expect(stderr).toContain(`Standard output: ${rows.length.toLocaleString("en-US")} rows`);
  });

  it("replays all of a recording unless it is told from when to when", async () => {
    const output = join(folder, "rows.ndjson");
    await run([write("t.ndjson", TICKS.map(lineOf).join("")), "--output", output]);
    const [first, last] = [TICKS[0]!.latestUpdate, TICKS.at(-1)!.latestUpdate];
    const rows = replayRows(TICKS, {
      from: Math.ceil(first / 10_000) * 10_000,
      to: Math.ceil(last / 10_000) * 10_000 + 10_000,
      intervalMs: 10_000,
      offsetMs: 5_000,
      sizesMs: [MINUTE, 5 * MINUTE, 15 * MINUTE],
    });
    expect(rowsOf(readFileSync(output, "utf8"))).toEqual(rows);
  });

  it("writes the same file, byte by byte, with Beam as its engine", async () => {
    const ticks = write("t.ndjson", TICKS.map(lineOf).join(""));
    const files = ["embedded", "beam"].map((engine) => join(folder, `${engine}.ndjson`));
    const [embedded, beam] = files as [string, string];
    await run([ticks, ...flags, "--output", embedded]);
    const { stdout, error } = await run([ticks, ...flags, "--engine", "beam", "--output", beam, "--json"]);
    expect(error).toBeUndefined();
    expect(readFileSync(beam, "utf8")).toBe(readFileSync(embedded, "utf8"));
    const rows = replayRows(TICKS, question);
    expect(JSON.parse(stdout)).toMatchObject({ slots: 96, quotes: 384, rows: rows.length });
  });

  it("says so when Beam would leave quotes out, as of a time that is not yet", async () => {
    const ticks = write("t.ndjson", lineOf({ symbol: "AIG", latestPrice: 1, latestUpdate: Date.UTC(2999, 0) }));
    const { error } = await run([ticks, "--engine", "beam", "--output", join(folder, "rows.ndjson")]);
    expect(error?.message).toContain("Beam takes no quotes that are FutureTime: AIG: ");
    expect(error?.exitCode).toBe(EXIT.usage);
    expect(readdirSync(folder)).toEqual(["t.ndjson"]);
  });

  it("prints top stocks and gains of the last window of each resolution", async () => {
    const ticks = write("t.ndjson", TICKS.map(lineOf).join(""));
    const args = [ticks, ...flags, "--output", join(folder, "rows.ndjson"), "--views"];
    const { stdout } = await run(args);
    expect(stdout).toContain("Top stocks, 30s to 2013-10-07T13:37:57.500Z\nrank  symbol");
    expect(stdout).toContain("Percentage gain, 2m to 2013-10-07T13:37:57.500Z\nsymbol  gain_percent");

    const { views } = JSON.parse((await run([...args, "--json"])).stdout) as {
      views: Record<"topStocks" | "percentageGain", { columns: { name: string }[]; rows: unknown[][] }>;
    };
    const records = ({ columns, rows }: (typeof views)["topStocks"]) =>
      rows.map((row) => Object.fromEntries(row.map((value, i) => [columns[i]!.name, value])));
    const last = replayRows(TICKS, question).filter((row) => row.window_end === OPEN + 8 * MINUTE - 2_500);
    const top = [0.5, 2].flatMap((resolution) =>
      last
        .filter((row) => row.resolution_minutes === resolution)
        .sort((a, b) => Number(b.mean_price) - Number(a.mean_price))
        .slice(0, 3)
        .map(({ symbol, mean_price }, i) => ({ rank: i + 1, symbol, mean_price })),
    );
    expect(records(views.topStocks)).toMatchObject(top);
    const gains = records(views.percentageGain);
    expect(gains).toHaveLength(last.length);
    for (const row of last) {
      const gain = gains.find(
        (g) => g.symbol === row.symbol && Number(g.resolution_minutes) === row.resolution_minutes,
      );
      expect(Number(gain?.gain_percent)).toBeCloseTo((100 * (row.last_price - row.first_price)) / row.first_price, 8);
    }
  });

  it("prints the views of more symbols than a call has room for", async () => {
    const lines = Array.from({ length: 150_000 }, (_, i) => {
      const symbol = i
        .toString()
        .padStart(6, "0")
        .replaceAll(/[0-9]/g, (digit) => "ABCDEFGHIJ"[Number(digit)]!);
      return lineOf({ symbol, latestPrice: 1 + i, latestUpdate: OPEN });
    });
    const range = ["--from", "2013-10-07T13:30:00Z", "--to", "2013-10-07T13:30:10Z"];
    const shape = ["--interval", "10s", "--offset", "0s", "--resolutions", "10s"];
    const args = [write("t.ndjson", lines.join("")), ...range, ...shape, "--output", join(folder, "rows.csv")];
    const { stdout, error } = await run([...args, "--views", "--json"]);
    expect(error).toBeUndefined();
    const { views } = JSON.parse(stdout) as { views: { topStocks: { rows: unknown[][] } } };
    expect(views.topStocks.rows.map((row) => row.slice(2, 4))).toEqual([
      [1, "BEJJJJ"],
      [2, "BEJJJI"],
      [3, "BEJJJH"],
    ]);
  }, 30_000);

  it("shows how far it is on a terminal", async () => {
    const ticks = write("t.ndjson", TICKS.map(lineOf).join(""));
    const { stderr } = await run([ticks, ...flags, "--output", join(folder, "rows.csv")], { isTTY: true });
    expect(stderr).toContain("Reading ticks");
    expect(stderr).toContain("Writing windows");
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ["empty.ndjson", "", /^There are no ticks to replay\.\n.*empty\.ndjson: empty$/],
    ["blank.ndjson", "\n\n", /^There are no ticks to replay\./],
    [
      "junk.bin",
      Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 256),
      /no ticks.*\n.*left out\n {2}Malformed: /,
    ],
    ["zeros.bin", new Uint8Array(100_000), /LineTooLong: 1 \(line 1\), the first: the line has 100000 bytes/],
    ["cut.ndjson.gz", gzipSync(TICKS.map(lineOf).join("")).subarray(0, 900), /cut\.ndjson\.gz ends in the middle/],
    ["plain.ndjson.gz", TICKS.map(lineOf).join(""), /plain\.ndjson\.gz is named \.gz but holds no gzip data/],
  ])("refuses %s, and leaves no output", async (name, bytes, message) => {
    const path = write(name, bytes);
    const { error, stdout } = await run([path, "--output", join(folder, "rows.ndjson")]);
    expect(error?.message).toMatch(message);
    expect(error?.exitCode).toBe(EXIT.usage);
    expect(stdout).toBe("");
    expect(readdirSync(folder)).toEqual([name]);
  });

  it("refuses a file that is not there, and a directory", async () => {
    const missing = await run([join(folder, "missing.ndjson"), "--output", join(folder, "rows.ndjson")]);
    expect(missing.error?.message).toMatch(/missing\.ndjson does not exist/);
    const directory = await run([folder, "--output", join(folder, "rows.ndjson")]);
    expect(directory.error?.message).toMatch(/is a directory/);
    expect([missing.error?.exitCode, directory.error?.exitCode]).toEqual([EXIT.usage, EXIT.usage]);
  });

  it.each([
    [["--interval", "7s"], "--interval 7s must divide a minute or be whole minutes. Write 6s or 10s."],
    [["--interval", "soon"], "--interval soon must be a duration."],
    [["--offset", "10s"], "--offset 10s must be below --interval (10s)."],
    [
      ["--resolutions", "1m,25s"],
      "--resolutions 1m,25s must be a whole multiple of --interval (10s). Write 20s or 30s",
    ],
    [["--resolutions", "1m,60s"], "--resolutions 1m,60s must differ from the other windows."],
    [["--resolutions", "48h"], "--resolutions 48h must be 1s to 24h."],
    [["--resolutions", ""], "--resolutions  must be a duration."],
    [["--from", "yesterday"], "--from yesterday is no time. Write one with its zone, such as 20"],
    [["--from", "2013-10-07T13:30:00"], "--from 2013-10-07T13:30:00 is no time."],
    [["--to", "2013-02-30T13:30:00Z"], "--to 2013-02-30T13:30:00Z is no time."],
    [["--from", "2013-10-07T13:30:00Z", "--to", "2013-10-07T13:30:00Z"], "is not after --from"],
    [["--from", "2014-10-07T13:30:00Z"], "leave no time to replay between --from and --to"],
    [["--output", "rows.txt"], "--output rows.txt must end in .ndjson, .csv, .parquet, or be -"],
  ])("refuses %j", async (args, message) => {
    const ticks = write("t.ndjson", TICKS.map(lineOf).join(""));
    const { error } = await run([ticks, "--output", join(folder, "rows.ndjson"), ...args]);
    expect(error?.message).toContain(message);
    expect(error?.exitCode).toBe(EXIT.usage);
    expect(readdirSync(folder)).toEqual(["t.ndjson"]);
  });

  it("does not write over the ticks", async () => {
    const ticks = write("t.ndjson", TICKS.map(lineOf).join(""));
    const { error } = await run([ticks, "--output", join(folder, "x", "..", "t.ndjson")]);
    expect(error?.message).toContain("is a file of ticks to replay");
    expect(error?.exitCode).toBe(EXIT.usage);
  });

  it("refuses more symbols and slots than memory is meant for", async () => {
    const symbols = Array.from({ length: 600 }, (_, i) =>
      lineOf({ symbol: `S${i}`, latestPrice: 1, latestUpdate: OPEN }),
    );
    const args = ["--interval", "1s", "--resolutions", "24h", "--output", join(folder, "rows.ndjson")];
    const { error } = await run([write("t.ndjson", symbols.join("")), ...args]);
    expect(error?.message).toContain("600 symbols x the slots of the longest window are 51840000");
  });

  it("fails when its output can't be made", async () => {
    const ticks = write("t.ndjson", TICKS.map(lineOf).join(""));
    const { error } = await run([ticks, "--output", join(folder, "missing", "rows.ndjson")]);
    expect(error?.message).toContain("its directory does not exist");
    expect(error?.exitCode).toBe(EXIT.failed);
  });

  /** The command as its own process, after what a shell is to do first; errors are printed as the program does. */
  function start(args: readonly string[], first = "true") {
    const code = `import { replayCommand } from ${JSON.stringify(new URL("replay.ts", import.meta.url).href)};
      await replayCommand().parseAsync(process.argv.slice(1), { from: "user" })
        .catch((error) => { console.error(error.message); process.exitCode = error.exitCode; });`;
    const node = [process.execPath, "--input-type=module", "-e", code, "--", ...args];
    const child = spawn("sh", ["-c", `${first} && exec "$@"`, "sh", ...node], { stdio: ["ignore", "pipe", "pipe"] });
    const written = once(child.stdout, "data");
    child.stdout.resume();
    return { child, written, ended: once(child, "exit"), stderr: text(child.stderr) };
  }

  // Three years at one-second slots: far longer than a test waits.
  const YEARS = ["--from", "2013-10-07T13:30:00Z", "--to", "2016-10-07T13:30:00Z", "--interval", "1s"];

  it("leaves nothing behind when it is stopped", async () => {
    const ticks = write("t.ndjson", TICKS.map(lineOf).join(""));
    const { child, ended, stderr } = start([ticks, ...YEARS, "--output", join(folder, "rows.ndjson")]);
    try {
      await vi.waitFor(() => {
        expect(readdirSync(folder).some((name) => name.endsWith(".partial"))).toBe(true);
      }, 20_000);
      child.kill("SIGINT");
      expect(await ended).toEqual([EXIT.interrupted, null]);
      expect(await stderr).toContain("Stopped; no rows were written.");
      expect(readdirSync(folder)).toEqual(["t.ndjson"]);
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("leaves nothing behind when it is stopped while Beam runs", { timeout: 90_000 }, async () => {
    const ticks = write("t.ndjson", TICKS.map(lineOf).join(""));
    const day = ["--from", "2013-10-07T13:30:00Z", "--to", "2013-10-08T13:30:00Z", "--interval", "1s"];
    const args = [ticks, ...day, "--engine", "beam", "--output", join(folder, "rows.ndjson")];
    const { child, ended, stderr } = start(args, `export TMPDIR='${folder}'`);
    try {
      const isBeams = (name: string) => name.startsWith("stockfeed-beam-");
      // Looked at often: it may be over within a second.
      await vi.waitUntil(() => readdirSync(folder).some(isBeams), { timeout: 60_000, interval: 5 });
      child.kill("SIGINT");
      expect(await ended).toEqual([EXIT.interrupted, null]);
      expect(await stderr).toContain("Stopped; no rows were written.");
      expect(readdirSync(folder)).toEqual(["t.ndjson"]);
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("does not deny the rows that are on standard output when it is stopped", async () => {
    const ticks = write("t.ndjson", TICKS.map(lineOf).join(""));
    const { child, written, ended, stderr } = start([ticks, ...YEARS, "--output", "-"]);
    try {
      await written;
      child.kill("SIGINT");
      expect(await ended).toEqual([EXIT.interrupted, null]);
      expect(await stderr).toBe("Stopped before all rows were on standard output.\n");
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("tells what goes wrong after it was stopped", async () => {
    const full = Object.assign(new Error("write"), { code: "ENOSPC" });
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => {
        // The command's own listener, as Ctrl-C would call it.
        process.listeners("SIGINT").at(-1)?.("SIGINT");
        done(full);
      },
    });
    const ticks = write("t.ndjson", TICKS.map(lineOf).join(""));
    const io = { stdout, stderr: new PassThrough() };
    const ran = replayCommand(io).parseAsync([ticks, ...flags, "--output", "-"], { from: "user" });
    await expect(ran).rejects.toMatchObject({
      message: expect.stringContaining("no space is left") as string,
      exitCode: EXIT.failed,
    });
  });

  it("leaves nothing behind when the system takes no more bytes of it", async () => {
    const ticks = write("t.ndjson", TICKS.map(lineOf).join(""));
    const { ended, stderr } = start(
      [ticks, "--interval", "1s", "--output", join(folder, "rows.ndjson")],
      "ulimit -f 100",
    );
    expect(await ended).toEqual([EXIT.failed, null]);
    expect(await stderr).toContain("rows.ndjson cannot be written: files may not be that large here.");
    expect(readdirSync(folder)).toEqual(["t.ndjson"]);
  });

  it("shows examples in its help", () => {
    const parts: string[] = [];
    replayCommand()
      .configureOutput({ writeOut: (part) => parts.push(part) })
      .outputHelp();
    expect(parts.join("")).toContain("$ stockfeed replay ticks.ndjson.gz --output rows.ndjson");
  });
});
