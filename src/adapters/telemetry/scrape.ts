import { setImmediate as nextTurn } from "node:timers/promises";
import type { Metric, Registry } from "prom-client";

/** Lines that are written in one turn of the event loop; some milliseconds. */
const LINES = 2_000;
/** Of a metric's text, before its lines: help and type. */
const HEAD = 2;

/**
 * The text of `/metrics`, as `registry.metrics()` gives it, but some thousand lines a turn of the event loop: the nineteen
 * series of each of ten thousand feeds take half a second to write, and reconciles and leases are not to stand still for
 * that. Metrics are read in the order in which they were made, not all at one moment.
 */
export async function scrape(registry: Registry): Promise<string> {
  const texts: string[] = [];
  for (const { name } of registry.getMetricsAsArray()) {
    const metric = registry.getSingleMetric(name);
    if (metric !== undefined) texts.push(await textOf(metric, registry));
    await nextTurn();
  }
  return `${texts.join("\n\n")}\n`;
}

async function textOf(metric: Metric, registry: Registry): Promise<string> {
  const { values, ...about } = await valuesOf(metric);
  const lines = await writtenBy(registry, { ...about, values: values.slice(0, LINES) });
  for (let from = LINES; from < values.length; from += LINES) {
    await nextTurn();
    const part = await writtenBy(registry, { ...about, values: values.slice(from, from + LINES) });
    for (const line of part.slice(HEAD)) lines.push(line);
  }
  return lines.join("\n");
}

/** A metric as the library's own writer asks for it, which its types leave out. */
interface Written {
  getForPromString?(): Promise<{ readonly values: readonly object[] }>;
}

async function valuesOf(metric: Metric): Promise<{ readonly values: readonly object[] }> {
  return (await (metric as Written).getForPromString?.()) ?? metric.get();
}

async function writtenBy(registry: Registry, values: object): Promise<string[]> {
  const writer = registry as unknown as { getMetricsAsString(metric: object): Promise<string> };
  return (await writer.getMetricsAsString({ get: () => Promise.resolve(values) })).split("\n");
}
