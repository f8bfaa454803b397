import fc from "fast-check";
import { expect, it } from "vitest";
import { TurnOrder } from "./turn-order.ts";

const idsOf = (order: TurnOrder, ids: readonly string[]) => order.of(ids, (id) => id);

it("who had no turn comes first, then whose last one was longest ago, and the forgotten are as new", () => {
  const order = new TurnOrder();
  for (const id of ["a", "b", "c", "a"]) order.note(id);
  expect(idsOf(order, ["a", "b", "c", "d", "e"])).toEqual(["d", "e", "b", "c", "a"]);
  order.forget("b");
  expect(idsOf(order, ["a", "b", "c"])).toEqual(["b", "c", "a"]);
  order.keep(new Set(["c"]));
  expect(idsOf(order, ["c", "a", "b"])).toEqual(["a", "b", "c"]);
});

it("however few have a turn at a time, and whoever comes and goes, nobody who stays waits for more than all others once", () => {
  const turns = fc.array(
    fc.record({ there: fc.uniqueArray(fc.nat({ max: 30 })), most: fc.integer({ min: 1, max: 8 }) }),
  );
  fc.assert(
    fc.property(turns, (all) => {
      const order = new TurnOrder();
      const waited = new Map<string, Set<string>>();
      for (const { there, most } of all) {
        const ids = there.map(String);
        const asked = idsOf(order, [...ids, "always"]).slice(0, most);
        for (const id of asked) {
          order.note(id);
          // Of those that went ahead none did so twice.
          const ahead = waited.get("always") ?? new Set();
          expect(id !== "always" && ahead.has(id)).toBe(false);
          waited.set("always", id === "always" ? new Set() : ahead.add(id));
        }
      }
    }),
  );
});
