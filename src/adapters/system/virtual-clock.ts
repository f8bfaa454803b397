import type { Clock } from "../../ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";

/**
 * A clock that reads `start` when it is made and from then on runs `speed` times as fast as `base`.
 * @throws RangeError when the speed is not above zero
 * @example virtualClock({ start: Date.parse("2013-10-07T13:30:00Z"), speed: 60, base: systemClock() })
 */
export function virtualClock(options: {
  readonly start: EpochMs;
  readonly speed: number;
  readonly base: Clock;
}): Clock {
  const { start, speed, base } = options;
  if (!(speed > 0 && speed < Infinity)) throw new RangeError(`speed is ${speed}; it must be above 0, such as 60.`);
  const baseStart = base.now();
  const now = () => Math.floor(start + (base.now() - baseStart) * speed);
  return {
    now,
    async sleepUntil(time, signal) {
      // Rounding may leave the base a hair short of the virtual time; the second look is then a millisecond later.
      let baseTime = baseStart + Math.ceil((time - start) / speed);
      do {
        await base.sleepUntil(baseTime, signal);
        baseTime = base.now() + 1;
      } while (now() < time);
    },
  };
}
