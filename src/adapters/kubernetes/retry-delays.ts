import type { EpochMs } from "../../quotes/quote.ts";

const FIRST_MS = 5;
const LONGEST_MS = 1_000_000;
/** Retries of all keys together: this many a second, after this many at once. */
const PER_SECOND = 10;
const BURST = 100;

/**
 * How long retries wait: a key for 5 ms after its first failure and twice as long after each further one, up to 1000 s;
 * and all together through one bucket, so that ten thousand keys that fail at once come back at 10 a second.
 */
export class RetryDelays {
  readonly #failures = new Map<string, number>();
  /** When the bucket would be full again. */
  #fullAt: EpochMs = -Infinity;

  /** Milliseconds that this retry of the key has to wait; it counts. */
  next(key: string, now: EpochMs): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const own = Math.min(FIRST_MS * 2 ** Math.min(failures, 30), LONGEST_MS);
    this.#fullAt = Math.max(this.#fullAt, now) + 1000 / PER_SECOND;
    return Math.max(own, this.#fullAt - now - BURST * (1000 / PER_SECOND));
  }

  /** The key's next failure is its first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }
}
