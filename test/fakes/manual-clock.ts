import { setImmediate as macrotask } from "node:timers/promises";
import type { Clock } from "../../src/ports.ts";
import type { EpochMs } from "../../src/quotes/quote.ts";

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /**
   * Moves time on to `to`. Sleepers wake one by one, in order of their time (then of their call), each at its own
   * time; what one wakes runs on to its next wait before the next wakes, and may sleep again within the same move.
   * @throws RangeError when `to` lies in the past
   */
  advance(to: EpochMs): Promise<void>;
  /** Leaps to `to` as after a stalled process or a closed lid: sleepers wake in the same order, but all see `to`. */
  leap(to: EpochMs): Promise<void>;
  /** Times that sleepers wait for, soonest first. */
  readonly wakeTimes: readonly EpochMs[];
  /** Resolves once at least `count` sleepers wait: for code that gets to its sleep by way of real I/O. */
  untilSleeping(count?: number): Promise<void>;
}

interface Sleeper {
  readonly time: EpochMs;
  readonly wake: () => void;
}

/** One turn of the event loop: everything that promises alone can bring about has happened after it. */
const settle = () => macrotask();

/** Who sleeps, soonest first and in order of their call, and who waits to see that. */
function sleeperQueue() {
  let sleepers: Sleeper[] = [];
  let watchers: { readonly count: number; readonly resolve: () => void }[] = [];
  return {
    wakeTimes: () => sleepers.map((sleeper) => sleeper.time),
    first: () => sleepers[0],
    remove: (sleeper: Sleeper) => {
      sleepers = sleepers.filter((other) => other !== sleeper);
    },
    insert: (sleeper: Sleeper) => {
      const later = sleepers.findIndex((other) => other.time > sleeper.time);
      sleepers.splice(later === -1 ? sleepers.length : later, 0, sleeper);
      for (const watcher of watchers) if (sleepers.length >= watcher.count) watcher.resolve();
      watchers = watchers.filter((watcher) => sleepers.length < watcher.count);
    },
    untilHolds: (count: number) =>
      new Promise<void>((resolve) => {
        if (sleepers.length >= count) resolve();
        else watchers.push({ count, resolve });
      }),
  };
}

/** A manual clock that starts at `start`. */
export function manualClock(start: EpochMs): ManualClock {
  const queue = sleeperQueue();
  let now = start;

  const move = async (to: EpochMs, timeAtWake: (sleeper: Sleeper) => EpochMs) => {
    if (!(to >= now)) throw new RangeError(`The clock is at ${now}; it can't go back to ${to}.`);
    await settle();
    for (let next = queue.first(); next !== undefined && next.time <= to; next = queue.first()) {
      now = Math.max(now, timeAtWake(next));
      queue.remove(next);
      next.wake();
      await settle();
    }
    now = to;
  };

  return {
    now: () => now,
    sleepUntil: (time, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        if (time <= now) {
          resolve();
          return;
        }
        const onAbort = () => {
          queue.remove(sleeper);
          reject(signal.reason as Error);
        };
        const wake = () => {
          signal.removeEventListener("abort", onAbort);
          resolve();
        };
        const sleeper: Sleeper = { time, wake };
        signal.addEventListener("abort", onAbort, { once: true });
        queue.insert(sleeper);
      }),
    advance: (to) => move(to, (sleeper) => sleeper.time),
    leap: (to) => move(to, () => to),
    get wakeTimes() {
      return queue.wakeTimes();
    },
    untilSleeping: (count = 1) => queue.untilHolds(count),
  };
}
