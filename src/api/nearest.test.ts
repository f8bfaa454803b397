import { expect, it } from "vitest";
import { nearest } from "./nearest.ts";

const names = ["symbols", "provider", "polling", "resolutions", "engine", "archive"];

it.each([
  ["symbol", "symbols"],
  ["Symbols", "symbols"],
  ["smybols", "symbols"],
  ["pooling", "polling"],
  ["resolution", "resolutions"],
  ["enigne", "engine"],
  ["archve", "archive"],
])("takes %s for a slip in %s", (word, meant) => {
  expect(nearest(word, names)).toBe(meant);
});

it.each(["x", "", "colour", "interval", "spec"])("guesses nothing for %j", (word) => {
  expect(nearest(word, names)).toBeUndefined();
});

it("takes the nearest of several, the first of equals", () => {
  expect(nearest("abcdefgx", ["abcdefyy", "abcdefgh", "abcdefgi"])).toBe("abcdefgh");
});
