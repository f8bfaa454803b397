import type { Bus, Clock } from "../../ports.ts";
import type { EpochMs, Quote } from "../../quotes/quote.ts";

/** A delivery that the subscriber did not take in, and when it is tried again. */
export interface Redelivery {
  readonly error: unknown;
  /** 1 for the first delivery of these quotes. */
  readonly attempt: number;
  readonly retryAt: EpochMs;
  readonly quotes: number;
}

export interface MemoryBusOptions {
  /** What redelivery and closing are timed on: the machine's clock, also where quotes follow a virtual one. */
  readonly clock: Clock;
  /** Quotes that may wait before publishers have to; 100,000 by default. */
  readonly capacity?: number;
  /** How long closing waits for the subscriber; 10 s by default. */
  readonly closeTimeoutMs?: number;
  readonly onRedelivery?: (redelivery: Redelivery) => void;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 10_000;

/**
 * A bus inside one process. Batches reach the subscriber one at a time, in order of publishing; one that the handler
 * rejects comes again, with a growing delay, until it is taken in, so delivery is at least once. Memory is bounded:
 * `publish` waits while the queue is full (a batch larger than the whole queue passes when it is empty).
 *
 * `close` refuses new quotes, delivers what it has, and rejects with the number of quotes that nobody took in time.
 */
export function memoryBus(options: MemoryBusOptions): Bus {
  return new MemoryBus(options);
}

class MemoryBus implements Bus {
  readonly #options: Required<MemoryBusOptions>;
  readonly #queue: (readonly Quote[])[] = [];
  #queued = 0;
  /** Admission of the newest publish: later ones wait behind it, so batches keep their order. */
  #lastAdmission: Promise<void> = Promise.resolve();
  /** Resolves at the next change of the queue. */
  #change = Promise.withResolvers<undefined>();
  #subscribed = false;
  #closed: Promise<void> | undefined;
  readonly #stop = new AbortController();

  constructor(options: MemoryBusOptions) {
    this.#options = { capacity: 100_000, closeTimeoutMs: 10_000, onRedelivery: () => undefined, ...options };
  }

  publish(quotes: readonly Quote[]): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(new Error("The bus is closed; it takes no more quotes."));
    if (quotes.length === 0) return Promise.resolve();
    const admission = this.#lastAdmission.then(() => this.#admit(quotes));
    this.#lastAdmission = admission.catch(() => undefined);
    return admission;
  }

  subscribe(handler: (quotes: readonly Quote[]) => Promise<void>): void {
    if (this.#subscribed) throw new Error("The bus has a subscriber already; a second one would get half the quotes.");
    this.#subscribed = true;
    void this.#deliver(handler);
  }

  close(): Promise<void> {
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  async #admit(quotes: readonly Quote[]): Promise<void> {
    while (!this.#stop.signal.aborted && this.#isFullFor(quotes.length)) await this.#change.promise;
    if (this.#stop.signal.aborted) throw new Error("The bus was closed before it had room for the quotes.");
    this.#queue.push(quotes);
    this.#changeBy(quotes.length);
  }

  async #deliver(handler: (quotes: readonly Quote[]) => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const [batch] = this.#queue;
      if (batch === undefined) {
        await this.#change.promise;
      } else if (await this.#handOver(batch, handler)) {
        this.#queue.shift();
        this.#changeBy(-batch.length);
      }
    }
  }

  /** Delivers until the handler takes the batch in; false when the bus was closed before that. */
  async #handOver(batch: readonly Quote[], handler: (quotes: readonly Quote[]) => Promise<void>): Promise<boolean> {
    const { clock, onRedelivery } = this.#options;
    for (let attempt = 1; !this.#stop.signal.aborted; attempt += 1) {
      try {
        await handler(batch);
        return true;
      } catch (error) {
        const retryAt = clock.now() + Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 1), LONGEST_BACKOFF_MS);
        onRedelivery({ error, attempt, retryAt, quotes: batch.length });
        await clock.sleepUntil(retryAt, this.#stop.signal).catch(() => undefined);
      }
    }
    return false;
  }

  async #drain(): Promise<void> {
    const { clock, closeTimeoutMs } = this.#options;
    const timeout = clock.sleepUntil(clock.now() + closeTimeoutMs, this.#stop.signal).catch(() => undefined);
    if (this.#subscribed) await Promise.race([this.#drained(), timeout]);
    this.#stop.abort(new Error("The bus is closed."));
    this.#changeBy(0);
    if (this.#queued > 0) throw new Error(`The bus closed with ${this.#queued} quotes that no subscriber took in.`);
  }

  async #drained(): Promise<void> {
    await this.#lastAdmission;
    while (this.#queued > 0) await this.#change.promise;
  }

  #isFullFor(quotes: number): boolean {
    return this.#queued > 0 && this.#queued + quotes > this.#options.capacity;
  }

  /** Counts quotes in or out and wakes whoever waits for a change; by 0, only wakes. */
  #changeBy(quotes: number): void {
    this.#queued += quotes;
    this.#change.resolve(undefined);
    this.#change = Promise.withResolvers();
  }
}
