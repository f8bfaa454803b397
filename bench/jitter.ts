/**
 * Slot jitter: how far behind its slot a poll starts, while the loop publishes 5,000 quotes every second to the bus of
 * the laptop pipeline. The rival is the loop that most pollers are, doing the same fetch and publish: `setInterval`. It is
 * even started on a slot, which most are not; but each of its delays adds to all that follow, so it drifts away.
 */
import { memoryBus } from "../src/adapters/memory/memory-bus.ts";
import { createSimulated } from "../src/adapters/providers/simulated.ts";
import { systemClock } from "../src/adapters/system/system-clock.ts";
import { type PollLoopOptions, runPollLoop } from "../src/poll/poll-loop.ts";
import type { Bus } from "../src/ports.ts";
import { sessionOf } from "../src/quotes/session.ts";
import { nextSlot } from "../src/quotes/slots.ts";
import type { BenchResult } from "./result.ts";
import { symbolNamed } from "./symbol-names.ts";

const SYMBOLS = 5_000;
const INTERVAL_MS = 1_000;
const FEED = "bench/jitter";
const clock = systemClock();

/** A feed's parts, with a subscriber that takes quotes in and counts them. */
function pipeline(): { readonly parts: PollLoopOptions & { readonly bus: Bus }; readonly taken: () => number } {
  const bus = memoryBus({ clock });
  let taken = 0;
  bus.subscribe((quotes) => {
    taken += quotes.length;
    return Promise.resolve();
  });
  const parts = {
    feed: FEED,
    symbols: Array.from({ length: SYMBOLS }, (_, i) => symbolNamed(i)),
    intervalMs: INTERVAL_MS,
    session: sessionOf({ session: "Always", extendedHours: false }),
    provider: createSimulated({ seed: 1 }),
    bus,
    clock,
    signal: new AbortController().signal,
    telemetry: {
      countQuotes: () => undefined,
      countPolledSlots: () => undefined,
      countMissedSlots: () => undefined,
      setMarketState: () => undefined,
    },
  };
  return { parts, taken: () => taken };
}

/** Milliseconds that each of `slots` polls of the slot loop started after its slot. */
async function slotLoopDelays(slots: number): Promise<number[]> {
  const { parts, taken } = pipeline();
  const from = nextSlot(clock.now(), INTERVAL_MS);
  const delays: number[] = [];
  const summary = await runPollLoop({
    ...parts,
    from,
    until: from + slots * INTERVAL_MS,
    observer: { onSlot: ({ slot, startedAt }) => delays.push(startedAt - slot), onMarket: () => undefined },
  });
  await parts.bus.close();
  if (summary.slotsPolled !== slots || taken() !== slots * SYMBOLS) {
    throw new Error(`The slot loop polled ${summary.slotsPolled} of ${slots} slots and delivered ${taken()} quotes.`);
  }
  return delays;
}

/** The same for `setInterval`, started on a slot and measured to the slot that each of its polls was for. */
async function setIntervalDelays(slots: number): Promise<number[]> {
  const { parts, taken } = pipeline();
  const { provider, bus, symbols, signal } = parts;
  const delays: number[] = [];
  const polls: Promise<void>[] = [];
  const first = nextSlot(clock.now(), INTERVAL_MS);
  await clock.sleepUntil(first, signal);
  const poll = async (slot: number) => {
    delays.push(clock.now() - slot);
    const { prices } = await provider.fetch({ symbols, slot, deadline: slot + INTERVAL_MS, signal });
    await bus.publish(prices.map((price) => ({ ...price, feed: FEED, observedAt: slot, provider: provider.type })));
  };
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      polls.push(poll(first + (polls.length + 1) * INTERVAL_MS));
      if (polls.length < slots) return;
      clearInterval(timer);
      resolve();
    }, INTERVAL_MS);
  });
  await Promise.all(polls);
  await bus.close();
  if (taken() !== slots * SYMBOLS) throw new Error(`setInterval delivered ${taken()} quotes.`);
  return delays;
}

/** The smallest value that at least that share of the values do not exceed. */
function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? NaN;
}

/**
 * Slot jitter in milliseconds at 5,000 symbols, a slot a second: the p99, and the median, which a busy machine spoils
 * less. Both loops run for `slots` seconds, one after the other. With 20 slots the p99 is the worst of them.
 */
export async function jitterBench({ slots = 20 }: { readonly slots?: number } = {}): Promise<BenchResult[]> {
  const delays = await slotLoopDelays(slots);
  const rivalDelays = await setIntervalDelays(slots);
  return [0.99, 0.5].map((share) => {
    const value = quantile(delays, share);
    const rival = quantile(rivalDelays, share);
    // The clock counts whole milliseconds: a delay below one counts as one, so that the ratio stays finite.
    const ratio = Math.max(rival, 1) / Math.max(value, 1);
    const name = `slot-jitter-p${share * 100}`;
    return { name, unit: "ms", value, rivals: [{ name: "set-interval", value: rival, ratio }] };
  });
}
