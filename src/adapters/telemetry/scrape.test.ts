import { Counter, Gauge, Histogram, Registry } from "prom-client";
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

  it("lets others have a turn amid a metric of many series, and writes all of it", async () => {
    const registry = new Registry();
    const shared = { help: "C", labelNames: ["feed"], registers: [registry] };
    const gauge = new Gauge({ ...shared, name: "stockfeed_c" });
    const histogram = new Histogram({ ...shared, name: "stockfeed_d_seconds", buckets: [1, 2] });
    for (let i = 0; i < 4_001; i++) gauge.set({ feed: `markets/${i}` }, i);
    for (let i = 0; i < 1_001; i++) histogram.observe({ feed: `markets/${i}` }, 1.5);
    let turns = 0;
    let ended = false;
    const count = () => {
      turns++;
      if (!ended) setImmediate(count);
    };
    setImmediate(count);
    const text = await scrape(registry);
    ended = true;
    expect(text).toBe(await registry.metrics());
    // Three parts of each, and the end of each.
    expect(turns).toBeGreaterThanOrEqual(6);
  });
});
