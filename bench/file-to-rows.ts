/**
 * From a tick file on disk to window rows: the way of `stockfeed replay`, without writing the rows. The rival is the
 * same engine behind the parser that most programs have, `JSON.parse` of each line, with no check of what it gives.
 */
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRecording } from "../src/adapters/ticks/recording.ts";
import { MICROS } from "../src/quotes/price.ts";
import { TickHistory } from "../src/quotes/tick-history.ts";
import type { TickPlayback } from "../src/quotes/tick-playback.ts";
import type { TickBlock } from "../src/quotes/tick-scanner.ts";
import { replay } from "../src/replay/replay.ts";
import { addRows } from "./engine-runs.ts";
import type { BenchResult } from "./result.ts";
import { symbolNamed } from "./symbol-names.ts";
import { medianOf } from "./timing.ts";
import { assertSameTotals, Totals } from "./workload.ts";

const SYMBOLS = 500;
const INTERVAL_MS = 10_000;
/** As many as in the recording of 2013-10-07 that the semantics were checked on. */
const TICKS_PER_QUOTE = 4;
const SIZES = [6, 30, 90];
const START = Date.UTC(2024, 0, 2, 14, 30);

/** Ticks of a file into rows of three windows, four ticks a quote; gives ticks a second, and those of the rival. */
export async function fileToRowsBench({ short = false } = {}): Promise<BenchResult[]> {
  const slots = short ? 150 : 1_500;
  const ticks = SYMBOLS * slots * TICKS_PER_QUOTE;
  const plan = {
    intervalMs: INTERVAL_MS,
    from: START,
    to: START + slots * INTERVAL_MS,
    windows: SIZES.map((size) => ({
      sizeMs: size * INTERVAL_MS,
      periodMs: INTERVAL_MS,
      offsetMs: 5_000,
      allowedLatenessMs: 0,
    })),
  };
  const rowsOf = async (playback: TickPlayback) => {
    const totals = new Totals(SIZES.length);
    await replay(playback, plan, {
      write: (rows) => {
        addRows(totals, rows);
      },
      drain: () => undefined,
    });
    return totals;
  };
  const folder = await mkdtemp(join(tmpdir(), "stockfeed-bench-"));
  try {
    const path = join(folder, "ticks.ndjson");
    await writeTicks(path, ticks, slots * INTERVAL_MS);
    const scanned = async () => {
      const { history, symbols } = await readRecording([path], plan);
      return rowsOf(history.playback(symbols));
    };
    const parsed = async () => rowsOf(await parseTicks(path, plan));
    assertSameTotals("JSON.parse", await scanned(), await parsed());

    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < (short ? 1 : 5); round++) {
      ours.push(ticks / (await secondsUntil(scanned)));
      theirs.push(ticks / (await secondsUntil(parsed)));
    }
    const [value, rival] = [medianOf(ours), medianOf(theirs)];
    return [
      {
        name: "file to rows",
        unit: "ticks/s",
        value,
        rivals: [{ name: "JSON.parse", value: rival, ratio: value / rival }],
      },
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function secondsUntil(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Writes random walks as a recorder would: in order of time, now this symbol, now that, prices with two places. */
async function writeTicks(path: string, ticks: number, spanMs: number): Promise<void> {
  const file = await open(path, "w");
  const cents = Int32Array.from({ length: SYMBOLS }, (_, s) => 5_000 + s * 10);
  let state = 12_345;
  const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  let lines = "";
  for (let i = 0; i < ticks; i++) {
    const s = Math.floor(random() * SYMBOLS);
    cents[s] = Math.max(1, cents[s]! + Math.floor(random() * 21) - 10);
    const time = START + Math.floor((i * spanMs) / ticks);
    lines += `{"symbol":"${symbolNamed(s)}","latestPrice":${cents[s] / 100},"latestUpdate":${time},"volume":${Math.floor(random() * 1_000)}}\n`;
    if (lines.length < 1 << 22 && i < ticks - 1) continue;
    await file.write(lines);
    lines = "";
  }
  await file.close();
}

/** The rival's way into the same history: text, lines, objects. */
async function parseTicks(
  path: string,
  range: { intervalMs: number; from: number; to: number },
): Promise<TickPlayback> {
  const history = new TickHistory(range);
  const numbers = new Map<string, number>();
  const block: TickBlock = {
    length: 0,
    symbol: new Int32Array(4096),
    price: new Float64Array(4096),
    time: new Float64Array(4096),
    volume: new Float64Array(4096),
  };
  const take = (line: string) => {
    const tick = JSON.parse(line) as { symbol: string; latestPrice: number; latestUpdate: number; volume: number };
    let number = numbers.get(tick.symbol);
    if (number === undefined) numbers.set(tick.symbol, (number = numbers.size));
    block.symbol[block.length] = number;
    block.price[block.length] = Math.round(tick.latestPrice * MICROS);
    block.time[block.length] = tick.latestUpdate;
    block.volume[block.length] = tick.volume;
    if (++block.length < block.symbol.length) return;
    history.add(block);
    block.length = 0;
  };
  let rest = "";
  for await (const text of createReadStream(path, {
    encoding: "latin1",
    highWaterMark: 1 << 20,
  }) as AsyncIterable<string>) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
  if (rest !== "") take(rest);
  history.add(block);
  return history.playback([...numbers.keys()]);
}
