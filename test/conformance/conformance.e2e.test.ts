import { afterAll, describe, expect, it } from "vitest";
import { withoutPart } from "../missing-part.ts";
import { conform, groups } from "./conformance.ts";
import { contestants } from "./contestants.ts";

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
      const { line, differences } = await conform(late!, () => undefined);
      expect(differences).toEqual([]);
      expect(line).toContain("brute force = embedded = beam-prism, ");
    },
  );
});
