import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type OracleQuote, type OracleRow, type OracleWindow, WindowOracle } from "../../test/oracles/windows.ts";
import { meanText } from "./mean.ts";
import type { RowColumns } from "./row-columns.ts";
import { WindowEngine } from "./window-engine.ts";

const START = Date.UTC(2024, 0, 2, 14, 30);

function rowsOf(columns: RowColumns): OracleRow[] {
  return Array.from({ length: columns.length }, (_, i) => ({
    window: columns.windowIndex,
    symbol: columns.symbol[i]!,
    end: columns.windowEnd,
    firstTime: columns.firstSlot[i]!,
    lastTime: columns.lastSlot[i]!,
    first: columns.firstPrice[i]!,
    last: columns.lastPrice[i]!,
    min: columns.minPrice[i]!,
    max: columns.maxPrice[i]!,
    mean: meanText(columns.sumHigh[i]!, columns.sum[i]!, columns.count[i]!),
    count: columns.count[i]!,
  }));
}

function advance(engine: WindowEngine, watermark: number): OracleRow[] {
  const rows: OracleRow[] = [];
  engine.advance(watermark, (columns) => rows.push(...rowsOf(columns)));
  return rows;
}

const key = (row: OracleRow) => `${row.window}/${row.symbol}/${row.end}`;
const byKey = (a: OracleRow, b: OracleRow) => key(a).localeCompare(key(b));

/** Of rows in the order they were written, the winning one of each key: the greatest count, and the last of those. */
function winning(rows: readonly OracleRow[]): OracleRow[] {
  const best = new Map<string, OracleRow>();
  for (const row of rows) {
    if (row.count >= (best.get(key(row))?.count ?? 0)) best.set(key(row), row);
  }
  return [...best.values()].sort(byKey);
}

interface Setup {
  readonly symbolCount: number;
  readonly periodMs: number;
  readonly windows: OracleWindow[];
  readonly aheadMs: number;
}

const setups: fc.Arbitrary<Setup> = fc.constantFrom(1, 500, 1_000, 10_000, 60_000).chain((periodMs) =>
  fc.record({
    symbolCount: fc.integer({ min: 1, max: 4 }),
    periodMs: fc.constant(periodMs),
    windows: fc.array(
      fc.record({
        sizeMs: fc.integer({ min: 1, max: 14 }).map((slots) => slots * periodMs),
        periodMs: fc.constant(periodMs),
        offsetMs: fc.oneof(
          fc.constant(0),
          fc.constant(Math.floor(periodMs / 2)),
          fc.integer({ min: 0, max: periodMs - 1 }),
        ),
        allowedLatenessMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20 * periodMs })),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    aheadMs: fc.integer({ min: 0, max: 8 * periodMs }),
  }),
);

const prices = fc.oneof(
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1_000_000, max: 500_000_000 }),
  fc.integer({ min: 9_999_999_999_000, max: 9_999_999_999_999 }),
);

/** A quote some slots from the watermark's, or a step of the watermark: small, large, none, or backwards. */
type Event =
  { readonly quote: { symbol: number; slots: number; price: number; age: number } } | { readonly step: number };

const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        quote: fc.record({
          symbol: fc.nat(3),
          slots: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: -6, max: 2 }) }, fc.integer({ min: -60, max: 12 })),
          price: prices,
          age: fc.nat(2),
        }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        step: fc.oneof(
          { weight: 4, arbitrary: fc.double({ min: 0, max: 3, noNaN: true }) },
          fc.double({ min: 0, max: 400, noNaN: true }),
          fc.double({ min: -2, max: 0, noNaN: true }),
        ),
      }),
    },
  ),
  { maxLength: 120 },
);

describe("window engine", () => {
  it("writes the rows of brute force at every step, whatever comes late, early, twice or not at all", () => {
    fc.assert(
      fc.property(setups, events, (setup, script) => {
        const engine = new WindowEngine({ ...setup, watermark: START });
        const oracle = new WindowOracle(setup.windows, START);
        for (const event of script) {
          if ("step" in event) {
            const watermark = Math.round(oracle.watermark + event.step * setup.periodMs);
            expect(advance(engine, watermark).sort(byKey)).toEqual(oracle.advance(watermark).sort(byKey));
            continue;
          }
          const { symbol, slots, price, age } = event.quote;
          const slot = Math.floor(oracle.watermark / setup.periodMs) + slots;
          const time = slot * setup.periodMs;
          const quote = { symbol: symbol % setup.symbolCount, time, price, providerTime: time - age };
          const outcome = engine.add(quote.symbol, time, price, quote.providerTime);
          expect(outcome === "too-early").toBe(time > oracle.watermark + setup.aheadMs);
          if (outcome !== "too-early") oracle.add(quote);
        }
        expect(engine.lateQuotes).toEqual(oracle.lateQuotes);
        const end = oracle.watermark + 100 * setup.periodMs;
        expect(advance(engine, end).sort(byKey)).toEqual(oracle.advance(end).sort(byKey));
      }),
      { numRuns: 1_500 },
    );
  });

  it("stays exact over windows so long that a double can't hold their sums", () => {
    const slotsAhead = fc.array(fc.record({ slots: fc.integer({ min: -900, max: 900 }), price: prices }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.array(slotsAhead, { maxLength: 3 }), (rounds) => {
        const windows = [{ sizeMs: 1_200_000, periodMs: 1_000, offsetMs: 0, allowedLatenessMs: 500_000 }];
        const engine = new WindowEngine({ symbolCount: 1, windows, watermark: START, aheadMs: 1_000_000 });
        const oracle = new WindowOracle(windows, START);
        for (const round of rounds) {
          for (const { slots, price } of round) {
            const time = oracle.watermark + slots * 1_000;
            engine.add(0, time, price, time);
            oracle.add({ symbol: 0, time, price, providerTime: time });
          }
          const watermark = oracle.watermark + 400_000;
          expect(advance(engine, watermark).sort(byKey)).toEqual(oracle.advance(watermark).sort(byKey));
        }
      }),
      { numRuns: 20 },
    );
    const full = new WindowEngine({
      symbolCount: 1,
      windows: [{ sizeMs: 1_000_000, periodMs: 1_000, offsetMs: 0, allowedLatenessMs: 1_000 }],
      watermark: START,
      aheadMs: 1_000_000,
    });
    for (let i = 0; i < 1_000; i++) full.add(0, START + i * 1_000, 9_999_999_999_998 + (i % 2), START);
    expect(advance(full, START + 1_000_000).at(-1)).toMatchObject({ count: 1_000, mean: "9999999.999998500" });
    full.add(0, START, 9_999_999_999_999, START + 1);
    expect(advance(full, START + 1_000_000)).toMatchObject([{ count: 1_000, mean: "9999999.999998501" }]);
  });

  /** Quotes in time for every window, however they are mixed: the watermark stands still or follows closely. */
  const sets = fc.tuple(
    setups.map((setup) => ({
      ...setup,
      windows: setup.windows.map((w) => ({ ...w, allowedLatenessMs: 40 * setup.periodMs })),
      aheadMs: 40 * setup.periodMs,
    })),
    fc.array(fc.record({ symbol: fc.nat(3), slots: fc.integer({ min: 1, max: 30 }), price: prices, age: fc.nat(2) }), {
      maxLength: 60,
    }),
  );

  const quotesOf = (
    setup: Setup,
    set: { symbol: number; slots: number; price: number; age: number }[],
  ): OracleQuote[] =>
    set.map(({ symbol, slots, price, age }) => {
      const time = (Math.floor(START / setup.periodMs) + slots) * setup.periodMs;
      return { symbol: symbol % setup.symbolCount, time, price, providerTime: time - age };
    });

  /** All rows written when quotes come in this order, with the watermark moved on after some of them. */
  function run(setup: Setup, quotes: readonly OracleQuote[], steps: readonly number[] = []): OracleRow[] {
    const engine = new WindowEngine({ ...setup, watermark: START });
    const rows: OracleRow[] = [];
    let watermark = START;
    quotes.forEach((q, i) => {
      engine.add(q.symbol, q.time, q.price, q.providerTime);
      watermark = Math.min(watermark + (steps[i] ?? 0) * setup.periodMs, START + 30 * setup.periodMs);
      rows.push(...advance(engine, watermark));
    });
    rows.push(...advance(engine, START + 200 * setup.periodMs));
    return rows;
  }

  it("ends with the same winning rows whatever the order of arrival, and however often a quote comes", () => {
    fc.assert(
      fc.property(
        sets.chain(([setup, set]) => {
          const quotes = quotesOf(setup, set);
          const disorder = fc.shuffledSubarray([...quotes, ...quotes], { minLength: quotes.length * 2 });
          return fc.tuple(fc.constant(setup), fc.constant(quotes), disorder);
        }),
        ([setup, quotes, disorder]) => {
          expect(winning(run(setup, disorder))).toEqual(winning(run(setup, quotes)));
        },
      ),
    );
  });

  it("ends with the same winning rows whatever path the watermark takes", () => {
    fc.assert(
      fc.property(sets, fc.array(fc.nat(3)), ([setup, set], steps) => {
        const quotes = quotesOf(setup, set);
        expect(winning(run(setup, quotes, steps))).toEqual(winning(run(setup, quotes)));
      }),
    );
  });

  it("changes nothing when a prefix of the quotes is replayed", () => {
    fc.assert(
      fc.property(sets, fc.nat(60), fc.array(fc.nat(2)), ([setup, set], prefix, steps) => {
        const quotes = quotesOf(setup, set);
        const replayed = [...quotes, ...quotes.slice(0, prefix)];
        expect(winning(run(setup, replayed, steps))).toEqual(winning(run(setup, quotes)));
      }),
    );
  });

  it("ends as the full run when a partial one came first", () => {
    fc.assert(
      fc.property(sets, fc.nat(60), ([setup, set], seen) => {
        const quotes = quotesOf(setup, set);
        // A rival that the partial run missed may win a slot without adding a quote: the later row then counts.
        const rows = [...run(setup, quotes.slice(0, seen)), ...run(setup, quotes)];
        expect(winning(rows)).toEqual(winning(run(setup, quotes)));
      }),
    );
  });

  it("takes a slot as columns just as quote by quote", () => {
    fc.assert(
      fc.property(
        setups,
        fc.array(fc.array(fc.oneof(fc.constant(0), prices), { minLength: 4, maxLength: 4 })),
        (setup, slots) => {
          const byQuote = new WindowEngine({ ...setup, watermark: START });
          const bySlot = new WindowEngine({ ...setup, watermark: START });
          slots.forEach((row, i) => {
            const columns = Float64Array.from(row.slice(0, setup.symbolCount));
            const time = (Math.floor(START / setup.periodMs) + i) * setup.periodMs;
            // Twice, since a slot that holds quotes already takes the other way in.
            bySlot.addSlot(
              time,
              columns,
              columns.map(() => time),
            );
            bySlot.addSlot(
              time,
              columns,
              columns.map(() => time - 1),
            );
            columns.forEach((price, symbol) => {
              if (price !== 0) byQuote.add(symbol, time, price, time);
            });
            expect(advance(bySlot, time)).toEqual(advance(byQuote, time));
          });
        },
      ),
    );
  });

  it("gives rows in the order of window end, window and symbol", () => {
    const window = { periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 0 };
    const windows = [
      { ...window, sizeMs: 20_000 },
      { ...window, sizeMs: 10_000, offsetMs: 2_000 },
    ];
    const engine = new WindowEngine({ symbolCount: 2, windows, watermark: START });
    for (const time of [START, START + 10_000]) for (const symbol of [1, 0]) engine.add(symbol, time, 5_000_000, time);
    const order = advance(engine, START + 15_000).map((r) => [(r.end - START) / 1000, r.window, r.symbol]);
    expect(order).toEqual([
      [2, 1, 0], [2, 1, 1], [5, 0, 0], [5, 0, 1], [12, 1, 0], [12, 1, 1], [15, 0, 0], [15, 0, 1],
    ]); // prettier-ignore
  });

  it("goes over a silence of years at once", () => {
    const windows = [{ sizeMs: 900_000, periodMs: 1_000, offsetMs: 500, allowedLatenessMs: 60_000 }];
    const engine = new WindowEngine({ symbolCount: 1, windows, watermark: START });
    const later = START + 20 * 365 * 86_400_000;
    engine.add(0, START, 1_000_000, START);
    expect(advance(engine, later)).toHaveLength(900);
    expect(engine.add(0, later, 2_000_000, later)).toBe("accepted");
    expect(advance(engine, later + 1_000).map((r) => [r.first, r.count])).toEqual([[2_000_000, 1]]);
  });

  it("forgets prices from before a silence", () => {
    for (let shift = 0; shift < 10; shift++) {
      for (let silence = 1; silence < 40; silence++) {
        const windows = [{ sizeMs: 10_000, periodMs: 1_000, offsetMs: 0, allowedLatenessMs: 0 }];
        const engine = new WindowEngine({ symbolCount: 1, windows, watermark: START, aheadMs: 0 });
        const oracle = new WindowOracle(windows, START);
        for (const [after, price] of [
          [shift, 9_000_000],
          [shift + 12 + silence, 5_000_000],
        ] as const) {
          const time = START + after * 1_000;
          expect(advance(engine, time)).toEqual(oracle.advance(time));
          engine.add(0, time, price, time);
          oracle.add({ symbol: 0, time, price, providerTime: time });
        }
        expect(advance(engine, START + 60_000)).toEqual(oracle.advance(START + 60_000).sort((a, b) => a.end - b.end));
      }
    }
  });

  it.each([
    [{ symbolCount: 0 }, "symbolCount is 0"],
    [{ windows: [] }, "at least one window"],
    [
      { windows: [{ sizeMs: 15, periodMs: 10, offsetMs: 0, allowedLatenessMs: 0 }] },
      "sizeMs 15 is not a whole multiple",
    ],
    [{ windows: [{ sizeMs: 20, periodMs: 10, offsetMs: 10, allowedLatenessMs: 0 }] }, "offsetMs 10 is not below"],
    [{ windows: [10, 20].map((p) => ({ sizeMs: 20, periodMs: p, offsetMs: 0, allowedLatenessMs: 0 })) }, "one period"],
  ])("refuses options that make no window: %j", (bad, message) => {
    const good = {
      symbolCount: 1,
      windows: [{ sizeMs: 20, periodMs: 10, offsetMs: 0, allowedLatenessMs: 0 }],
      watermark: START,
    };
    expect(() => new WindowEngine({ ...good, ...bad })).toThrow(message);
  });

  it("refuses a symbol that it has no room for and a time off the grid", () => {
    const windows = [{ sizeMs: 20_000, periodMs: 10_000, offsetMs: 0, allowedLatenessMs: 0 }];
    const engine = new WindowEngine({ symbolCount: 1, windows, watermark: START });
    expect(() => engine.add(1, START, 1, START)).toThrow(RangeError);
    expect(() => engine.add(0, START + 1, 1, START)).toThrow("multiple of 10000 ms");
  });
});
