const integers = new Intl.NumberFormat("en-US");
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" });

/** What stands where there is no value. */
export const NOTHING = "–";

/**
 * A price with at least two decimals and as many of its six as it uses.
 * @example formatPrice(1234.5) === "1,234.50"
 */
export function formatPrice(price: number | undefined): string {
  return price === undefined
    ? NOTHING
    : price.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 6 });
}

/**
 * A mean price to four decimals, from its decimal text.
 * @example formatMean("1234.500000000") === "1,234.5000"
 */
export function formatMean(decimal: string): string {
  return Number(decimal).toLocaleString("en-US", { minimumFractionDigits: 4, maximumFractionDigits: 4 });
}

/**
 * A change with its sign, to three decimals; a minus sign as wide as the plus.
 * @example formatPercent(-0.25) === "−0.250%"
 */
export function formatPercent(percent: number | undefined): string {
  if (percent === undefined) return NOTHING;
  const digits = Math.abs(percent).toFixed(3);
  return `${Number(digits) === 0 ? "" : percent > 0 ? "+" : "−"}${digits}%`;
}

/** A whole number with thousands separated. */
export function formatCount(count: number): string {
  return integers.format(count);
}

/** The time of day, in the reader's time zone. */
export function formatClock(time: number): string {
  return clock.format(time);
}

/** Day of the week and time of day, in the reader's time zone. */
export function formatDay(time: number): string {
  return weekday.format(time);
}

/** The reader's time zone, such as `Europe/London`. */
export function timeZone(): string {
  return clock.resolvedOptions().timeZone;
}

/**
 * A span in the unit a person would use.
 * @example formatSpan(900_000) === "15 min"
 */
export function formatSpan(ms: number): string {
  const units = [
    [3_600_000, "h"],
    [60_000, "min"],
    [1_000, "s"],
  ] as const;
  for (const [size, name] of units) {
    if (ms >= size && (ms % size === 0 || ms >= 2 * size)) return `${Number((ms / size).toFixed(1))} ${name}`;
  }
  return `${ms} ms`;
}

/** Seconds, with a decimal below ten. */
export function formatSeconds(seconds: number): string {
  return `${seconds < 10 ? seconds.toFixed(1) : integers.format(Math.round(seconds))} s`;
}

/** Up, down or flat: what the colour of a change says. */
export function direction(change: number | undefined): "up" | "down" | "flat" {
  if (change === undefined || Math.abs(change) < 0.0005) return "flat";
  return change > 0 ? "up" : "down";
}
