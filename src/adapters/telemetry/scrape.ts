import { setImmediate as nextTurn } from "node:timers/promises";
import type { Registry } from "prom-client";

/**
 * The text of `/metrics`, as `registry.metrics()` gives it, but a metric a turn of the event loop: the nineteen series of
 * each of ten thousand feeds take 0.4 s to write, and reconciles and leases are not to stand still for that. Metrics are
 * read in the order in which they were made, not all at one moment.
 */
export async function scrape(registry: Registry): Promise<string> {
  const texts: string[] = [];
  for (const { name } of registry.getMetricsAsArray()) {
    texts.push(await registry.getSingleMetricAsString(name));
    await nextTurn();
  }
  return `${texts.join("\n\n")}\n`;
}
