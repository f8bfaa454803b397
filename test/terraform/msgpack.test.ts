import { describe, expect, it } from "vitest";
import { decode, UNKNOWN } from "./msgpack.ts";

const bytes = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");

/** Written by hand after the specification's tables. */
describe("MessagePack", () => {
  it.each<[string, unknown, string]>([
    ["nothing", null, "c0"],
    ["true and false", [true, false], "92 c3 c2"],
    ["small numbers", [5, -1, -32], "93 05 ff e0"],
    ["numbers of 1, 2, 4 bytes", [200, 40_000, 3_000_000_000], "93 cc c8 cd 9c 40 ce b2 d0 5e 00"],
    ["negative ones", [-100, -1_000, -100_000], "93 d0 9c d1 fc 18 d2 ff fe 79 60"],
    ["numbers of 8 bytes", [1_099_511_627_776n, -1n], "92 cf 00 00 01 00 00 00 00 00 d3 ff ff ff ff ff ff ff ff"],
    ["fractions", [1.5, 0.5], "92 ca 3f c0 00 00 cb 3f e0 00 00 00 00 00 00"],
    ["text, short and long", ["größe", "ab"], "92 a7 67 72 c3 b6 c3 9f 65 d9 02 61 62"],
    ["a map in a map", { a: { b: [] } }, "81 a1 61 81 a1 62 90"],
    ["longer forms of lists and maps", [{ a: 1 }], "dc 00 01 de 00 01 a1 61 01"],
    ["what is not known yet", [UNKNOWN, UNKNOWN, 7], "93 d4 00 00 c7 02 0c 80 80 07"],
  ])("reads %s", (_, value, hex) => {
    expect(decode(bytes(hex))).toEqual(value);
  });

  it("says where bytes are missing, or are none of its own", () => {
    expect(() => decode(bytes("a3 61"))).toThrow("end before the value does");
    expect(() => decode(bytes("c1"))).toThrow("begins with the byte c1");
  });
});
