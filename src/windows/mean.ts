import { formatPrice, PRICE_LIMIT } from "../quotes/price.ts";

/** Where a sum of prices is split in two, so that both parts stay exact in a double. */
export const SUM_SPLIT = 2 ** 24;

/**
 * Whether a sum over this many slots may pass 2^53 and must be kept in two parts.
 * Up to 900 slots of the highest price a single double is exact.
 */
export function needsSplitSum(slots: number): boolean {
  return slots * PRICE_LIMIT > Number.MAX_SAFE_INTEGER;
}

/**
 * The mean of prices, rounded half-even to nine places, as decimal text with nine places.
 * Exact: the division is of whole numbers, and the remainder decides the rounding.
 * @param sum low part of the sum of prices in micros
 * @param sumHigh high part, in units of SUM_SPLIT micros
 * @param count prices summed, at least 1
 * @example meanText(0, 200_000_001, 3) === "66.666667000"
 */
export function meanText(sumHigh: number, sum: number, count: number): string {
  if (sumHigh !== 0) return nanosText(roundedQuotient(wholeSum(sumHigh, sum) * 1000n, BigInt(count)));
  let micros = Math.floor(sum / count);
  let remainder = sum - micros * count;
  // The double quotient of numbers this large can be one off; the remainder tells.
  if (remainder < 0) {
    micros--;
    remainder += count;
  }
  const scaled = remainder * 1000;
  let nanos = Math.floor(scaled / count);
  const twice = 2 * (scaled - nanos * count);
  if (twice > count || (twice === count && nanos % 2 === 1)) nanos++;
  if (nanos === 1000) {
    micros++;
    nanos = 0;
  }
  return `${formatPrice(micros)}${String(1000 + nanos).slice(1)}`;
}

/** The sum of prices in micros as one whole number. */
export function wholeSum(sumHigh: number, sum: number): bigint {
  return BigInt(sumHigh) * BigInt(SUM_SPLIT) + BigInt(sum);
}

function roundedQuotient(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = 2n * (numerator % denominator);
  return twice > denominator || (twice === denominator && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

function nanosText(nanos: bigint): string {
  const digits = nanos.toString().padStart(10, "0");
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
