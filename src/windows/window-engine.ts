import type { PriceMicros } from "../quotes/price.ts";
import type { EpochMs } from "../quotes/quote.ts";
import type { SlotGrid } from "./kernels.ts";
import { LateRows } from "./late-rows.ts";
import { allocateRows, type OnRows, type RowColumns } from "./row-columns.ts";
import { SlidingWindow } from "./sliding-window.ts";
import { NO_QUOTE, SlotRing } from "./slot-ring.ts";
import { assertWindowSpec, closeDelayMs, slotsPerWindow, type WindowSpec } from "./window-spec.ts";

/** What became of a quote: taken in, lost to its slot's winner, or outside the slots that the engine holds. */
export type AddOutcome = "accepted" | "duplicate" | "too-late" | "too-early";

export interface WindowEngineOptions {
  /** Symbols are 0 … symbolCount - 1. */
  readonly symbolCount: number;
  /** Windows over the same slots: one period, any sizes, offsets and lateness. */
  readonly windows: readonly WindowSpec[];
  /** Where the watermark starts. */
  readonly watermark: EpochMs;
  /** How far ahead of the watermark a quote may be; a minute by default. */
  readonly aheadMs?: number;
}

interface OpenWindow {
  readonly spec: WindowSpec;
  readonly closeDelay: number;
  readonly sliding: SlidingWindow;
  readonly late: LateRows;
  /** Last slot of the oldest window that may still be rewritten. */
  oldestRewritable: number;
  /** Quotes that came too late for at least one of these windows. */
  lateQuotes: number;
}

/**
 * Turns quotes into window rows. Pure: no clock and no I/O; the caller says how far time has come.
 *
 * Guarantees: of the quotes of one symbol and slot the winner counts, so rows are a function of the set of quotes;
 * sums are exact; a window is written when the watermark reaches its end, and again when a quote changed it before the
 * watermark reached its end plus the allowed lateness. State is bounded: symbols × (slots of the longest window +
 * lateness + ahead), about 16 bytes a cell and as much for each window.
 *
 * Cost: constant a quote and constant a row, whatever the windows' sizes.
 */
export class WindowEngine {
  readonly #grid: SlotGrid;
  readonly #ring: SlotRing;
  readonly #windows: readonly OpenWindow[];
  readonly #rows: RowColumns;
  readonly #aheadMs: number;
  #watermark: EpochMs;
  /** Slots outside [oldest, newest] are refused. */
  #oldest = 0;
  #newest = 0;
  /** The newest slot that a window has taken in; quotes after it are on time everywhere. */
  #newestClosed = 0;
  /** The newest slot with a quote. */
  #newestHeld = 0;

  constructor({ symbolCount, windows, watermark, aheadMs = 60_000 }: WindowEngineOptions) {
    const periodMs = assertWindows(symbolCount, windows);
    const reach = (w: WindowSpec) => slotsPerWindow(w) + Math.ceil((closeDelayMs(w) + w.allowedLatenessMs) / periodMs);
    const back = Math.max(...windows.map(reach)) + 2;
    // Slot 0 is the oldest that can matter, so no slot number is ever negative.
    this.#grid = { origin: (Math.floor(watermark / periodMs) - back) * periodMs, periodMs };
    this.#ring = new SlotRing(symbolCount, back + Math.ceil(aheadMs / periodMs) + 3);
    this.#watermark = watermark;
    this.#aheadMs = aheadMs;
    this.#windows = windows.map((spec) => {
      const closeDelay = closeDelayMs(spec);
      const newest = this.#slotAtOrBefore(watermark - closeDelay);
      const sliding = new SlidingWindow(this.#ring, this.#grid, slotsPerWindow(spec), newest);
      return { spec, closeDelay, sliding, late: new LateRows(), oldestRewritable: 0, lateQuotes: 0 };
    });
    this.#rows = allocateRows(symbolCount);
    this.#updateBounds();
  }

  get watermark(): EpochMs {
    return this.#watermark;
  }

  /** Quotes that came too late for a window, by window index: the end of one that they are in, and its lateness, had passed. */
  get lateQuotes(): readonly number[] {
    return this.#windows.map((w) => w.lateQuotes);
  }

  /**
   * Takes in one quote.
   * @param slotTime a multiple of the period
   * @throws RangeError for a symbol or a time off the grid: a caller's mistake, not bad data
   */
  add(symbol: number, slotTime: EpochMs, price: PriceMicros, providerTime: EpochMs): AddOutcome {
    const slot = (slotTime - this.#grid.origin) / this.#grid.periodMs;
    if (slot !== Math.floor(slot) || !(symbol >= 0 && symbol < this.#ring.symbolCount)) {
      throw new RangeError(
        `Symbol ${symbol} at ${slotTime} is not one of ${this.#ring.symbolCount} symbols at a multiple of ${this.#grid.periodMs} ms.`,
      );
    }
    if (slot > this.#newest) return "too-early";
    if (slot <= this.#newestClosed) return this.#addLate(symbol, slot, price, providerTime);
    if (!this.#ring.put(slot, symbol, price, providerTime)) return "duplicate";
    if (slot > this.#newestHeld) this.#newestHeld = slot;
    return "accepted";
  }

  /**
   * Takes in a whole slot: entry `i` is symbol `i`, a price of 0 stands for no quote. The same as `add` for each,
   * only faster where the slot is new.
   */
  addSlot(slotTime: EpochMs, prices: Float64Array, providerTimes: Float64Array): void {
    const slot = (slotTime - this.#grid.origin) / this.#grid.periodMs;
    const fresh = slot > this.#newestClosed && slot <= this.#newest && Number.isInteger(slot);
    if (fresh && prices.length === this.#ring.symbolCount && this.#ring.isEmpty(slot)) {
      this.#ring.fill(slot, prices, providerTimes);
      if (slot > this.#newestHeld) this.#newestHeld = slot;
      return;
    }
    for (let symbol = 0; symbol < prices.length; symbol++) {
      if (prices[symbol] !== NO_QUOTE) this.add(symbol, slotTime, prices[symbol]!, providerTimes[symbol]!);
    }
  }

  /**
   * Says that time has come to `watermark`, and gives the rows that this closes: first, one at a time, those of closed
   * windows that late quotes changed; then window by window in the order of their ends. A watermark that stands still
   * or goes back closes nothing.
   */
  advance(watermark: EpochMs, onRows: OnRows): void {
    this.#rewriteLate(onRows);
    while (this.#watermark < watermark) {
      if (this.#holdsNothing()) {
        this.#watermark = watermark;
        for (const w of this.#windows) w.sliding.skipTo(this.#slotAtOrBefore(watermark - w.closeDelay));
      } else {
        // In steps no longer than quotes may be ahead, so that no row of the ring is read for two slots.
        this.#watermark = Math.min(watermark, this.#watermark + Math.max(this.#aheadMs, this.#grid.periodMs));
        this.#closeWindows(onRows);
      }
      const oldest = this.#oldest;
      this.#updateBounds();
      // The slot before the oldest is still to leave a window's running sums.
      const clearable = Math.min(this.#oldest - 2, this.#newestHeld);
      for (let slot = Math.max(0, oldest - 1); slot <= clearable; slot++) this.#ring.clear(slot);
    }
  }

  #closeWindows(onRows: OnRows): void {
    for (;;) {
      let next = -1;
      let nextEnd = Infinity;
      for (let i = 0; i < this.#windows.length; i++) {
        const { sliding, closeDelay } = this.#windows[i]!;
        const end = this.#timeOf(sliding.newest + 1) + closeDelay;
        if (end <= this.#watermark && end < nextEnd) {
          next = i;
          nextEnd = end;
        }
      }
      if (next === -1) return;
      const { sliding } = this.#windows[next]!;
      sliding.advance();
      sliding.emit(this.#rows);
      if (this.#rows.length > 0) this.#give(next, nextEnd, false, onRows);
    }
  }

  #addLate(symbol: number, slot: number, price: PriceMicros, providerTime: EpochMs): AddOutcome {
    const isLost = slot < this.#oldest;
    const before = isLost ? NO_QUOTE : this.#ring.price(slot, symbol);
    if (!isLost && !this.#ring.put(slot, symbol, price, providerTime)) return "duplicate";
    for (const w of this.#windows) {
      if (slot < w.oldestRewritable) w.lateQuotes += 1;
    }
    if (isLost) return "too-late";
    if (slot > this.#newestHeld) this.#newestHeld = slot;
    for (const { sliding, late, oldestRewritable } of this.#windows) {
      if (slot > sliding.newest) continue;
      sliding.revise(symbol, slot, before, price);
      if (slot + sliding.slots > oldestRewritable) late.note(symbol, slot);
    }
    return "accepted";
  }

  #rewriteLate(onRows: OnRows): void {
    this.#windows.forEach(({ sliding, late, oldestRewritable, closeDelay }, i) => {
      const range = { oldest: oldestRewritable, newest: sliding.newest };
      late.flush(this.#ring, this.#grid, sliding.slots, range, this.#rows, (last) => {
        this.#give(i, this.#timeOf(last) + closeDelay, true, onRows);
      });
    });
  }

  #give(windowIndex: number, windowEnd: EpochMs, rewritten: boolean, onRows: OnRows): void {
    this.#rows.windowIndex = windowIndex;
    this.#rows.windowEnd = windowEnd;
    this.#rows.rewritten = rewritten;
    onRows(this.#rows);
  }

  #holdsNothing(): boolean {
    return this.#windows.every(({ sliding }) => this.#newestHeld <= sliding.newest - sliding.slots);
  }

  #updateBounds(): void {
    for (const w of this.#windows) {
      const expired = this.#watermark - w.closeDelay - w.spec.allowedLatenessMs;
      w.oldestRewritable = this.#slotAtOrBefore(expired) + 1;
    }
    this.#oldest = Math.min(...this.#windows.map((w) => w.oldestRewritable - w.sliding.slots + 1));
    this.#newest = Math.floor((this.#watermark + this.#aheadMs - this.#grid.origin) / this.#grid.periodMs);
    this.#newestClosed = Math.max(...this.#windows.map((w) => w.sliding.newest));
  }

  /** The last slot at or before a time. */
  #slotAtOrBefore(time: EpochMs): number {
    return Math.floor((time - this.#grid.origin) / this.#grid.periodMs);
  }

  #timeOf(slot: number): EpochMs {
    return this.#grid.origin + slot * this.#grid.periodMs;
  }
}

/** The common period of the windows; throws a RangeError where they are none that one engine can serve. */
function assertWindows(symbolCount: number, windows: readonly WindowSpec[]): number {
  if (!Number.isInteger(symbolCount) || symbolCount < 1)
    throw new RangeError(`symbolCount is ${symbolCount}; it must be 1 or more.`);
  const [first, ...others] = windows;
  if (first === undefined) throw new RangeError("windows is empty; give at least one window.");
  windows.forEach(assertWindowSpec);
  const other = others.find((w) => w.periodMs !== first.periodMs);
  if (other !== undefined) {
    throw new RangeError(`Windows have periods ${first.periodMs} and ${other.periodMs} ms; one engine has one period.`);
  }
  return first.periodMs;
}
