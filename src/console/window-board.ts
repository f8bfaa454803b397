import { MICROS } from "../quotes/price.ts";
import type { WindowRow } from "../windows/window-row.ts";
import type { Gain, TopStock, WindowState } from "./wire.ts";

/** The worst rank that top stocks show, as in the view `top_stocks`. */
const WORST_RANK = 3;
/** Gains at each end of the list that are shown of a feed with more symbols than both together. */
const GAINS_AT_EACH_END = 100;
const BILLION = 1_000_000_000n;

/** A resolution as a board needs it. */
export interface BoardSpec {
  /** As the manifest has it, such as `5m`. */
  readonly resolution: string;
  readonly sizeMs: number;
  readonly expectedCount: number;
}

/**
 * The last closed window of one resolution: the winning row of each symbol, ranked as the views `top_stocks` and
 * `percentage_gain` rank the store's rows.
 */
export class WindowBoard {
  /** Counts every change, so a reader sees whether it has the newest. */
  version = 0;
  readonly spec: BoardSpec;
  readonly #rows = new Map<string, WindowRow>();
  #windowEnd = -Infinity;

  constructor(spec: BoardSpec) {
    this.spec = spec;
  }

  /** Takes a row in: a newer window empties the board, an older one is left out. */
  add(row: WindowRow): void {
    if (row.windowEnd < this.#windowEnd) return;
    if (row.windowEnd > this.#windowEnd) {
      this.#rows.clear();
      this.#windowEnd = row.windowEnd;
    }
    const held = this.#rows.get(row.symbol);
    if (held && !outranks(row, held)) return;
    this.#rows.set(row.symbol, row);
    this.version += 1;
  }

  /** What the page shows of this resolution. */
  state(): WindowState {
    const rows = [...this.#rows.values()];
    const [any] = rows;
    if (!any) return this.spec;
    const counts = rows.map((row) => row.quoteCount);
    return {
      ...this.spec,
      closed: {
        windowStart: any.windowStart,
        windowEnd: any.windowEnd,
        symbols: rows.length,
        fewestQuotes: counts.reduce((a, b) => Math.min(a, b)),
        mostQuotes: counts.reduce((a, b) => Math.max(a, b)),
        topStocks: topStocks(rows),
        gains: twoEnds(gains(rows)),
      },
    };
  }
}

/** Of rows with one key the greatest (quoteCount, writtenAt) counts; of equal ones, the same row twice, the last. */
function outranks(row: WindowRow, held: WindowRow): boolean {
  return row.quoteCount > held.quoteCount || (row.quoteCount === held.quoteCount && row.writtenAt >= held.writtenAt);
}

/** RANK() by mean price, descending, down to rank 3: equal means share a rank, and the next rank is skipped. */
function topStocks(rows: readonly WindowRow[]): TopStock[] {
  const means = rows.map((row) => ({ row, mean: billionths(row.meanPrice) }));
  means.sort((a, b) => Number(b.mean > a.mean) - Number(b.mean < a.mean) || bySymbol(a.row, b.row));
  const top: TopStock[] = [];
  let rank = 1;
  for (const [index, { row, mean }] of means.entries()) {
    if (mean !== means[index - 1]?.mean) rank = index + 1;
    if (rank > WORST_RANK) break;
    top.push({ rank, symbol: row.symbol, meanPrice: row.meanPrice, quoteCount: row.quoteCount });
  }
  return top;
}

function gains(rows: readonly WindowRow[]): Gain[] {
  return rows
    .map((row) => ({ row, gain: gainBillionths(row) }))
    .sort((a, b) => Number(b.gain > a.gain) - Number(b.gain < a.gain) || bySymbol(a.row, b.row))
    .map(({ row, gain }) => ({
      symbol: row.symbol,
      firstPrice: row.firstPrice / MICROS,
      lastPrice: row.lastPrice / MICROS,
      gainPercent: decimal(gain),
      quoteCount: row.quoteCount,
    }));
}

function twoEnds(all: readonly Gain[]): readonly Gain[] {
  if (all.length <= 2 * GAINS_AT_EACH_END) return all;
  return [...all.slice(0, GAINS_AT_EACH_END), ...all.slice(-GAINS_AT_EACH_END)];
}

function bySymbol(a: { readonly symbol: string }, b: { readonly symbol: string }): number {
  return Number(a.symbol > b.symbol) - Number(a.symbol < b.symbol);
}

/** The gain in billionths of a per cent, rounded half away from zero, as GoogleSQL divides decimals. */
function gainBillionths({ firstPrice, lastPrice }: WindowRow): bigint {
  const dividend = 100n * BILLION * BigInt(lastPrice - firstPrice);
  const divisor = BigInt(firstPrice);
  const away = dividend < 0n ? -divisor : divisor;
  return (2n * dividend + away) / (2n * divisor);
}

/** A whole number of billionths as a decimal text with nine places. */
function decimal(billionths: bigint): string {
  const digits = String(billionths < 0n ? -billionths : billionths).padStart(10, "0");
  return `${billionths < 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

/** A decimal text of at most nine places as a whole number of billionths, so that equal means compare equal. */
function billionths(decimal: string): bigint {
  const [whole = "0", fraction = ""] = decimal.split(".");
  return BigInt(whole + fraction.padEnd(9, "0"));
}
