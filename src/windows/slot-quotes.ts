import type { PriceMicros } from "../quotes/price.ts";
import { type EpochMs, wins } from "../quotes/quote.ts";
import { SUM_SPLIT } from "./mean.ts";
import { allocateRows } from "./row-columns.ts";
import { rowObjects } from "./row-objects.ts";
import type { EngineName, WindowRow } from "./window-row.ts";
import type { WindowSpec } from "./window-spec.ts";

/** What a slot's winner is known by. */
export interface SlotQuote {
  readonly price: PriceMicros;
  readonly providerTime: EpochMs;
}

/**
 * One symbol's quotes in one window, as a value that travels between machines: of each slot the winner, by the slot's
 * time in decimal. It is a set, so that what is added twice, or in another order, leaves it the same: putting two of them
 * together is associative, commutative and idempotent.
 */
export type SlotQuotes = Record<string, SlotQuote>;

/** Puts a quote into `slots` if it wins its slot. */
export function putQuote(slots: SlotQuotes, slot: EpochMs | string, { price, providerTime }: SlotQuote): void {
  const held = slots[slot];
  if (held === undefined || wins({ price, providerTime }, held)) slots[slot] = { price, providerTime };
}

/** All that the parts hold, in one that is new. */
export function mergeSlots(parts: Iterable<SlotQuotes>): SlotQuotes {
  const merged: SlotQuotes = {};
  for (const part of parts) {
    for (const [slot, quote] of Object.entries(part)) putQuote(merged, slot, quote);
  }
  return merged;
}

/** Which row it is that slots are made into. */
export interface RowKey {
  readonly feed: string;
  readonly symbol: string;
  readonly window: WindowSpec;
  readonly windowEnd: EpochMs;
  readonly engine: EngineName;
}

/**
 * The row of a window that holds these slots and no other.
 * @throws RangeError when there is none: such a window has no row
 */
export function slotsRow(slots: SlotQuotes, key: RowKey, writtenAt: EpochMs): WindowRow {
  const rows = allocateRows(1);
  rows.windowEnd = key.windowEnd;
  rows.length = 1;
  rows.firstSlot[0] = Infinity;
  rows.lastSlot[0] = -Infinity;
  rows.minPrice[0] = Infinity;
  for (const [slot, { price }] of Object.entries(slots)) {
    const time = Number(slot);
    if (time < rows.firstSlot[0]) {
      rows.firstSlot[0] = time;
      rows.firstPrice[0] = price;
    }
    if (time > rows.lastSlot[0]) {
      rows.lastSlot[0] = time;
      rows.lastPrice[0] = price;
    }
    rows.minPrice[0] = Math.min(rows.minPrice[0], price);
    rows.maxPrice[0] = Math.max(rows.maxPrice[0]!, price);
    rows.count[0]! += 1;
    // Both parts stay exact in a double, however many slots there are.
    const sum = rows.sum[0]! + price;
    rows.sumHigh[0]! += Math.floor(sum / SUM_SPLIT);
    rows.sum[0] = sum % SUM_SPLIT;
  }
  const { feed, symbol, window, engine } = key;
  const [row] = rowObjects(rows, { feed, symbols: [symbol], windows: [window], engine }, writtenAt);
  if (row === undefined || row.quoteCount === 0) throw new RangeError(`${symbol}: a window without quotes has no row.`);
  return row;
}
