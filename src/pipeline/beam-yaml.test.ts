import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { beamYaml, boundedYaml } from "./beam-yaml.ts";

const symbols = ["AAPL", "BRK.B"];
const pipeline = {
  feed: "markets/tech",
  symbols,
  window: { sizeMs: 300_000, periodMs: 1_000, offsetMs: 500, allowedLatenessMs: 60_000 },
  subscription: "projects/acme/subscriptions/tech-5m",
  windowsTopic: "projects/acme/topics/stockfeed-windows",
  deadLetterTopic: "projects/acme/topics/stockfeed-dead-letter",
};

interface Step {
  readonly type: string;
  readonly name: string;
  readonly input?: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly windowing?: unknown;
}

function steps(text: string): Map<string, Step> {
  const { pipeline } = parse(text) as { pipeline: { transforms: Step[] } };
  return new Map(pipeline.transforms.map((step) => [step.name, step]));
}

// What its Python computes is held to brute force in the conformance suite, on Python Beam.
describe("a pipeline in Beam YAML", () => {
  it("goes from the subscription to both topics, every step behind one that is there", () => {
    const all = steps(beamYaml(pipeline));
    expect(all.get("ReadQuotes")?.config).toMatchObject({
      subscription: pipeline.subscription,
      timestamp_attribute: "observed_at",
    });
    expect(all.get("WriteRows")?.config.topic).toBe(pipeline.windowsTopic);
    expect(all.get("WriteDeadLetters")?.config.topic).toBe(pipeline.deadLetterTopic);
    for (const { input } of all.values()) expect([...all.keys(), undefined]).toContain(input?.split(".")[0]);
  });

  it("computes the same from files as from Pub/Sub", () => {
    const files = { quotesFile: "quotes.ndjson", rowsDirectory: "rows", deadLettersDirectory: "letters" };
    const [streamed, bounded] = [steps(beamYaml(pipeline)), steps(boundedYaml({ ...pipeline, ...files }))];
    for (const name of ["Parse", "SlotTimes", "BySymbol", "Combine", "Ends", "DeadLetters"]) {
      expect(bounded.get(name)).toEqual(streamed.get(name));
    }
  });

  it("slides its windows by fractions of a second", () => {
    const windowing = { type: "sliding", size: "300s", period: "1s", offset: "0.5s" };
    expect(steps(beamYaml(pipeline)).get("Combine")?.windowing).toEqual(windowing);
  });

  it("has nothing in it that the template's preprocessor would take for its own", () => {
    expect(beamYaml(pipeline)).not.toMatch(/\{\{|\{%|\{#/);
  });

  it("takes a feed of 5,000 symbols in one line", () => {
    const many = Array.from({ length: 5_000 }, (_, i) => `SYMBOL${i}`);
    const text = beamYaml({ ...pipeline, symbols: many });
    expect(text.split("\n").filter((line) => line.includes("SYMBOL4999"))).toHaveLength(1);
    expect(text.length).toBeLessThan(100_000);
  });
});
