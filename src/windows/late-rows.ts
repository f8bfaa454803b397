import type { SlotGrid } from "./kernels.ts";
import { SUM_SPLIT } from "./mean.ts";
import type { RowColumns } from "./row-columns.ts";
import { NO_QUOTE, type SlotRing } from "./slot-ring.ts";

/**
 * Remembers where late quotes changed windows that are closed already, and computes those rows anew from the ring.
 * Cost of a symbol: the slots from its first changed window's start to its last changed window's end, once.
 */
export class LateRows {
  readonly #changed = new Map<number, Set<number>>();

  /** Notes that a quote changed the cell of a symbol in a slot. */
  note(symbol: number, slot: number): void {
    const slots = this.#changed.get(symbol);
    if (slots === undefined) this.#changed.set(symbol, new Set([slot]));
    else slots.add(slot);
  }

  /**
   * Writes a row, one at a time, for every window that a noted slot is in, whose last slot is in [oldest, newest]; then
   * forgets them.
   * @param rows written at index 0
   * @param onRow called for each row with the window's last slot
   */
  flush(
    ring: SlotRing,
    grid: SlotGrid,
    slots: number,
    range: { readonly oldest: number; readonly newest: number },
    rows: RowColumns,
    onRow: (lastSlot: number) => void,
  ): void {
    if (this.#changed.size === 0) return;
    for (const [symbol, changed] of [...this.#changed].sort(([a], [b]) => a - b)) {
      const late = [...changed].sort((a, b) => a - b);
      const from = Math.max(late[0]!, range.oldest);
      const to = Math.min(late.at(-1)! + slots - 1, range.newest);
      const scan = new SymbolScan(ring, symbol, slots);
      let seen = 0;
      for (let last = from - slots + 1; last <= to; last++) {
        scan.take(last);
        while (seen < late.length && late[seen]! <= last) seen++;
        if (last < from || seen === 0 || late[seen - 1]! <= last - slots) continue;
        scan.write(grid, rows);
        onRow(last);
      }
    }
    this.#changed.clear();
  }
}

/** A window that slides over one symbol's slots: sums run, extremes are monotonic queues. */
class SymbolScan {
  readonly #ring: SlotRing;
  readonly #symbol: number;
  readonly #slots: number;
  /** Slots with a quote, oldest first. */
  readonly #held: SlotQueue = new SlotQueue();
  readonly #minima: SlotQueue = new SlotQueue();
  readonly #maxima: SlotQueue = new SlotQueue();
  #sum = 0;
  #sumHigh = 0;

  constructor(ring: SlotRing, symbol: number, slots: number) {
    this.#ring = ring;
    this.#symbol = symbol;
    this.#slots = slots;
  }

  #price(slot: number): number {
    return this.#ring.price(slot, this.#symbol);
  }

  #accumulate(delta: number): void {
    const sum = this.#sum + delta;
    const high = Math.floor(sum / SUM_SPLIT);
    this.#sum = sum - high * SUM_SPLIT;
    this.#sumHigh += high;
  }

  take(slot: number): void {
    const gone = slot - this.#slots;
    if (this.#held.first === gone) this.#accumulate(-this.#price(gone));
    for (const queue of [this.#held, this.#minima, this.#maxima]) {
      if (queue.first === gone) queue.shift();
    }
    const price = this.#price(slot);
    if (price === NO_QUOTE) return;
    this.#accumulate(price);
    this.#held.push(slot);
    while (this.#minima.last !== undefined && this.#price(this.#minima.last) >= price) this.#minima.pop();
    this.#minima.push(slot);
    while (this.#maxima.last !== undefined && this.#price(this.#maxima.last) <= price) this.#maxima.pop();
    this.#maxima.push(slot);
  }

  write(grid: SlotGrid, rows: RowColumns): void {
    const first = this.#held.first!;
    const last = this.#held.last!;
    rows.length = 1;
    rows.symbol[0] = this.#symbol;
    rows.firstSlot[0] = grid.origin + first * grid.periodMs;
    rows.lastSlot[0] = grid.origin + last * grid.periodMs;
    rows.firstPrice[0] = this.#price(first);
    rows.lastPrice[0] = this.#price(last);
    rows.minPrice[0] = this.#price(this.#minima.first!);
    rows.maxPrice[0] = this.#price(this.#maxima.first!);
    rows.sum[0] = this.#sum;
    rows.sumHigh[0] = this.#sumHigh;
    rows.count[0] = this.#held.length;
  }
}

/** A queue of slots, open at both ends, that never shrinks its array. */
class SlotQueue {
  readonly #items: number[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }
  get first(): number | undefined {
    return this.#items[this.#head];
  }
  get last(): number | undefined {
    return this.length === 0 ? undefined : this.#items.at(-1);
  }
  push(slot: number): void {
    this.#items.push(slot);
  }
  pop(): void {
    this.#items.pop();
  }
  shift(): void {
    this.#head++;
  }
}
