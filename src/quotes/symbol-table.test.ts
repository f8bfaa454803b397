import fc from "fast-check";
import { expect, it } from "vitest";
import { SymbolTable } from "./symbol-table.ts";

const symbol = fc.stringMatching(/^[A-Z][A-Z0-9.-]{0,9}$/);

it("numbers symbols in order of appearance, each once", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(symbol, fc.constantFrom("A", "AA", "BRK.B", "ABCDEFGHI", "ABCDEFGHIJ"))),
      (symbols) => {
        const table = new SymbolTable();
        const numbers = symbols.map((name) => table.intern(name));
        const distinct = [...new Set(symbols)];
        expect(table.names).toEqual(distinct);
        expect(numbers).toEqual(symbols.map((name) => distinct.indexOf(name)));
      },
    ),
  );
});

it("grows with the symbols", () => {
  const table = new SymbolTable();
  const names = Array.from({ length: 20_000 }, (_, i) => `S${i}`);
  for (const pass of [1, 2])
    expect(
      names.map((name) => table.intern(name)),
      `pass ${pass}`,
    ).toEqual([...names.keys()]);
  expect(table.names).toEqual(names);
});
