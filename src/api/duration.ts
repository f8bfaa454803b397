import { z } from "zod";
import { type CelRule, celIsDuration, celMessage, celMs, withCelRules } from "./cel.ts";
import { wording } from "./wording.ts";

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** The form of a duration in a manifest: Go's notation without fractions, such as `10s`, `1m30s` or `500ms`. */
const DURATION_PATTERN = /^([0-9]{1,9}(ms|s|m|h))+$/;
/** No notation of this length reaches 2^53 ms: the longest is 999999999h twice, 7.2e15 ms. */
const LONGEST_NOTATION = 20;

/**
 * Milliseconds of a manifest's duration.
 * @throws RangeError when the text is no duration, with the text and an example in the message
 * @example durationMs("1m30s") === 90_000
 */
export function durationMs(text: string): number {
  if (!isDuration(text)) {
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
 * @throws RangeError when `ms` is negative or no whole number
 * @example formatDuration(90_000) === "1m30s"
 */
export function formatDuration(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0) throw new RangeError(`${ms} is no whole number of milliseconds.`);
  let rest = ms;
  let text = "";
  for (const unit of ["h", "m", "s", "ms"] as const) {
    const count = Math.floor(rest / UNITS[unit]);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * UNITS[unit];
  }
  return text === "" ? "0s" : text;
}

function isDuration(text: string): boolean {
  return text.length <= LONGEST_NOTATION && DURATION_PATTERN.test(text);
}

/** Limits of a duration, both allowed themselves, as durations. */
interface DurationRange {
  readonly least: string;
  readonly most: string;
}

/** A duration field of the manifest; it stays text, as it was written. Checks added to it see good durations alone. */
export function durationField(description: string, { least, most }: DurationRange) {
  const range = `${least} to ${most}`;
  const fix = "Write whole numbers with a unit, such as 10s, 5m or 1h30m.";
  const notation = wording("must be a duration", fix);
  const length = celMs("self");
  const inRange: CelRule = {
    rule: `${celIsDuration("self")} && ${length} >= ${durationMs(least)} && ${length} <= ${durationMs(most)}`,
    message: celMessage({ rule: `must be a duration of ${range}`, fix }),
  };
  const field = z
    .string()
    .max(LONGEST_NOTATION, { error: notation, abort: true })
    .regex(DURATION_PATTERN, { error: notation, abort: true })
    .superRefine((text, context) => {
      const ms = durationMs(text);
      if (ms >= durationMs(least) && ms <= durationMs(most)) return;
      const message = wording(`must be ${range}`, `Write a duration of ${range}.`);
      context.addIssue({ code: "custom", message, continue: false });
    })
    .meta({ description, range });
  return withCelRules(field, [inRange]);
}
