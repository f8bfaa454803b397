/** The quotes that the engine and its rivals are given: slot by slot, every symbol once a slot. */
export interface Workload {
  readonly symbolCount: number;
  readonly slotCount: number;
  readonly periodMs: number;
  /** Time of the first slot, epoch ms. */
  readonly start: number;
  /** Window sizes in slots. */
  readonly sizes: readonly number[];
  /** Columns of the quotes, in the order of arrival. */
  readonly symbol: Int32Array;
  readonly slotTime: Float64Array;
  /** Micros. */
  readonly price: Float64Array;
  readonly providerTime: Float64Array;
}

const OFFSET_MS = 5_000;

/** Windows of the workload: offset 5 s, lateness 60 s, as a feed's by default. */
export function windowsOf(work: Workload) {
  return work.sizes.map((slots) => ({
    sizeMs: slots * work.periodMs,
    periodMs: work.periodMs,
    offsetMs: OFFSET_MS,
    allowedLatenessMs: 60_000,
  }));
}

/** Random walks, one a symbol, from a fixed seed. */
export function makeWorkload(symbolCount: number, slotCount: number, sizes: readonly number[]): Workload {
  const periodMs = 10_000;
  const start = Date.UTC(2024, 0, 2, 14, 30);
  const quotes = symbolCount * slotCount;
  const work: Workload = {
    symbolCount,
    slotCount,
    periodMs,
    start,
    sizes,
    symbol: new Int32Array(quotes),
    slotTime: new Float64Array(quotes),
    price: new Float64Array(quotes),
    providerTime: new Float64Array(quotes),
  };
  const walk = Float64Array.from({ length: symbolCount }, (_, s) => 50_000_000 + s * 100_000);
  let state = 12_345;
  for (let i = 0; i < quotes; i++) {
    const s = i % symbolCount;
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    walk[s] = Math.max(1, walk[s]! + Math.round((state / 2 ** 32 - 0.5) * 200_000));
    work.symbol[i] = s;
    work.slotTime[i] = start + Math.floor(i / symbolCount) * periodMs;
    work.price[i] = walk[s]!;
    work.providerTime[i] = work.slotTime[i]! - 500;
  }
  return work;
}

/**
 * What all rows of a run add up to, column by column, and each window size by itself. Two runs that agree in all of
 * them, to a relative 1e-9, gave the same rows for the purpose of a benchmark; the tests compare row by row.
 */
export class Totals {
  /** Per window size: rows, quotes, first, last, min, max, mean (sums of each, prices in micros). */
  readonly bySize: Float64Array[];

  constructor(sizes: number) {
    this.bySize = Array.from({ length: sizes }, () => new Float64Array(7));
  }

  get rows(): number {
    return this.bySize.reduce((sum, t) => sum + t[0]!, 0);
  }
}

/** Throws where two runs differ by more than a relative 1e-9. */
export function assertSameTotals(name: string, expected: Totals, actual: Totals): void {
  expected.bySize.forEach((columns, size) => {
    columns.forEach((value, column) => {
      const other = actual.bySize[size]?.[column] ?? NaN;
      if (!(Math.abs(other - value) <= 1e-9 * Math.abs(value))) {
        throw new Error(`${name} differs at window ${size}, column ${column}: ${other}, not ${value}`);
      }
    });
  });
}
