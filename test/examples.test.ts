import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseManifests } from "../src/api/parse.ts";
import { formatProblem } from "../src/api/problem.ts";
import { PROVIDER_TYPES } from "../src/api/provider-spec.ts";
import { planFeeds } from "../src/plan/plan.ts";

const folder = join(import.meta.dirname, "..", "examples");
const texts = readdirSync(folder)
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => ({ source: `examples/${file}`, text: readFileSync(join(folder, file), "utf8") }));
const feedsOf = (some: typeof texts) => {
  const result = parseManifests(some);
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.feeds;
};

describe("the examples", () => {
  it.each(texts)("$source is valid, and fits its provider's free plan", (text) => {
    const feeds = feedsOf([text]);
    expect(feeds).toHaveLength(1);
    expect(planFeeds(feeds).quotas.flatMap(({ warning }) => warning ?? [])).toEqual([]);
  });

  it("can all be applied at once, and show every provider and both engines", () => {
    const feeds = feedsOf(texts);
    const types = new Set(feeds.map(({ spec }) => spec.provider.type));
    expect(types).toEqual(new Set(PROVIDER_TYPES));
    expect(new Set(feeds.map(({ spec }) => spec.engine))).toEqual(new Set(["Embedded", "Dataflow"]));
  });
});
