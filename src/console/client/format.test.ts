import { describe, expect, it } from "vitest";
import { formatMean, formatPercent, formatPrice, formatSeconds, formatSpan } from "./format.ts";

describe("a price", () => {
  it.each([
    [189.2, "189.20"],
    [1234567.5, "1,234,567.50"],
    [0.000001, "0.000001"],
    [30.7125, "30.7125"],
    [9_999_999.999999, "9,999,999.999999"],
    [undefined, "–"],
  ])("%s reads %s", (price, text) => {
    expect(formatPrice(price)).toBe(text);
  });
});

describe("a mean", () => {
  it.each([
    ["648.512700000", "648.5127"],
    ["1234.5", "1,234.5000"],
  ])("%s reads %s", (decimal, text) => {
    expect(formatMean(decimal)).toBe(text);
  });
});

describe("a change", () => {
  it.each([
    [0.5694, "+0.569%"],
    [-0.5694, "−0.569%"],
    [0, "0.000%"],
    [-0.0001, "0.000%"],
    [undefined, "–"],
  ])("%s reads %s", (percent, text) => {
    expect(formatPercent(percent)).toBe(text);
  });
});

describe("a span", () => {
  it.each([
    [900_000, "15 min"],
    [90_000, "90 s"],
    [3_600_000, "1 h"],
    [5_400_000, "90 min"],
    [86_400_000, "24 h"],
    [10_000, "10 s"],
    [150_000, "2.5 min"],
    [500, "500 ms"],
  ])("of %i ms reads %s", (ms, text) => {
    expect(formatSpan(ms)).toBe(text);
  });

  it.each([
    [0.42, "0.4 s"],
    [12.4, "12 s"],
    [3_600, "3,600 s"],
  ])("of %f seconds reads %s", (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });
});
