/**
 * A sliding window over slots. Windows are half-open `[start, end)`, `sizeMs` long, one every `periodMs`, and start
 * at `offsetMs` modulo the period. With slots on the epoch grid of the period, every window covers
 * `sizeMs / periodMs` slots.
 */
export interface WindowSpec {
  readonly sizeMs: number;
  /** The polling interval. */
  readonly periodMs: number;
  /** In [0, periodMs). */
  readonly offsetMs: number;
  /** How long past its end a window's row is written again. */
  readonly allowedLatenessMs: number;
}

/** The default offset: 5 s, or half the period where that is less, so a window ends well after its last slot. */
export function defaultOffsetMs(periodMs: number): number {
  return Math.min(5_000, Math.floor(periodMs / 2));
}

/** Slots in one window: the row's expected_count. */
export function slotsPerWindow(spec: WindowSpec): number {
  return spec.sizeMs / spec.periodMs;
}

/**
 * How long after its last slot a window ends: the offset, or a whole period where the offset is zero, since a window
 * that ends on a slot does not hold it.
 */
export function closeDelayMs(spec: WindowSpec): number {
  return spec.offsetMs === 0 ? spec.periodMs : spec.offsetMs;
}

/** Throws a RangeError that names the field and the value when the spec is no valid window. */
export function assertWindowSpec(spec: WindowSpec): void {
  const { sizeMs, periodMs, offsetMs, allowedLatenessMs } = spec;
  const whole = (name: string, value: number, least: number) => {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new RangeError(`${name} is ${value}; it must be a whole number of milliseconds, at least ${least}.`);
    }
  };
  whole("periodMs", periodMs, 1);
  whole("sizeMs", sizeMs, 1);
  whole("offsetMs", offsetMs, 0);
  whole("allowedLatenessMs", allowedLatenessMs, 0);
  if (sizeMs % periodMs !== 0)
    throw new RangeError(`sizeMs ${sizeMs} is not a whole multiple of periodMs ${periodMs}.`);
  if (offsetMs >= periodMs) throw new RangeError(`offsetMs ${offsetMs} is not below periodMs ${periodMs}.`);
}
