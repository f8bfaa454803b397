import { describe, expect, it } from "vitest";
import { figure, heldTo, verdictOn } from "./goal.ts";
import { table } from "./table.ts";

const speed = (name: string, value: number) => heldTo(figure(name, "1/s", value), { value: 230, better: "more" });
const writes = (value: number) =>
  heldTo(figure("writes", "requests", value), { value: 0, better: "less", anywhere: true });

describe("a goal", () => {
  it("is met by itself and by whatever is better", () => {
    const met = [229, 230, 231].map((value) => speed("no-ops", value).goal?.met);
    expect(met).toEqual([false, true, true]);
    expect([0, 1].map((value) => writes(value).goal?.met)).toEqual([true, false]);
  });

  it("is missed by what could not be measured", () => {
    expect(speed("no-ops", NaN).goal?.met).toBe(false);
    expect(writes(NaN).goal?.met).toBe(false);
  });
});

describe("a full run", () => {
  it("fails for any goal that is missed, and names it", () => {
    const verdict = verdictOn([speed("no-ops", 100), writes(0), figure("rate", "1/s", 1)], { short: false });
    expect(verdict).toEqual({ failed: true, line: "Goals: 1 of 2 met. Missed: no-ops." });
  });

  it("fails for none that is met, nor for figures without one", () => {
    expect(verdictOn([speed("no-ops", 300)], { short: false })).toEqual({ failed: false, line: "Goals: 1 of 1 met." });
    expect(verdictOn([figure("rate", "1/s", 1)], { short: false })).toEqual({ failed: false });
  });
});

describe("a short run", () => {
  it("fails for goals alone that hold on any machine, and tells of the others", () => {
    expect(verdictOn([speed("no-ops", 100), writes(0)], { short: true })).toEqual({
      failed: false,
      line: "Goals: 1 of 2 met. Missed, which a short run says nothing about: no-ops.",
    });
    expect(verdictOn([speed("no-ops", 300), writes(1)], { short: true }).failed).toBe(true);
  });
});

describe("the table", () => {
  it("says of each figure with a goal whether it was met, and has no such column where there is none", () => {
    const rows = table([speed("no-ops", 100), writes(0), figure("rate", "1/s", 1)]).split("\n");
    const goals = rows.map((row) => row.split("|")[4]?.trim());
    expect(goals).toEqual(["goal", "---", "≥ 230 1/s: MISSED", "≤ 0 requests: met", ""]);
    expect(table([figure("rate", "1/s", 1)])).not.toContain("goal");
  });
});
