import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wins } from "./quote.ts";

const claim = fc.record({ providerTime: fc.integer({ min: 0, max: 3 }), price: fc.integer({ min: 1, max: 4 }) });
interface Claim {
  readonly providerTime: number;
  readonly price: number;
}

/** The winner when quotes arrive in this order. */
const winner = (claims: readonly Claim[]) => claims.reduce((best, next) => (wins(next, best) ? next : best));

describe("the winner of a slot", () => {
  it("is the newest by the provider's time, and among those the dearest", () => {
    expect(wins({ providerTime: 2, price: 1 }, { providerTime: 1, price: 9 })).toBe(true);
    expect(wins({ providerTime: 1, price: 9 }, { providerTime: 2, price: 1 })).toBe(false);
    expect(wins({ providerTime: 1, price: 2 }, { providerTime: 1, price: 1 })).toBe(true);
    expect(wins({ providerTime: 1, price: 1 }, { providerTime: 1, price: 2 })).toBe(false);
  });

  it("is not replaced by its equal", () => {
    expect(wins({ providerTime: 1, price: 1 }, { providerTime: 1, price: 1 })).toBe(false);
  });

  it("is the same in any order of arrival, and the same as by sorting", () => {
    const arrivals = fc
      .array(claim, { minLength: 1, maxLength: 6 })
      .chain((claims) => fc.tuple(fc.constant(claims), fc.shuffledSubarray(claims, { minLength: claims.length })));
    fc.assert(
      fc.property(arrivals, ([claims, shuffled]) => {
        const sorted = claims.toSorted((a, b) => b.providerTime - a.providerTime || b.price - a.price);
        expect(winner(claims)).toEqual(sorted[0]);
        expect(winner(shuffled)).toEqual(sorted[0]);
      }),
    );
  });
});
