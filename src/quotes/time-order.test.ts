import fc from "fast-check";
import { expect, it } from "vitest";
import { orderByTime } from "./time-order.ts";

it("orders times ascending, equal ones as they came", () => {
  const time = fc.oneof(fc.nat({ max: 5 }), fc.nat(), fc.integer({ min: 0, max: 4_000_000_000_000 }));
  fc.assert(
    fc.property(fc.array(time), (times) => {
      const expected = Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || a - b);
      expect(Array.from(orderByTime(Float64Array.from(times)))).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
