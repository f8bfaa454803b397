/**
 * A price in millionths of a currency unit: a whole number in 1 … 9,999,999,999,999.
 * Whole numbers below 2^53 are exact in a double, so comparing and adding prices loses nothing.
 */
export type PriceMicros = number;

/** Millionths in one currency unit. */
export const MICROS = 1_000_000;
/** First price that is too high to be one: 10,000,000 in millionths. */
export const PRICE_LIMIT: PriceMicros = 10_000_000 * MICROS;

/** Whether a number is a price in millionths. */
export function isPrice(micros: number): boolean {
  return Number.isInteger(micros) && micros > 0 && micros < PRICE_LIMIT;
}

/**
 * The price that a provider's number or decimal text means, rounded to six places; undefined where it is none
 * (not a finite decimal, zero or below, 10,000,000 or above, or zero once rounded).
 * @example parsePrice(167.41) === 167_410_000
 */
export function parsePrice(value: unknown): PriceMicros | undefined {
  const decimal = typeof value === "string" && /^[0-9]+(\.[0-9]+)?$/.test(value) ? Number(value) : value;
  if (typeof decimal !== "number" || !(decimal > 0)) return undefined;
  const micros = Math.round(decimal * MICROS);
  return isPrice(micros) ? micros : undefined;
}

/**
 * A price as a decimal text with six places.
 * @example formatPrice(167_410_000) === "167.410000"
 */
export function formatPrice(micros: PriceMicros): string {
  const whole = Math.floor(micros / MICROS);
  return `${whole}.${String(MICROS + micros - whole * MICROS).slice(1)}`;
}
