const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** The form of a duration in a manifest: Go's notation without fractions, such as `10s`, `1m30s` or `500ms`. */
export const DURATION_PATTERN = /^([0-9]+(ms|s|m|h))+$/;

/**
 * Milliseconds of a manifest's duration.
 * @throws RangeError when the text is no duration, with the text and an example in the message
 * @example durationMs("1m30s") === 90_000
 */
export function durationMs(text: string): number {
  if (!DURATION_PATTERN.test(text)) {
    throw new RangeError(`"${text}" is not a duration. Write whole numbers with a unit, such as 10s, 5m or 1h30m.`);
  }
  let total = 0;
  for (const [, count, unit] of text.matchAll(/([0-9]+)(ms|s|m|h)/g)) {
    total += Number(count) * UNITS[unit as keyof typeof UNITS];
  }
  return total;
}

/**
 * The shortest notation of a duration in whole milliseconds.
 * @example formatDuration(90_000) === "1m30s"
 */
export function formatDuration(ms: number): string {
  let rest = ms;
  let text = "";
  for (const unit of ["h", "m", "s", "ms"] as const) {
    const count = Math.floor(rest / UNITS[unit]);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * UNITS[unit];
  }
  return text === "" ? "0s" : text;
}
