import { describe, expect, it } from "vitest";
import { parseTickLine, type BadLineReason } from "./ticks.ts";

const tick = (fields: object) =>
  JSON.stringify({ symbol: "AIG", latestPrice: 49.18, latestUpdate: 1_381_132_800_000, volume: 300, ...fields });

describe("a line of a tick file", () => {
  it("is a tick with its price in millionths", () => {
    expect(parseTickLine(tick({}))).toEqual({ symbol: "AIG", price: 49_180_000, time: 1_381_132_800_000, volume: 300 });
  });

  it("may have other fields, and any order and spacing", () => {
    const line = ` { "volume" : 3e2, "latestUpdate" : 1381132800000.0, "x": [{}], "latestPrice" : 4918e-2, "symbol" : "\\u0041IG" } `;
    expect(parseTickLine(line)).toEqual({ symbol: "AIG", price: 49_180_000, time: 1_381_132_800_000, volume: 300 });
  });

  it("rounds a price to six places", () => {
    expect(parseTickLine(tick({ latestPrice: 1.2345678 }))).toMatchObject({ price: 1_234_568 });
  });

  it.each([[undefined], [null], [-1], ["300"]])("is a tick without its volume where that is %j", (volume) => {
    expect(parseTickLine(tick({ volume }))).toEqual({ symbol: "AIG", price: 49_180_000, time: 1_381_132_800_000 });
  });

  it.each<[BadLineReason, string, string]>([
    ["Malformed", "AIG,49.18", "AIG,49.18"],
    ["Malformed", tick({}).slice(0, -1), "JSON"],
    ["Malformed", "null", "null"],
    ["Malformed", "[1]", "[1]"],
    ["Malformed", `"${"long".repeat(50)}"`, "..."],
    ["InvalidSymbol", tick({ symbol: undefined }), "symbol is missing"],
    ["InvalidSymbol", tick({ symbol: "aig" }), 'symbol is "aig"'],
    ["InvalidSymbol", tick({ symbol: "ABCDEFGHIJK" }), "ABCDEFGHIJK"],
    ["InvalidSymbol", tick({ symbol: 7 }), "symbol is 7"],
    ["InvalidPrice", tick({ latestPrice: null }), "latestPrice is null"],
    ["InvalidPrice", tick({ latestPrice: undefined }), "latestPrice is missing"],
    ["InvalidPrice", tick({ latestPrice: "49.18" }), 'latestPrice is "49.18"'],
    ["InvalidPrice", tick({ latestPrice: 0 }), "latestPrice is 0"],
    ["InvalidPrice", tick({ latestPrice: 0.0000001 }), "latestPrice is 1e-7"],
    ["InvalidPrice", tick({ latestPrice: -49.18 }), "latestPrice is -49.18"],
    ["InvalidPrice", tick({ latestPrice: 10_000_000 }), "latestPrice is 10000000"],
    ["InvalidPrice", tick({}).replace("49.18", "1e999"), "latestPrice is null"],
    ["InvalidPrice", tick({}).replace("49.18", "NaN"), "latestPrice is NaN"],
    ["InvalidPrice", tick({}).replace("49.18", " -Infinity"), "latestPrice is -Infinity"],
    ["InvalidTime", tick({ latestUpdate: undefined }), "latestUpdate is missing"],
    ["InvalidTime", tick({ latestUpdate: "2013-10-07" }), "2013-10-07"],
    ["InvalidTime", tick({ latestUpdate: 0 }), "latestUpdate is 0"],
    ["InvalidTime", tick({ latestUpdate: -1 }), "latestUpdate is -1"],
    ["InvalidTime", tick({ latestUpdate: 1.5 }), "latestUpdate is 1.5"],
    ["InvalidTime", tick({ latestUpdate: 253_402_300_800_000 }), "253402300800000"],
  ])("is %s in %s", (reason, line, detail) => {
    const bad = parseTickLine(line);
    expect(bad).toMatchObject({ reason });
    expect((bad as { detail: string }).detail).toContain(detail);
  });
});
