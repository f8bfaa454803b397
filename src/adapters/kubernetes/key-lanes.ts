import type { EpochMs } from "../../quotes/quote.ts";
import { DelayHeap } from "./delay-heap.ts";

/** How soon a key has its turn: events come before what is only looked at again. */
export type Priority = "high" | "low";

/** How many keys of high priority go ahead of a waiting one of low priority. */
const AHEAD = 9;

interface Delayed {
  readonly key: string;
  readonly time: EpochMs;
  readonly priority: Priority;
}

/**
 * Which key is next; time comes in as an argument.
 *
 * Guarantees: a key waits at most once, and is under work at most once. Added while it is under work, it waits again
 * when that is done. Of one priority the first added is the first taken; after nine high ones in a row a waiting low one
 * is taken. Of several delays of a key, the earliest counts, with its priority.
 */
export class KeyLanes {
  readonly #waiting = new Map<string, { priority: Priority; readonly since: EpochMs }>();
  readonly #lanes = { high: new Set<string>(), low: new Set<string>() };
  /** Keys under work, with the priority of an add since. */
  readonly #busy = new Map<string, Priority | undefined>();
  readonly #heap = new DelayHeap<Delayed>();
  /** The delay of a key that counts; others in the heap are void. */
  readonly #delayed = new Map<string, Delayed>();
  #ahead = 0;

  get depth(): number {
    return this.#waiting.size;
  }

  /** When the next delay ends. */
  get nextTime(): EpochMs | undefined {
    return this.#heap.nextTime;
  }

  /** True where the key did not wait before. */
  add(key: string, priority: Priority, now: EpochMs): boolean {
    if (this.#busy.has(key)) {
      if (this.#busy.get(key) !== "high") this.#busy.set(key, priority);
      return false;
    }
    const entry = this.#waiting.get(key);
    if (entry === undefined) {
      this.#waiting.set(key, { priority, since: now });
      this.#lanes[priority].add(key);
      return true;
    }
    if (entry.priority === "low" && priority === "high") {
      this.#lanes.low.delete(key);
      this.#lanes.high.add(key);
      entry.priority = priority;
    }
    return false;
  }

  addAt(key: string, time: EpochMs, priority: Priority): void {
    const before = this.#delayed.get(key);
    if (before !== undefined && before.time <= time) return;
    const delayed = { key, time, priority };
    this.#delayed.set(key, delayed);
    this.#heap.add(time, delayed);
  }

  /** Lets keys wait whose delay has ended; returns how many did not wait before. */
  ripen(now: EpochMs): number {
    let added = 0;
    for (let next = this.#heap.takeDue(now); next !== undefined; next = this.#heap.takeDue(now)) {
      if (this.#delayed.get(next.key) !== next) continue;
      this.#delayed.delete(next.key);
      if (this.add(next.key, next.priority, now)) added++;
    }
    return added;
  }

  /** The key whose turn it is, and since when it waited; it counts as under work until `done`. */
  take(): { readonly key: string; readonly since: EpochMs } | undefined {
    const { high, low } = this.#lanes;
    const lane = high.size === 0 || (this.#ahead >= AHEAD && low.size > 0) ? low : high;
    const [key] = lane;
    const since = key === undefined ? undefined : this.#waiting.get(key)?.since;
    if (key === undefined || since === undefined) return undefined;
    this.#ahead = lane === low ? 0 : this.#ahead + 1;
    lane.delete(key);
    this.#waiting.delete(key);
    this.#busy.set(key, undefined);
    return { key, since };
  }

  /** Work on the key has ended; true where it waits again. */
  done(key: string, now: EpochMs): boolean {
    const again = this.#busy.get(key);
    this.#busy.delete(key);
    return again !== undefined && this.add(key, again, now);
  }
}
