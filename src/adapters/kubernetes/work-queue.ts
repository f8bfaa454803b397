import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../ports.ts";
import { KeyLanes, type Priority } from "./key-lanes.ts";
import { RetryDelays } from "./retry-delays.ts";

/** Told of what happens in the queue. */
export interface WorkQueueHooks {
  /** A key began to wait. */
  onAdd?(): void;
  /** How many keys wait now. */
  onDepth?(depth: number): void;
  /** How long a key waited for a worker, in seconds. */
  onTaken?(seconds: number): void;
}

/** Why a sleep ended; made once, since each of its kind would carry a stack of its own. */
const WOKEN = new Error("woken");

/**
 * A queue of keys that want to be worked on, each once, in memory.
 *
 * Guarantees: those of `KeyLanes`, so that an add is always followed by a whole run that began after it, and those of
 * `RetryDelays`. One timer serves all delays. Between two keys that wait the event loop has a turn: ten thousand runs
 * that wait for nothing would otherwise hold up everything else, the renewal of the lease too.
 * Assumption: `handle` reads the newest state by itself; the queue carries no data, and forgets all at a restart.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #hooks: WorkQueueHooks;
  readonly #lanes = new KeyLanes();
  readonly #retries = new RetryDelays();
  #wake: () => void = () => undefined;

  constructor(clock: Clock, hooks: WorkQueueHooks = {}) {
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /** Adds a key now; one that waits already stays at its place, or moves up where this is more urgent. */
  add(key: string, priority: Priority = "high"): void {
    this.#changed(this.#lanes.add(key, priority, this.#clock.now()) ? 1 : 0);
  }

  /** Adds a key after this many milliseconds; of several such wishes the earliest counts. */
  addAfter(key: string, delayMs: number, priority: Priority = "low"): void {
    this.#lanes.addAt(key, this.#clock.now() + delayMs, priority);
    this.#wake();
  }

  /** Adds a key after a failure: after a delay that doubles with each, and not before `atLeastMs`. */
  retry(key: string, atLeastMs = 0): void {
    this.addAfter(key, Math.max(this.#retries.next(key, this.#clock.now()), atLeastMs), "high");
  }

  /** The key is well again: its next failure is its first. */
  forget(key: string): void {
    this.#retries.forget(key);
  }

  /**
   * Works on keys until the signal is aborted, then resolves once what is under way has ended.
   * @param workers how many keys are worked on at once
   * @param handle should not reject: a rejection ends the run, which rejects with it
   */
  async run(workers: number, handle: (key: string) => Promise<void>, signal: AbortSignal): Promise<void> {
    const underWay = new Map<string, Promise<void>>();
    const failures: unknown[] = [];
    const work = async (key: string) => {
      try {
        await handle(key);
      } catch (error) {
        failures.push(error);
      }
      underWay.delete(key);
      this.#changed(this.#lanes.done(key, this.#clock.now()) ? 1 : 0);
    };
    const onAbort = () => {
      this.#wake();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    while (!signal.aborted && failures.length === 0) {
      this.#changed(this.#lanes.ripen(this.#clock.now()));
      const key = underWay.size < workers ? this.#take() : undefined;
      if (key === undefined) {
        await this.#untilChange();
        continue;
      }
      underWay.set(key, work(key));
      if (this.#lanes.depth > 0) await setImmediate();
    }
    signal.removeEventListener("abort", onAbort);
    await Promise.all(underWay.values());
    if (failures.length > 0) throw failures[0];
  }

  #take(): string | undefined {
    const taken = this.#lanes.take();
    if (taken === undefined) return undefined;
    this.#hooks.onTaken?.((this.#clock.now() - taken.since) / 1000);
    this.#hooks.onDepth?.(this.#lanes.depth);
    return taken.key;
  }

  #changed(added: number): void {
    for (let i = 0; i < added; i++) this.#hooks.onAdd?.();
    if (added > 0) this.#hooks.onDepth?.(this.#lanes.depth);
    this.#wake();
  }

  /** Resolves when something was added or done, or when a delay ends. */
  async #untilChange(): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => {
      woken.abort(WOKEN);
    };
    await this.#clock.sleepUntil(this.#lanes.nextTime ?? Infinity, woken.signal).catch(() => undefined);
  }
}
