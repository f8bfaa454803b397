import { Totals, type Workload } from "../workload.ts";

interface Buckets {
  readonly size: number;
  readonly first: Float64Array;
  readonly last: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly sum: Float64Array;
  readonly count: Int32Array;
}

/**
 * The usual way of a stream processor, in typed arrays: each quote, as it comes, updates a bucket in every window that
 * it is in (6 + 30 + 90 at 1, 5 and 15 minutes), so a closing window only reads its bucket. One winner a slot is
 * enforced by a cell a symbol; a quote that would replace one is refused aloud, since buckets can't take a price back
 * (the workload has none).
 */
export function runTypedBuckets(work: Workload): Totals {
  const totals = new Totals(work.sizes.length);
  const { symbolCount: n, symbol, price, slotTime } = work;
  const windows: Buckets[] = work.sizes.map((size) => ({
    size,
    first: new Float64Array(n * size),
    last: new Float64Array(n * size),
    min: new Float64Array(n * size).fill(Infinity),
    max: new Float64Array(n * size).fill(-Infinity),
    sum: new Float64Array(n * size),
    count: new Int32Array(n * size),
  }));
  const newest = new Float64Array(n).fill(-1);
  const slotOf = (time: number) => (time - work.start) / work.periodMs;
  let current = work.start;
  for (let i = 0; i < symbol.length; i++) {
    if (slotTime[i] !== current) {
      closeSlot(windows, slotOf(current), n, totals);
      current = slotTime[i]!;
    }
    const s = symbol[i]!;
    if (newest[s] === current) throw new Error("this rival takes one quote a symbol and slot");
    newest[s] = current;
    for (const bucket of windows) addQuote(bucket, s, price[i]!);
  }
  closeSlot(windows, slotOf(current), n, totals);
  return totals;
}

/** At any time a symbol has as many open windows of a size as the window has slots, and a quote is in all of them. */
function addQuote({ size, first, last, min, max, sum, count }: Buckets, symbol: number, price: number): void {
  const end = (symbol + 1) * size;
  for (let k = symbol * size; k < end; k++) {
    if (count[k] === 0) first[k] = price;
    last[k] = price;
    if (price < min[k]!) min[k] = price;
    if (price > max[k]!) max[k] = price;
    sum[k]! += price;
    count[k]! += 1;
  }
}

function closeSlot(windows: readonly Buckets[], slot: number, symbols: number, totals: Totals): void {
  windows.forEach(({ size, first, last, min, max, sum, count }, index) => {
    const total = totals.bySize[index]!;
    for (let s = 0; s < symbols; s++) {
      const k = s * size + (slot % size);
      const quotes = count[k]!;
      if (quotes === 0) continue;
      total[0]! += 1;
      total[1]! += quotes;
      total[2]! += first[k]!;
      total[3]! += last[k]!;
      total[4]! += min[k]!;
      total[5]! += max[k]!;
      total[6]! += sum[k]! / quotes;
      count[k] = 0;
      sum[k] = 0;
      min[k] = Infinity;
      max[k] = -Infinity;
    }
  });
}
