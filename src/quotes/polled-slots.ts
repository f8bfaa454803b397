import type { EpochMs } from "./quote.ts";
import type { Session } from "./session.ts";
import { countSlots, firstSlotFrom } from "./slots.ts";

const DAY_MS = 86_400_000;
/** A slot that is not open within this long never will be: the hours and the grid repeat within a year. */
const SEARCH_LIMIT_MS = 400 * DAY_MS;

/**
 * The first slot from `time` on that is polled: on the interval's grid and in the session.
 * @throws RangeError when the grid never meets the session, such as with an interval of a day (00:00 UTC) and NYSE
 */
export function nextPolledSlot(session: Session, intervalMs: number, time: EpochMs): EpochMs {
  let slot = firstSlotFrom(time, intervalMs);
  while (!session.isOpen(slot)) {
    if (slot - time > SEARCH_LIMIT_MS) {
      throw new RangeError(
        `No slot of ${intervalMs} ms falls into the session from ${new Date(time).toISOString()} on. ` +
          "Shorten polling.interval.",
      );
    }
    slot = firstSlotFrom(session.nextOpen(slot), intervalMs);
  }
  return slot;
}

/** How many slots in [from, to) are polled. Its cost grows with the sessions in between, not with the slots. */
export function countPolledSlots(session: Session, intervalMs: number, from: EpochMs, to: EpochMs): number {
  let count = 0;
  for (let open = session.nextOpen(from); open < to;) {
    const close = session.closeOf(open) ?? open;
    count += countSlots(open, Math.min(close + 1, to), intervalMs);
    open = session.nextOpen(close + 1);
  }
  return count;
}
