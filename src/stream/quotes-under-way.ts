import type { Bus } from "../ports.ts";
import type { EpochMs, Quote } from "../quotes/quote.ts";

/**
 * A bus that knows which of the quotes published on it have not been taken in yet. The watermark waits for those: when
 * a store takes nothing for a while, the quotes that queue up meanwhile are not late because of it.
 */
export class QuotesUnderWay implements Bus {
  readonly #bus: Bus;
  readonly #countBySlot = new Map<EpochMs, number>();
  readonly #waiting = new Set<() => void>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** The oldest slot with quotes under way; Infinity without any. */
  get oldest(): EpochMs {
    return Math.min(Infinity, ...this.#countBySlot.keys());
  }

  /** Resolves when quotes are taken in next, or the signal is aborted. */
  landing(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        this.#waiting.delete(done);
        resolve();
      };
      signal.addEventListener("abort", done);
      this.#waiting.add(done);
    });
  }

  async publish(quotes: readonly Quote[]): Promise<void> {
    for (const { observedAt } of quotes) this.#count(observedAt, 1);
    try {
      await this.#bus.publish(quotes);
    } catch (error) {
      this.#landed(quotes);
      throw error;
    }
  }

  subscribe(handler: (quotes: readonly Quote[]) => Promise<void>): void {
    this.#bus.subscribe(async (quotes) => {
      await handler(quotes);
      this.#landed(quotes);
    });
  }

  close(): Promise<void> {
    return this.#bus.close();
  }

  #landed(quotes: readonly Quote[]): void {
    for (const { observedAt } of quotes) this.#count(observedAt, -1);
    for (const done of [...this.#waiting]) done();
  }

  /** A quote that is delivered twice counts once: what is not under way is not counted down. */
  #count(slot: EpochMs, change: 1 | -1): void {
    const count = (this.#countBySlot.get(slot) ?? 0) + change;
    if (count > 0) this.#countBySlot.set(slot, count);
    else this.#countBySlot.delete(slot);
  }
}
