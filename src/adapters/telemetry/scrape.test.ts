import { Counter, Gauge, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { scrape } from "./scrape.ts";

function registryOfTwo(onRead: (name: string) => void = () => undefined): Registry {
  const registry = new Registry();
  const read = (name: string) => () => {
    onRead(name);
  };
  new Counter({
    name: "stockfeed_a_total",
    help: "A",
    labelNames: ["feed"],
    registers: [registry],
    collect: read("a"),
  }).inc({ feed: 'markets/"tech"\n' }, 3);
  new Gauge({ name: "stockfeed_b", help: "B\\", registers: [registry], collect: read("b") }).set(0.5);
  return registry;
}

describe("a scrape", () => {
  it("is the text that the library makes of all metrics at once", async () => {
    const registry = registryOfTwo();
    expect(await scrape(registry)).toBe(await registry.metrics());
  });

  it("lets others have a turn between two metrics", async () => {
    const seen: string[] = [];
    const registry = registryOfTwo((name) => {
      seen.push(name);
      setImmediate(() => seen.push("another"));
    });
    await scrape(registry);
    expect(seen).toEqual(["a", "another", "b", "another"]);
  });
});
