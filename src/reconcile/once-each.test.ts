import { expect, it } from "vitest";
import { feedObject } from "../../test/reconcile-world.ts";
import { onceEach } from "./once-each.ts";

it("makes of an object once, of a newer one of its name anew, and of each its own", () => {
  const asked: string[] = [];
  const specOf = onceEach(({ metadata, spec }) => {
    asked.push(metadata.name);
    return spec;
  });
  const [older, newer] = [feedObject({ spec: { suspend: true } }), feedObject({ spec: { suspend: false } })];
  expect([older, newer, older, newer].map(specOf)).toEqual([older.spec, newer.spec, older.spec, newer.spec]);
  expect(asked).toHaveLength(2);
});

it("remembers that there is nothing to remember", () => {
  let asked = 0;
  const nothing = onceEach((): string | undefined => {
    asked++;
    return undefined;
  });
  const feed = feedObject();
  expect([nothing(feed), nothing(feed)]).toEqual([undefined, undefined]);
  expect(asked).toBe(1);
});
