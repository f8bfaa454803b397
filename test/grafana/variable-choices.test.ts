import { expect, it } from "vitest";
import { choicesIn } from "./variable-choices.ts";

it.each<[string, object, object]>([
  ["text and value", { n: 1, Value: "5", text: "5 min" }, { text: "5 min", value: "5" }],
  ["text alone", { other: "a", text: "5 min" }, { text: "5 min", value: "5 min" }],
  ["value alone", { other: "a", value: "5" }, { text: "5", value: "5" }],
  ["neither: the first of strings", { n: 1, __text: "5 min", __value: "5" }, { text: "5 min", value: "5 min" }],
])("offers choices of %s", (_, row, choice) => {
  expect(choicesIn([{ ...row }])).toEqual([choice]);
});

it("offers nothing of numbers", () => {
  expect(() => choicesIn([{ value: 5 }])).toThrow("No column of the answer has strings.");
  expect(choicesIn([])).toEqual([]);
});
