import type { Clock } from "../../ports.ts";

/** Measures time by two clocks, and believes the one that went further: either may stand still, or be set back. */
export class Stopwatch {
  readonly #clock: Pick<Clock, "now">;
  readonly #monotonic: () => number;
  readonly #wallStart: number;
  readonly #start: number;

  constructor(clock: Pick<Clock, "now">, monotonic: () => number) {
    this.#clock = clock;
    this.#monotonic = monotonic;
    this.#wallStart = clock.now();
    this.#start = monotonic();
  }

  /** Another one of the same clocks, from now on. */
  start(): Stopwatch {
    return new Stopwatch(this.#clock, this.#monotonic);
  }

  elapsedMs(): number {
    return Math.max(this.#clock.now() - this.#wallStart, this.#monotonic() - this.#start);
  }
}
