import { afterAll, describe, expect, it } from "vitest";
import { withoutPart } from "../missing-part.ts";
import { bruteForce } from "./answers.ts";
import { conform, groups } from "./conformance.ts";
import { contestants } from "./contestants.ts";
import { comparable, keyOf, type Row } from "./rows.ts";

const all = await contestants();
afterAll(async () => all.stop());
const [inTime, late] = await groups(all, 1);

describe("every engine", () => {
  const missing = all.bounded.find(({ missing }) => missing !== undefined)?.missing;

  it.skipIf(withoutPart(missing))(
    "gives the rows of brute force for the same quotes",
    { timeout: 900_000 },
    async () => {
      const { line, differences } = await conform(inTime!, () => undefined);
      expect(differences).toEqual([]);
      expect(line).toMatch(
        /^conformance: brute force = embedded = beam-direct = beam-prism = beam-yaml, [0-9,]+ rows$/,
      );
    },
  );

  it.skipIf(withoutPart(late!.contestants.find(({ missing }) => missing !== undefined)?.missing))(
    "that has a watermark of its own gives them for quotes that come late as well",
    { timeout: 200_000 },
    async () => {
      const { line, differences, answers } = await conform(late!, () => undefined);
      expect(differences).toEqual([]);
      expect(line).toContain("brute force = embedded = beam-prism, ");

      // The winners alone would be the same if every row had waited for all quotes.
      const { suite, answer } = answers.find(({ engine }) => engine === "beam-prism")!;
      const [written, wanted] = [answer.rows, bruteForce(suite).rows].map(byKey);
      for (const [key, rows] of wanted!) {
        const [first, ...more] = rows;
        expect(written!.get(key), key).toContainEqual(first);
        if (more.length > 0) expect(written!.get(key)!.length, key).toBeGreaterThan(1);
        // A late row that had the late quotes alone would be none of these.
        expect(rows, key).toEqual(expect.arrayContaining(written!.get(key)!));
      }
    },
  );
});

/** Each window's rows, those that lose too, without what may differ. */
function byKey(rows: readonly Row[]): Map<string, Row[]> {
  const byKey = new Map<string, Row[]>();
  for (const row of rows) byKey.set(keyOf(row), [...(byKey.get(keyOf(row)) ?? []), comparable(row)]);
  return byKey;
}
