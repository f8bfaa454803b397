/**
 * Slots: time cut into pieces of the polling interval, on the grid that starts at the Unix epoch. A slot is named by
 * the millisecond at which it begins and lasts until the next one begins.
 */
import type { EpochMs } from "./quote.ts";

/**
 * The slot that holds a time: the greatest multiple of the interval at or before it.
 * @example slotOf(1_381_132_807_500, 10_000) === 1_381_132_800_000
 */
export function slotOf(time: EpochMs, intervalMs: number): EpochMs {
  // A remainder is exact in a double, a quotient is not; and it has the sign of the time before 1970.
  const into = time % intervalMs;
  return into < 0 ? time - into - intervalMs : time - into;
}

/** The first slot that begins at a time or after it. */
export function firstSlotFrom(time: EpochMs, intervalMs: number): EpochMs {
  const slot = slotOf(time, intervalMs);
  return slot === time ? slot : slot + intervalMs;
}

/** The first slot that begins after a time. */
export function nextSlot(time: EpochMs, intervalMs: number): EpochMs {
  return slotOf(time, intervalMs) + intervalMs;
}

/** How many slots begin in [from, to). */
export function countSlots(from: EpochMs, to: EpochMs, intervalMs: number): number {
  return Math.max(0, (firstSlotFrom(to, intervalMs) - firstSlotFrom(from, intervalMs)) / intervalMs);
}

/** The slots that begin in [from, to), in order. */
export function* slotsIn(from: EpochMs, to: EpochMs, intervalMs: number): Generator<EpochMs, void> {
  for (let slot = firstSlotFrom(from, intervalMs); slot < to; slot += intervalMs) yield slot;
}
