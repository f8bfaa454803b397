import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { meanHalfEven } from "../../test/oracles/windows.ts";
import { meanText, needsSplitSum, SUM_SPLIT, wholeSum } from "./mean.ts";

describe("mean", () => {
  it("is the exact mean rounded half-even, while the sum fits a double", () => {
    const price = fc.integer({ min: 1, max: 9_999_999_999_999 });
    fc.assert(
      fc.property(fc.array(price, { minLength: 1, maxLength: 900 }), (prices) => {
        const sum = prices.reduce((a, b) => a + b);
        expect(meanText(0, sum, prices.length)).toBe(meanHalfEven(prices));
      }),
    );
  });

  it("is the same from a sum in two parts", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9_999_999_999_999 }), { minLength: 1 }), (prices) => {
        const sum = prices.reduce((a, b) => a + b);
        const high = Math.floor(sum / SUM_SPLIT);
        expect(meanText(high, sum - high * SUM_SPLIT, prices.length)).toBe(meanHalfEven(prices));
        expect(wholeSum(high, sum - high * SUM_SPLIT)).toBe(BigInt(sum));
      }),
    );
  });

  it.each([
    // 0.0000005 of a micro lies halfway between two nanos: to the even one, both ways.
    [1, 2000, "0.000000000"],
    [3, 2000, "0.000000002"],
    [1_999_999, 2, "0.999999500"],
    [200_000_001, 3, "66.666667000"],
    [9_999_999_999_999, 1, "9999999.999999000"],
  ])("of a sum of %d over %d is %s", (sum, count, text) => {
    expect(meanText(0, sum, count)).toBe(text);
  });

  it("keeps sums of up to 900 of the highest prices in one double", () => {
    expect(needsSplitSum(900)).toBe(false);
    expect(needsSplitSum(901)).toBe(true);
  });
});
