import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bruteForce, embedded } from "./answers.ts";
import { firstDifference } from "./compare.ts";
import { keyOf, winningRows } from "./rows.ts";
import { generatedSuite, lateSuite, tooLateSuite } from "./suite.ts";

describe("the suites", () => {
  it("have what makes engines differ: quotes that come twice, rivals, disorder, bad records, late ones, lost ones", () => {
    const generated = bruteForce(generatedSuite(1));
    expect(new Set(generated.refused)).toEqual(
      new Set(["Malformed", "InvalidPrice", "UnknownSymbol", "InvalidTime", "FutureTime"]),
    );
    const quotes = generatedSuite(1).events.flatMap((event) =>
      "message" in event && typeof event.message.is !== "string" ? [event.message.is] : [],
    );
    const slots = quotes.map(({ symbol, observedAt }) => `${symbol} ${observedAt}`);
    expect(new Set(slots).size).toBeLessThan(0.85 * slots.length);
    expect(new Set(quotes.map((quote) => JSON.stringify(quote))).size).toBeLessThan(0.95 * quotes.length);
    const late = bruteForce(lateSuite(1)).rows;
    const [held, heldOfTooLate] = [late, bruteForce(tooLateSuite(1)).rows].map((rows) =>
      [...winningRows(rows).values()].reduce((sum, row) => sum + Number(row.quote_count), 0),
    );
    expect(late.length).toBeGreaterThan(2 * winningRows(late).size);
    expect(heldOfTooLate).toBeLessThan(0.95 * held!);
  });

  it("find the embedded engine at one with brute force, whatever the seed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        for (const suite of [generatedSuite(seed), lateSuite(seed), tooLateSuite(seed)]) {
          expect(firstDifference("embedded", await embedded(suite), bruteForce(suite))).toBeUndefined();
        }
      }),
      { numRuns: 5 },
    );
  });
});

describe("the first difference", () => {
  const suite = lateSuite(2);
  const wanted = bruteForce(suite);
  const first = wanted.rows.find((row) => keyOf(row) === [...winningRows(wanted.rows).keys()].sort()[0])!;
  const others = wanted.rows.filter((row) => keyOf(row) !== keyOf(first));
  const difference = (rows: typeof wanted.rows, refused = wanted.refused) =>
    firstDifference("other", { rows, refused }, wanted);

  it("is none between an answer and itself, in any order and with partial rows that lose", () => {
    const partial = wanted.rows.map((row) => ({ ...row, quote_count: 0, first_price: "0.000001" }));
    expect(difference([...wanted.rows, ...partial].reverse())).toBeUndefined();
  });

  it("names a row that is lacking, or is there and should not be", () => {
    expect(difference(others)).toContain(`other has no row ${keyOf(first)}; brute force has {`);
    const more = { ...first, symbol: "ZZZ" };
    expect(difference([...wanted.rows, more])).toBe(`other has a row ${keyOf(more)}, and brute force none`);
  });

  it("names a figure that is off by more than a billionth", () => {
    const last = winningRows(wanted.rows).get(keyOf(first))!;
    const shifted = (by: number) =>
      difference([...others, { ...last, mean_price: String(Number(last.mean_price) + by) }]);
    expect(shifted(1e-10)).toBeUndefined();
    expect(shifted(1e-6)).toMatch(new RegExp(`^other has mean_price .* in ${keyOf(first)}, and brute force `));
  });

  it("names what is refused otherwise", () => {
    expect(difference(wanted.rows, [])).toContain("other refuses , and brute force ");
  });
});
