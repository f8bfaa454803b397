import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TickHistory, type HistoryRange } from "./tick-history.ts";
import type { TickBlock } from "./tick-scanner.ts";

interface RawTick {
  readonly symbol: number;
  readonly time: number;
  readonly price: number;
}

const NAMES = ["MSFT", "AAPL", "BRK.B", "A"];

function block(ticks: readonly RawTick[]): TickBlock {
  return {
    length: ticks.length,
    symbol: Int32Array.from(ticks, (tick) => tick.symbol),
    price: Float64Array.from(ticks, (tick) => tick.price),
    time: Float64Array.from(ticks, (tick) => tick.time),
    volume: Float64Array.from(ticks, (tick) => tick.time * 10 + tick.price),
  };
}

/** A history of these ticks, taken in by blocks of seven. */
function historyOf(ticks: readonly RawTick[], range: HistoryRange): TickHistory {
  const history = new TickHistory(range);
  for (let i = 0; i < ticks.length; i += 7) history.add(block(ticks.slice(i, i + 7)));
  return history;
}

/** What a poll at `slot` sees, by the definition: of all ticks at or before it the one with the greatest (time, price). */
function newest(ticks: readonly RawTick[], name: string, slot: number): RawTick | undefined {
  return ticks
    .filter((tick) => NAMES[tick.symbol] === name && tick.time <= slot)
    .sort((a, b) => b.time - a.time || b.price - a.price)[0];
}

const ticks = fc.array(
  fc.record({
    symbol: fc.nat({ max: NAMES.length - 1 }),
    time: fc.oneof(...[12, 300, 300_000].map((max) => fc.integer({ min: 1, max }))),
    price: fc.integer({ min: 1, max: 5 }),
  }),
  { maxLength: 60, size: "max" },
);

describe("a history of ticks", () => {
  it("shows at every slot the newest tick at or before it, whatever the order of the ticks", () => {
    const args = fc.record({
      ticks: fc.oneof(
        ticks,
        ticks.map((list) => list.sort((a, b) => a.time - b.time)),
      ),
      intervalMs: fc.constantFrom(1, 10, 60, 1000),
      from: fc.option(fc.nat({ max: 400 }), { nil: undefined }),
      length: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(args, ({ ticks, intervalMs, from, length }) => {
        const first = Math.ceil((from ?? 0) / intervalMs) * intervalMs;
        const to = first + length * intervalMs;
        const playback = historyOf(ticks, { intervalMs, from, to }).playback(NAMES);
        for (let slot = first; slot < to; slot += intervalMs) {
          playback.seek(slot);
          const seen = playback.symbols.map((name) => newest(ticks, name, slot));
          expect(Array.from(playback.prices)).toEqual(seen.map((tick) => tick?.price ?? 0));
          expect(Array.from(playback.times)).toEqual(seen.map((tick) => tick?.time ?? 0));
          expect(playback.quoted).toBe(seen.filter((tick) => tick !== undefined).length);
          const volumes = seen.map((tick) => (tick === undefined ? NaN : tick.time * 10 + tick.price));
          expect(Array.from(playback.volumes)).toEqual(volumes);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("may be asked for slots in any order", () => {
    fc.assert(
      fc.property(ticks, fc.array(fc.nat({ max: 400 }), { maxLength: 20 }), (ticks, slots) => {
        const playback = historyOf(ticks, { intervalMs: 1 }).playback(NAMES);
        for (const slot of slots) {
          playback.seek(slot);
          const seen = playback.symbols.map((name) => newest(ticks, name, slot)?.price ?? 0);
          expect(Array.from(playback.prices)).toEqual(seen);
        }
      }),
    );
  });

  it("puts the symbols in alphabetical order", () => {
    expect(new TickHistory({ intervalMs: 1 }).playback(NAMES).symbols).toEqual(["A", "AAPL", "BRK.B", "MSFT"]);
  });

  it("keeps one tick a symbol and slot of a recording in order", () => {
    const day = Array.from({ length: 10_000 }, (_, i) => ({ symbol: i % 3, time: 1 + i, price: 1 + (i % 7) }));
    expect(historyOf(day, { intervalMs: 1000, from: 3000, to: 8000 }).length).toBe(3 * 5);
  });

  it("knows the times of the oldest and the newest tick, kept or not", () => {
    const day = [500, 100, 900].map((time) => ({ symbol: 0, time, price: 1 }));
    expect(historyOf(day, { intervalMs: 10, from: 200, to: 300 }).span).toEqual({ first: 100, last: 900 });
    expect(historyOf([], { intervalMs: 10 }).span).toBeUndefined();
  });

  it("takes more symbols and slots than it first has room for", () => {
    const many = Array.from({ length: 20_000 }, (_, i) => ({ symbol: i % 2000, time: 1 + i, price: 1 + i }));
    const names = Array.from({ length: 2000 }, (_, i) => `S${String(i).padStart(4, "0")}`);
    const history = new TickHistory({ intervalMs: 1 });
    history.add(block(many));
    const playback = history.playback(names);
    playback.seek(20_000);
    expect(Array.from(playback.prices)).toEqual(Array.from({ length: 2000 }, (_, i) => 18_001 + i));
  });
});
