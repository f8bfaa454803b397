import type { EpochMs } from "../quotes/quote.ts";
import { firstSlotFrom } from "../quotes/slots.ts";
import type { TickPlayback } from "../quotes/tick-playback.ts";
import type { RowColumns } from "../windows/row-columns.ts";
import { WindowEngine } from "../windows/window-engine.ts";
import type { ReplayPlan } from "./replay-plan.ts";

/** Where the rows of a replay go. */
export interface ReplayOutput {
  /** Takes the rows of one resolution and window end; the columns are valid until it returns. */
  write(rows: RowColumns): void;
  /** Called after every slot: a promise holds the replay until the rows so far have gone on, undefined goes on. */
  drain(): Promise<void> | undefined;
}

/** What a replay went through. */
export interface ReplayCounts {
  readonly slots: number;
  /** Observations: one a symbol and slot, from the symbol's first tick on. */
  readonly quotes: number;
  readonly rows: number;
}

/**
 * Polls a recording at every slot in [plan.from, plan.to), and gives the rows of every window that ends at or before
 * plan.to and holds a quote. They come in order of window end, then of plan.windows, then of the symbol.
 *
 * Nothing is late here: each slot is complete when it is added, so every window is written once.
 * @param onSlot called after every slot, with its time
 * @throws the signal's reason when aborted
 */
export async function replay(
  playback: TickPlayback,
  plan: ReplayPlan,
  output: ReplayOutput,
  { onSlot, signal }: { onSlot?: (slot: EpochMs) => void; signal?: AbortSignal } = {},
): Promise<ReplayCounts> {
  const counts = { slots: 0, quotes: 0, rows: 0 };
  const from = firstSlotFrom(plan.from, plan.intervalMs);
  const engine = new WindowEngine({
    symbolCount: playback.symbols.length,
    windows: plan.windows,
    watermark: from,
    aheadMs: plan.intervalMs,
  });
  const onRows = (rows: RowColumns) => {
    counts.rows += rows.length;
    output.write(rows);
  };
  for (let slot = from; slot < plan.to; slot += plan.intervalMs) {
    signal?.throwIfAborted();
    playback.seek(slot);
    engine.addSlot(slot, playback.prices, playback.times);
    counts.slots += 1;
    counts.quotes += playback.quoted;
    engine.advance(Math.min(slot + plan.intervalMs, plan.to), onRows);
    const drained = output.drain();
    if (drained !== undefined) await drained;
    onSlot?.(slot);
  }
  return counts;
}
