/**
 * The slot loop: at every slot of a feed's session, fetch the newest price of each symbol and publish the quotes.
 *
 * - A slot is polled once, at its time or, when the loop comes late, at once: the current slot, never a past one. The
 *   slots in between are counted as missed.
 * - A fetch ends with its slot, so a provider that hangs costs that slot alone.
 * - What the bus refuses is offered again within the slot, then counted as undelivered. A bus that makes the loop wait
 *   is waited for; the slots that pass meanwhile are missed.
 * - Outside the session the loop sleeps until the next open.
 */
import type { MarketState } from "../api/status.ts";
import { countPolledSlots, nextPolledSlot } from "../quotes/polled-slots.ts";
import { emptySummary, type PollSummary } from "../quotes/poll-summary.ts";
import type { EpochMs } from "../quotes/quote.ts";
import { slotOf } from "../quotes/slots.ts";
import { slotPoller, type SlotPollerOptions } from "./slot-poller.ts";
import type { SlotReport } from "./slot-report.ts";
import { withSlot } from "./with-slot.ts";

/** Who wants to see the loop at work. */
export interface PollObserver {
  onSlot(report: SlotReport): void;
  /** The market's state changed, or is known for the first time; with the next open where it is closed. */
  onMarket(state: MarketState, nextOpen?: EpochMs): void;
}

export interface PollLoopOptions extends SlotPollerOptions {
  readonly observer?: PollObserver;
  /** The first slot that the loop owns: those before the current one are missed. By default the current slot. */
  readonly from?: EpochMs;
  /** The loop ends before the first slot from here on. By default it goes on until it is stopped. */
  readonly until?: EpochMs;
  /** Told of the summary each time it changes, so that what was done is known wherever the process ends. */
  readonly onSummary?: (summary: PollSummary) => void;
}

/**
 * Polls until the last slot or the signal; either way it resolves with what it did.
 * @throws RangeError when the interval's slots never fall into the session
 */
export async function runPollLoop(options: PollLoopOptions): Promise<PollSummary> {
  const { feed, intervalMs, session, clock, signal, telemetry, observer, until = Infinity } = options;
  let summary = emptySummary(feed, options.provider.type);
  let missedBefore = 0;

  const change = (to: PollSummary) => {
    summary = to;
    options.onSummary?.(summary);
  };
  const enter = (state: MarketState, nextOpen?: EpochMs) => {
    if (summary.marketState === state) return;
    observer?.onMarket(state, nextOpen);
    telemetry.setMarketState(feed, state);
    change({ ...summary, marketState: state });
  };
  const countMissed = (from: EpochMs, to: EpochMs) => {
    const missed = countPolledSlots(session, intervalMs, from, to);
    if (missed === 0) return;
    missedBefore += missed;
    change({ ...summary, slotsMissed: summary.slotsMissed + missed });
    telemetry.countMissedSlots(feed, missed);
  };

  const poll = slotPoller(options);
  const followSlots = async () => {
    for (let next = options.from ?? slotOf(clock.now(), intervalMs); ;) {
      const due = nextPolledSlot(session, intervalMs, next);
      if (!session.isOpen(Math.max(next, clock.now()))) enter("Closed", due);
      if (due >= until) return;
      await clock.sleepUntil(due, signal);
      const current = Math.max(due, slotOf(clock.now(), intervalMs));
      countMissed(due, Math.min(current, until));
      next = current + intervalMs;
      if (current >= until || !session.isOpen(current)) continue;
      const report = await poll(current, missedBefore);
      missedBefore = 0;
      telemetry.countPolledSlots(feed, 1);
      enter(report.marketState);
      change(withSlot(summary, report));
      observer?.onSlot(report);
    }
  };

  try {
    await followSlots();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return summary;
}
