import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatPrice, isPrice, MICROS, parsePrice, PRICE_LIMIT } from "./price.ts";

const price = fc.integer({ min: 1, max: PRICE_LIMIT - 1 });

describe("a price", () => {
  it("is read from a number or a decimal text", () => {
    expect(parsePrice(167.41)).toBe(167_410_000);
    expect(parsePrice("167.41")).toBe(167_410_000);
    expect(parsePrice("0.000001")).toBe(1);
    expect(parsePrice("9999999.999999")).toBe(PRICE_LIMIT - 1);
    expect(parsePrice(1.005)).toBe(1_005_000);
  });

  it("is rounded to six places", () => {
    expect(parsePrice(0.12345678)).toBe(123_457);
    expect(parsePrice("0.12345612")).toBe(123_456);
  });

  it.each([
    ["zero", 0],
    ["below zero", -1],
    ["zero once rounded", 0.000_000_4],
    ["the limit", 10_000_000],
    ["the limit once rounded", "9999999.9999999"],
    ["huge", 1e300],
    ["endless", Infinity],
    ["not a number", NaN],
    ["an empty text", ""],
    ["words", "n/a"],
    ["a sign", "+1.00"],
    ["a negative text", "-1.00"],
    ["an exponent", "1e3"],
    ["hexadecimal", "0x10"],
    ["a thousands separator", "1,000.00"],
    ["a blank around it", " 1.00"],
    ["a line break after it", "1.00\n"],
    ["no digit before the point", ".5"],
    ["no digit after the point", "5."],
    ["a text longer than any price", "9".repeat(400)],
    ["null", null],
    ["undefined", undefined],
    ["true", true],
    ["a list", [1]],
    ["an object", { valueOf: () => 1 }],
    ["a bigint", 5n],
  ])("is not %s", (_, value) => {
    expect(parsePrice(value)).toBeUndefined();
  });

  it("survives being written as text and read again", () => {
    fc.assert(
      fc.property(price, (micros) => {
        const text = formatPrice(micros);
        expect(text).toMatch(/^[0-9]{1,7}\.[0-9]{6}$/);
        expect(parsePrice(text)).toBe(micros);
      }),
    );
  });

  it("survives a double of currency units, as providers send it", () => {
    fc.assert(
      fc.property(price, (micros) => {
        expect(parsePrice(micros / MICROS)).toBe(micros);
      }),
    );
  });

  it("is a whole number of millionths within the limits", () => {
    expect(isPrice(1)).toBe(true);
    expect(isPrice(PRICE_LIMIT - 1)).toBe(true);
    for (const wrong of [0, -1, PRICE_LIMIT, 1.5, NaN, Infinity]) expect(isPrice(wrong)).toBe(false);
  });
});
