import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { text } from "node:stream/consumers";
import { runLive, runReplay } from "./engine-runs.ts";
import type { BenchResult } from "./result.ts";
import { loadDuckDb, runDuckDbWindow } from "./rivals/duckdb-window.ts";
import { runTypedBuckets } from "./rivals/typed-buckets.ts";
import { assertSameTotals, makeWorkload, Totals, type Workload } from "./workload.ts";
import { medianOf, secondsOf } from "./timing.ts";

const SIZES = [6, 30, 90];

/** The engine against its rivals, on the same quotes; every run's rows are compared before any figure is given. */
export async function engineBench({ short = false } = {}): Promise<BenchResult[]> {
  const slots = short ? 1_000 : 10_000;
  const work = makeWorkload(500, slots, SIZES);
  const quotes = work.symbol.length;
  const expected = runLive(work);

  const buckets = makeWorkload(500, Math.min(slots, 600), SIZES);
  assertSameTotals("typed-buckets", runTypedBuckets(buckets), runLive(buckets));
  const duck = makeWorkload(500, Math.min(slots, 2_000), SIZES);
  const connection = await loadDuckDb(duck);
  assertSameTotals("duckdb-window", await runDuckDbWindow(connection, duck), runLive(duck));
  const beam = makeWorkload(20, short ? 20 : 100, SIZES);
  const beamRun = await runBeam(beam);
  assertSameTotals("beam-ts-direct", beamRun.totals, runLive(beam));
  assertSameTotals("replay", expected, runReplay(work));

  // Rounds of all rivals in turn, so that a slow moment of the machine falls on each alike.
  const live: number[] = [];
  const replay: number[] = [];
  const typed: number[] = [];
  const sql: number[] = [];
  for (let round = 0; round < (short ? 1 : 5); round++) {
    live.push(quotes / secondsOf(() => runLive(work)));
    replay.push(quotes / secondsOf(() => runReplay(work)));
    typed.push(buckets.symbol.length / secondsOf(() => runTypedBuckets(buckets)));
    const started = performance.now();
    await runDuckDbWindow(connection, duck);
    sql.push(duck.symbol.length / ((performance.now() - started) / 1000));
  }
  connection.closeSync();

  const rivals = [
    { name: "typed-buckets", value: medianOf(typed) },
    { name: "duckdb-window", value: medianOf(sql) },
    { name: "beam-ts-direct", value: beam.symbol.length / beamRun.seconds },
  ];
  return [
    { name: "engine live", unit: "quotes/s", samples: live },
    { name: "engine replay", unit: "quotes/s", samples: replay },
  ].map(({ name, unit, samples }) => {
    const value = medianOf(samples);
    return { name, unit, value, rivals: rivals.map((rival) => ({ ...rival, ratio: value / rival.value })) };
  });
}

/** Cost of a quote as symbols and windows grow; each figure against the default's, 500 symbols and 1, 5, 15 minutes. */
export function shapeBench({ short = false } = {}): BenchResult[] {
  const quotes = short ? 200_000 : 2_500_000;
  const shapes = [
    { name: "500 symbols, 1/5/15 min", symbols: 500, sizes: SIZES },
    { name: "50 symbols, 1/5/15 min", symbols: 50, sizes: SIZES },
    { name: "5000 symbols, 1/5/15 min", symbols: 5_000, sizes: SIZES },
    { name: "500 symbols, 1 min", symbols: 500, sizes: [6, 6, 6] },
    { name: "500 symbols, 60 min", symbols: 500, sizes: [360, 360, 360] },
  ].map((shape) => ({
    ...shape,
    work: makeWorkload(shape.symbols, quotes / shape.symbols, shape.sizes),
    ns: [] as number[],
  }));
  for (let round = 0; round < (short ? 2 : 6); round++) {
    for (const { work, ns } of shapes) ns.push((secondsOf(() => runLive(work)) * 1e9) / quotes);
  }
  const base = medianOf(shapes[0]!.ns.slice(1));
  return shapes.map(({ name, ns }) => {
    const value = medianOf(ns.slice(1));
    return {
      name: `shape ${name}`,
      unit: "ns/quote",
      value,
      rivals: [{ name: "500 symbols, 1/5/15 min", value: base, ratio: base / value }],
    };
  });
}

/** How long a slot's windows take to close, all three of them, every row read. */
export function closeBench({ short = false } = {}): BenchResult[] {
  return [500, 5_000].map((symbols) => {
    const work = makeWorkload(symbols, short ? 200 : 2_000, SIZES);
    runLive(work);
    const closes: number[] = [];
    runLive(work, closes);
    closes.sort((a, b) => a - b);
    return {
      name: `window close p99, ${symbols} symbols`,
      unit: "ms",
      value: closes[Math.floor(closes.length * 0.99)]!,
      rivals: [],
    };
  });
}

async function runBeam(work: Workload): Promise<{ totals: Totals; seconds: number }> {
  const quotes = Array.from(work.symbol, (symbol, i) => ({
    symbol: `S${symbol}`,
    time: work.slotTime[i]!,
    price: work.price[i]!,
    providerTime: work.providerTime[i]!,
  }));
  const child = spawn(process.execPath, [fileURLToPath(new URL("rivals/beam-ts-direct.cjs", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const periodSeconds = work.periodMs / 1000;
  const lastEnd = work.start + (work.slotCount - 1) * work.periodMs + 5_000;
  child.stdin.end(
    JSON.stringify({
      quotes,
      lastEnd,
      sizes: work.sizes.map((n) => n * periodSeconds),
      periodSeconds,
      offsetSeconds: 5,
    }),
  );
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  const line = output.trim().split("\n").at(-1) ?? "";
  const { bySize, seconds } = JSON.parse(line) as { bySize: number[][]; seconds: number };
  const totals = new Totals(work.sizes.length);
  bySize.forEach((columns, i) => {
    totals.bySize[i]!.set(columns);
  });
  return { totals, seconds };
}
