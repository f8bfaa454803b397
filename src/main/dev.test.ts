/** `stockfeed dev` as people run it: real processes, a real store, and brute force over what is stored. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StockfeedProcess } from "../../test/stockfeed-process.ts";
import { checkStore, type StoreCheck } from "../../test/store-oracle.ts";
import { sessionPath } from "../adapters/duckdb/store-session.ts";
import { parseManifests } from "../api/parse.ts";
import { windowSpecs } from "../api/window-specs.ts";
import { EXIT } from "./exit-codes.ts";

let directory: string;
let store: string;
const started: StockfeedProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stockfeed-dev-"));
  store = join(directory, "store.duckdb");
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  await rm(directory, { recursive: true });
});

const feed = (name: string, spec: string) => `
apiVersion: stockfeed.dev/v1alpha1
kind: StockFeed
metadata: {name: ${name}}
spec: {symbols: [AAPL, MSFT, IBM], ${spec}}
`;
const EVERY_SECOND = feed(
  "quick",
  "provider: {type: Simulated}, polling: {interval: 1s}, resolutions: [{window: 3s}, {window: 20s}]",
);
const EVERY_TEN = feed("ten", "provider: {type: Simulated}, resolutions: [{window: 1m}, {window: 5m}]");

async function start(manifest: string, ...args: string[]): Promise<StockfeedProcess> {
  const file = join(directory, "feed.yaml");
  await writeFile(file, manifest);
  const child = new StockfeedProcess(["dev", "-f", file, "--port", "0", "--store", store, ...args], { cwd: directory });
  started.push(child);
  return child;
}

async function run(...args: string[]) {
  const child = new StockfeedProcess([...args, "--store", store]);
  return { ...(await child.ended), stdout: child.stdout, stderr: child.stderr };
}

/** Stops it as Ctrl-C does; it must end well, and the store must be what brute force makes of its quotes. */
async function stop(child: StockfeedProcess, manifest: string): Promise<StoreCheck> {
  child.kill("SIGINT");
  expect(await child.ended).toEqual({ code: EXIT.ok, signal: null });
  expect(child.lines.at(-1)).toBe(`Stopped. ${store} keeps everything; start again to go on.`);
  const parsed = parseManifests([{ source: "test", text: manifest }]);
  if (!parsed.ok) throw new Error("The manifest is wrong.");
  const [{ metadata, spec }] = parsed.feeds as [(typeof parsed.feeds)[number]];
  const check = await checkStore(store, `default/${metadata.name}`, windowSpecs(spec));
  expect(check.rows).toEqual(check.expected);
  expect(check.deadLetters).toBe(0);
  return check;
}

const slotsApart = (slots: readonly number[]) => [...new Set(slots.slice(1).map((slot, i) => slot - slots[i]!))];

describe("stockfeed dev", () => {
  it(
    "shows windows at once, serves page and commands, stops at Ctrl-C and goes on with the same store",
    { timeout: 60_000 },
    async () => {
      const began = performance.now();
      const first = await start(EVERY_SECOND);
      const line = await first.line(/^\d\d:\d\d:\d\dZ .* 20s /);
      // Sooner than a window takes to fill: the simulator's past is there from the start.
      expect(performance.now() - began).toBeLessThan(20_000);
      // At an interval of 1 s slots may pass while it comes up; it is said then.
      expect(line).toMatch(
        /default\/quick {2}20s {2}3 rows {2}top [A-Z]+ [\d.]+, .* gain [A-Z]+ [+-][\d.]+ %( {2}\(\d+ of 20 slots\))?$/,
      );

      const url = await first.url();
      const get = async (path: string) => (await fetch(url + path)).text();
      expect(await get("/")).toContain("<title>");
      expect(await get("/healthz")).toBe('{"status":"ok"}');
      expect(await get("/readyz")).toBe('{"status":"ready","reasons":[]}');
      await first.more(4);
      expect(await get("/metrics")).toMatch(/stockfeed_quotes_total\{feed="default\/quick",outcome="accepted"\} [1-9]/);
      const snapshot = JSON.parse(await get("/api/snapshot")) as { feeds: { name: string }[] };
      expect(snapshot.feeds.map(({ name }) => name)).toEqual(["default/quick"]);

      const top = await run("top", "--resolution", "20s");
      expect(top).toMatchObject({ code: EXIT.ok, stderr: "" });
      expect(top.stdout).toContain("of default/quick, 20s to ");
      const before = await stop(first, EVERY_SECOND);
      await expect(readFile(sessionPath(store))).rejects.toThrow("ENOENT");

      const startedAgainAt = Date.now();
      const second = await start(EVERY_SECOND);
      await second.line(/restored from [1-9]\d* stored quotes/);
      await second.line(/^\d\d:\d\d:\d\dZ .* 20s /);
      const after = await stop(second, EVERY_SECOND);
      expect(after.rows.length).toBeGreaterThan(before.rows.length);
      // The simulator knows what was not polled while nothing ran, so there is no gap. (What runs on a busy machine may
      // miss a slot of one second, and says so.)
      const away = after.slots.filter((slot) => slot >= before.slots.at(-1)! && slot <= startedAgainAt);
      expect(away.length).toBeGreaterThan(1);
      expect(slotsApart(away)).toEqual([1_000]);
    },
  );

  it("ends with the winning rows of brute force however often it is killed", { timeout: 60_000 }, async () => {
    const moments = fc.sample(fc.integer({ min: 0, max: 1_200 }), { numRuns: 5, seed: Date.now() });
    for (const moment of moments) {
      const child = await start(EVERY_TEN, "--speed", "60");
      // Also while it comes up: from the first line on.
      await child.line(/^✓ /);
      await new Promise((resolve) => setTimeout(resolve, moment));
      child.kill("SIGKILL");
      await child.ended;
    }
    const last = await start(EVERY_TEN, "--speed", "60");
    await last.line(/^\d\d:\d\d:\d\dZ .* 5m /);
    const { quotes, slots } = await stop(last, EVERY_TEN);
    expect(quotes, `killed after ${moments.join(", ")} ms`).toBe(slots.length * 3);
    // The hour of the simulator's past at least: it may be stopped before the next slot.
    expect(slots.length).toBeGreaterThanOrEqual(360);
  });

  // Again where the machine was so busy that a slot was missed.
  it("plays a recording as the replay does, says when it ends, and stays up", { retry: 2 }, async () => {
    const from = Date.parse("2026-03-04T15:00:00Z");
    const ticks = Array.from({ length: 200 }, (_, i) => {
      const symbol = ["AAPL", "MSFT", "IBM"][i % 3];
      return JSON.stringify({ symbol, latestPrice: 100 + ((i * 37) % 101) / 8, latestUpdate: from - 1_000 + i * 450 });
    });
    const file = join(directory, "ticks.ndjson");
    await writeFile(file, ticks.join("\n"));
    const manifest = feed(
      "again",
      `provider: {type: Replay, file: ${JSON.stringify(file)}, speed: 20}, polling: {interval: 5s}, resolutions: [{window: 10s}, {window: 1m}]`,
    );
    const child = await start(manifest);
    const end = await child.line(/is played to its end/);
    expect(end).toBe(
      `default/again  ${file} is played to its end, 2026-03-04T15:01:28.550Z. The page stays up until Ctrl-C.`,
    );
    expect((await fetch(`${await child.url()}/healthz`)).status).toBe(200);
    await child.line(/^15:01:32Z .* 1m /);
    expect(child.stderr).toBe("");
    const metrics = await (await fetch(`${await child.url()}/metrics`)).text();
    expect(metrics).not.toMatch(/stockfeed_slots_missed_total\{.*\} [1-9]/);
    const check = await stop(child, manifest);

    const rows = join(directory, "rows.ndjson");
    const to = from + 95_000;
    await new StockfeedProcess([
      ...["replay", file, "--interval", "5s", "--resolutions", "10s,1m", "--to", new Date(to).toISOString()],
      ...["--output", rows],
    ]).ended;
    const replayed = (await readFile(rows, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as ReplayedRow);
    const live = check.rows.filter(({ end }) => end <= to);
    const key = (row: { end: number; first: number; last: number; count: number }) =>
      [row.end, row.first, row.last, row.count].join();
    expect(live.map(key).sort()).toEqual(
      replayed
        .map((row) => ({
          end: Date.parse(row.window_end),
          first: Math.round(row.first_price * 1e6),
          last: Math.round(row.last_price * 1e6),
          count: row.quote_count,
        }))
        .map(key)
        .sort(),
    );
  });

  it("runs several feeds on one store", async () => {
    const child = await start(`${EVERY_SECOND}---${EVERY_TEN}`);
    await child.line(/default\/quick {2}20s/);
    await child.line(/default\/ten {3}5m/);
    child.kill("SIGTERM");
    expect((await child.ended).code).toBe(EXIT.ok);
  });

  it("gives up at the second signal", async () => {
    const child = await start(EVERY_TEN);
    await child.line(/^✓ console/);
    child.kill("SIGTERM");
    child.kill("SIGINT");
    expect((await child.ended).code).toBe(130);
  });

  it("says that another dev has the store, and which", async () => {
    const first = await start(EVERY_TEN);
    await first.line(/^✓ console/);
    const second = await start(EVERY_TEN);
    expect((await second.ended).code).toBe(EXIT.failed);
    expect(second.stderr).toContain(`Store ${store} is in use by process ${first.pid}`);
    expect(second.stderr).toContain("choose another file with --store");
    expect((await run("top")).code).toBe(EXIT.ok);
    await stop(first, EVERY_TEN);
  });

  it("does not mix faster time with the clock's in one store, and goes on in faster time", async () => {
    const fast = await start(EVERY_TEN, "--speed", "600");
    // At least two minutes ahead of the clock.
    const ahead = new Date(Date.now() + 180_000).toISOString().slice(11, 16);
    await fast.line(new RegExp(`^${ahead}.* 5m `));
    await stop(fast, EVERY_TEN);
    const plain = await start(EVERY_TEN);
    expect((await plain.ended).code).toBe(EXIT.usage);
    expect(plain.stderr).toMatch(
      /^The store has windows up to .*, which is ahead of the clock: time ran faster there\./,
    );
    const again = await start(EVERY_TEN, "--speed", "600");
    await again.line(/^✓ console/);
    const { slots, quotes } = await stop(again, EVERY_TEN);
    // No slot was polled at two times.
    expect(quotes).toBe(slots.length * 3);
  });
});

interface ReplayedRow {
  readonly window_end: string;
  readonly first_price: number;
  readonly last_price: number;
  readonly quote_count: number;
}
