import type { RowColumns } from "../src/windows/row-columns.ts";
import { WindowEngine } from "../src/windows/window-engine.ts";
import { Totals, type Workload, windowsOf } from "./workload.ts";

/** Reads every column of every row, as a consumer would. */
export function addRows(totals: Totals, rows: RowColumns): void {
  const total = totals.bySize[rows.windowIndex]!;
  const { length, firstPrice, lastPrice, minPrice, maxPrice, sum, count, firstSlot, lastSlot, symbol } = rows;
  let quotes = 0;
  let first = 0;
  let last = 0;
  let min = 0;
  let max = 0;
  let mean = 0;
  let check = 0;
  for (let i = 0; i < length; i++) {
    const c = count[i]!;
    quotes += c;
    first += firstPrice[i]!;
    last += lastPrice[i]!;
    min += minPrice[i]!;
    max += maxPrice[i]!;
    mean += sum[i]! / c;
    check += symbol[i]! + (lastSlot[i]! - firstSlot[i]!);
  }
  if (check < 0) throw new Error("a row ends before it starts");
  total[0]! += length;
  total[1]! += quotes;
  total[2]! += first;
  total[3]! += last;
  total[4]! += min;
  total[5]! += max;
  total[6]! += mean;
}

function engineFor(work: Workload): WindowEngine {
  return new WindowEngine({ symbolCount: work.symbolCount, windows: windowsOf(work), watermark: work.start });
}

/** Quote by quote, the watermark moved on as each slot's windows end. Also gives the ms that each close took. */
export function runLive(work: Workload, closes?: number[]): Totals {
  const totals = new Totals(work.sizes.length);
  const engine = engineFor(work);
  const onRows = (rows: RowColumns) => {
    addRows(totals, rows);
  };
  const close = (slotTime: number) => {
    const started = closes === undefined ? 0 : performance.now();
    engine.advance(slotTime + work.periodMs - 1, onRows);
    closes?.push(performance.now() - started);
  };
  const { symbol, slotTime, price, providerTime } = work;
  let current = work.start;
  for (let i = 0; i < symbol.length; i++) {
    const time = slotTime[i]!;
    if (time !== current) {
      close(current);
      current = time;
    }
    engine.add(symbol[i]!, time, price[i]!, providerTime[i]!);
  }
  close(current);
  return totals;
}

/** Slot by slot, as columns. */
export function runReplay(work: Workload): Totals {
  const totals = new Totals(work.sizes.length);
  const engine = engineFor(work);
  const onRows = (rows: RowColumns) => {
    addRows(totals, rows);
  };
  const { symbolCount: n, price, providerTime } = work;
  for (let i = 0; i < work.slotCount; i++) {
    const time = work.start + i * work.periodMs;
    engine.addSlot(time, price.subarray(i * n, (i + 1) * n), providerTime.subarray(i * n, (i + 1) * n));
    engine.advance(time + work.periodMs - 1, onRows);
  }
  return totals;
}
