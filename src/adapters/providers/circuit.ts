import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  type CircuitBreakerPolicy,
} from "cockatiel";
import type { ProviderType } from "../../api/provider-spec.ts";
import type { Clock } from "../../ports.ts";
import { formatTime } from "../../quotes/format-time.ts";
import type { FailureKind } from "../../quotes/poll-summary.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { ProviderError } from "./provider-error.ts";

/** Failed calls in a row that open the circuit: more than are under way at once, so that one blip does not. */
export const FAILURES_TO_OPEN = 10;
/** How long the circuit stays open at first; doubles with every failed trial. */
export const FIRST_BREAK_MS = 10_000;
const LONGEST_BREAK_MS = 300_000;

/** Failures that tell of a provider that is down, rather than of what was asked or how often. */
const OUTAGES: ReadonlySet<FailureKind> = new Set(["Network", "Timeout", "ServerError", "InvalidResponse"]);

/**
 * Leaves a provider that is down alone: after FAILURES_TO_OPEN failed calls in a row none goes out for a while, then
 * one goes out on trial. The breaker is cockatiel's, the time our clock's.
 */
export class Circuit {
  readonly #provider: ProviderType;
  readonly #clock: Clock;
  readonly #policy: CircuitBreakerPolicy;
  #closesAt: EpochMs = -Infinity;

  constructor(provider: ProviderType, clock: Clock) {
    this.#provider = provider;
    this.#clock = clock;
    this.#policy = circuitBreaker(
      handleWhen((error) => error instanceof ProviderError && OUTAGES.has(error.kind)),
      { breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN), halfOpenAfter: this.#break(FIRST_BREAK_MS) },
    );
  }

  /** @throws ProviderError (CircuitOpen) while no call may go out; the circuit's state stays as it is */
  check(): void {
    if (this.#policy.state === CircuitState.Open && this.#clock.now() < this.#closesAt) throw this.#openError();
  }

  /**
   * Makes the call and counts how it went.
   * @throws ProviderError (CircuitOpen) without a call while the circuit is open
   */
  async run<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await this.#policy.execute(call);
    } catch (error) {
      if (error instanceof BrokenCircuitError) throw this.#openError();
      throw error;
    }
  }

  /**
   * One break as cockatiel's backoff. It compares the duration with time passed on the system clock, so the duration
   * answers for our clock: without end until the break is over, then below any time passed.
   */
  #break(lengthMs: number) {
    const closesAt = () => this.#closesAt;
    const now = () => this.#clock.now();
    return {
      next: () => {
        this.#closesAt = now() + lengthMs;
        return {
          get duration() {
            return now() < closesAt() ? Infinity : -Infinity;
          },
          next: () => this.#break(Math.min(2 * lengthMs, LONGEST_BREAK_MS)).next(),
        };
      },
    };
  }

  #openError(): ProviderError {
    return new ProviderError(
      this.#provider,
      "CircuitOpen",
      { kind: "retry", at: this.#closesAt },
      `${this.#provider} failed ${FAILURES_TO_OPEN} calls in a row; it is tried again at ${formatTime(this.#closesAt)}.`,
    );
  }
}
