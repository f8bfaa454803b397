import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { replayRows, type RecordedTick, type ReplayRow } from "../../test/oracles/replay.ts";
import { SymbolTable } from "../quotes/symbol-table.ts";
import { TickHistory } from "../quotes/tick-history.ts";
import { TickScanner } from "../quotes/tick-scanner.ts";
import { meanText } from "../windows/mean.ts";
import type { RowColumns } from "../windows/row-columns.ts";
import type { ReplayPlan } from "./replay-plan.ts";
import { replay } from "./replay.ts";

const SECOND = 1_000;
const MINUTE = 60_000;
const OPEN = Date.UTC(2013, 9, 7, 13, 30);

function planOf(fields: {
  from: number;
  to: number;
  intervalMs: number;
  offsetMs: number;
  sizesMs: number[];
}): ReplayPlan {
  const { intervalMs, offsetMs, sizesMs, from, to } = fields;
  const windows = sizesMs.map((sizeMs) => ({ sizeMs, periodMs: intervalMs, offsetMs, allowedLatenessMs: 0 }));
  return { intervalMs, from, to, windows };
}

function playbackOf(ticks: readonly RecordedTick[], plan: ReplayPlan) {
  const symbols = new SymbolTable();
  const history = new TickHistory(plan);
  const scanner = new TickScanner(symbols, (block) => {
    history.add(block);
  });
  scanner.write(Buffer.from(ticks.map((tick) => `${JSON.stringify({ ...tick, volume: 1 })}\n`).join("")));
  scanner.end();
  return history.playback(symbols.names);
}

async function rowsOf(ticks: readonly RecordedTick[], plan: ReplayPlan) {
  const playback = playbackOf(ticks, plan);
  const rows: ReplayRow[] = [];
  const write = (columns: RowColumns) => {
    const { sizeMs, periodMs } = plan.windows[columns.windowIndex]!;
    for (let i = 0; i < columns.length; i++) {
      rows.push({
        symbol: playback.symbols[columns.symbol[i]!]!,
        resolution_minutes: sizeMs / MINUTE,
        window_start: columns.windowEnd - sizeMs,
        window_end: columns.windowEnd,
        event_time: columns.lastSlot[i]!,
        first_event_time: columns.firstSlot[i]!,
        first_price: columns.firstPrice[i]! / 1e6,
        last_price: columns.lastPrice[i]! / 1e6,
        min_price: columns.minPrice[i]! / 1e6,
        max_price: columns.maxPrice[i]! / 1e6,
        mean_price: meanText(columns.sumHigh[i]!, columns.sum[i]!, columns.count[i]!),
        quote_count: columns.count[i]!,
        expected_count: sizeMs / periodMs,
      });
    }
  };
  const counts = await replay(playback, plan, { write, drain: () => undefined });
  return { rows, counts };
}

const question = fc
  .record({
    intervalMs: fc.constantFrom(1, 2, 5, 10, 30, 60).map((seconds) => seconds * SECOND),
    offset: fc.double({ min: 0, max: 0.999, noNaN: true }),
    slots: fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 3 }),
    start: fc.integer({ min: -90_000, max: 90_000 }),
    length: fc.integer({ min: 1, max: 40 }),
    rest: fc.integer({ min: 0, max: 59_999 }),
  })
  .map(({ intervalMs, offset, slots, start, length, rest }) => ({
    intervalMs,
    offsetMs: Math.floor(offset * intervalMs),
    sizesMs: slots.sort((a, b) => a - b).map((count) => count * intervalMs),
    from: OPEN + start,
    to: OPEN + start + length * intervalMs + rest,
  }));
const ticks = fc.array(
  fc.record({
    symbol: fc.constantFrom("AIG", "BAC", "BRK.B"),
    latestPrice: fc.oneof(
      fc.integer({ min: 1, max: 400 }).map((n) => n / 100),
      fc.integer({ min: 1, max: 9_999_999_999_999 }).map((n) => n / 1e6),
    ),
    latestUpdate: fc.oneof(
      fc.integer({ min: OPEN - 5 * MINUTE, max: OPEN + 20 * MINUTE }),
      fc.integer({ min: -120, max: 600 }).map((n) => OPEN + n * SECOND),
    ),
  }),
  { minLength: 1, maxLength: 60, size: "max" },
);

describe("a replay", () => {
  it("gives the rows of brute force, for any ticks in any order, interval, offset and windows", async () => {
    await fc.assert(
      fc.asyncProperty(ticks, question, async (ticks, question) => {
        const { rows } = await rowsOf(ticks, planOf(question));
        expect(rows).toEqual(replayRows(ticks, question));
      }),
      { numRuns: 300 },
    );
  });

  it("counts its slots, its observations and its rows", async () => {
    const ticks = [
      { symbol: "A", latestPrice: 1, latestUpdate: OPEN - MINUTE },
      { symbol: "B", latestPrice: 2, latestUpdate: OPEN + 25 * SECOND },
    ];
    const plan = planOf({ from: OPEN, to: OPEN + MINUTE, intervalMs: 10_000, offsetMs: 5_000, sizesMs: [MINUTE] });
    const { counts, rows } = await rowsOf(ticks, plan);
    expect(counts).toEqual({ slots: 6, quotes: 6 + 3, rows: rows.length });
  });

  it("waits where its output wants to", async () => {
    const tick = { symbol: "A", latestPrice: 1, latestUpdate: OPEN };
    const plan = planOf({ from: OPEN, to: OPEN + MINUTE, intervalMs: 10_000, offsetMs: 5_000, sizesMs: [MINUTE] });
    const events: string[] = [];
    const drain = async () => {
      events.push("drain");
      await Promise.resolve();
      events.push("drained");
    };
    await replay(playbackOf([tick], plan), plan, { write: () => events.push("rows"), drain });
    expect(events.join(" ")).toBe(Array(6).fill("rows drain drained").join(" "));
  });

  it("stops when it is aborted", async () => {
    const tick = { symbol: "A", latestPrice: 1, latestUpdate: OPEN };
    const plan = planOf({ from: OPEN, to: OPEN + MINUTE, intervalMs: 10_000, offsetMs: 5_000, sizesMs: [MINUTE] });
    const abort = new AbortController();
    const slots: number[] = [];
    const onSlot = (slot: number) => {
      slots.push(slot);
      if (slots.length === 2) abort.abort(new Error("stopped by hand"));
    };
    const output = { write: () => undefined, drain: () => undefined };
    const run = replay(playbackOf([tick], plan), plan, output, { onSlot, signal: abort.signal });
    await expect(run).rejects.toThrow("stopped by hand");
    expect(slots).toEqual([OPEN, OPEN + 10_000]);
  });
});
