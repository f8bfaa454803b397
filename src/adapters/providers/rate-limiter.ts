import type { ProviderType } from "../../api/provider-spec.ts";
import type { Clock } from "../../ports.ts";
import { formatTime } from "../../quotes/format-time.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { ProviderError } from "./provider-error.ts";

/** At most `calls` calls in any `perMs` milliseconds. */
export interface CallLimit {
  readonly calls: number;
  readonly perMs: number;
}

/**
 * Keeps a provider's call limits: in no stretch of `perMs`, wherever it starts, are there more than `calls` calls.
 * So the limit holds however the provider cuts its own minutes. A call that could not start before the deadline is
 * refused at once, since waiting would not help it. Also holds calls back while the provider asks for a pause.
 */
export class RateLimiter {
  readonly #provider: ProviderType;
  readonly #clock: Clock;
  readonly #windows: readonly { readonly limit: CallLimit; readonly starts: EpochMs[] }[];
  #pausedUntil: EpochMs = -Infinity;

  constructor(provider: ProviderType, clock: Clock, limits: readonly CallLimit[]) {
    this.#provider = provider;
    this.#clock = clock;
    this.#windows = limits.map((limit) => ({ limit, starts: [] }));
  }

  /** The end of the pause that the provider asked for, while it lasts. */
  get pausedUntil(): EpochMs | undefined {
    return this.#pausedUntil > this.#clock.now() ? this.#pausedUntil : undefined;
  }

  /** No call starts before `time`. */
  pauseUntil(time: EpochMs): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, time);
  }

  /**
   * Resolves when one call may start, which then counts.
   * @throws ProviderError (RateLimited) at once when that is not before the deadline
   */
  async acquire(deadline: EpochMs, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const now = this.#clock.now();
      const free = Math.max(this.#pausedUntil, ...this.#windows.map((window) => nextFree(window)));
      if (free <= now) {
        for (const { limit, starts } of this.#windows) {
          starts.push(now);
          if (starts.length > limit.calls) starts.shift();
        }
        return;
      }
      if (free >= deadline) throw this.#refusal(free);
      // Others may have woken for the same place: whoever comes late looks again.
      await this.#clock.sleepUntil(free, signal);
    }
  }

  #refusal(free: EpochMs): ProviderError {
    const why =
      this.#pausedUntil >= free
        ? "asked for a pause"
        : `allows ${this.#windows.map(({ limit }) => `${limit.calls} calls in ${limit.perMs / 1000} s`).join(" and ")}`;
    return new ProviderError(
      this.#provider,
      "RateLimited",
      { kind: "retry", at: free },
      `${this.#provider} ${why}; the next call may go out at ${formatTime(free)}, after this slot's deadline.`,
    );
  }
}

/** When the oldest of the last `calls` calls drops out of the window; long ago while there are fewer. */
function nextFree({ limit, starts }: { readonly limit: CallLimit; readonly starts: readonly EpochMs[] }): EpochMs {
  const oldest = starts[0];
  return oldest === undefined || starts.length < limit.calls ? -Infinity : oldest + limit.perMs;
}
