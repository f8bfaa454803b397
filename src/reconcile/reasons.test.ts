import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");

it("every reason of a condition or an event is explained in the specification", () => {
  const sources = globSync("src/reconcile/**/*.ts", { cwd: root }).filter((file) => !file.endsWith(".test.ts"));
  const reasons = sources.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    return [
      ...text.matchAll(/(?:reason: |reason ?? |stalled\(|waiting\(|passing\()"([A-Z][a-z]+(?:[A-Z][a-z]+)*)"/g),
    ].map(([, reason]) => reason ?? "");
  });
  const page = readFileSync(join(root, "docs/spec/stockfeed.md"), "utf8");
  const known = new Set([...page.matchAll(/`([A-Z][A-Za-z]+)`/g)].map(([, word]) => word));
  const others = ["True", "False", "Unknown", "Normal", "Warning"]; // statuses and types
  expect(new Set(reasons).size).toBeGreaterThan(25);
  expect([...new Set(reasons)].filter((reason) => !known.has(reason) && !others.includes(reason))).toEqual([]);
});
