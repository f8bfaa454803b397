/**
 * Runs the benchmarks and prints their figures: medians, and ratios to rivals measured in the same run.
 * Every suite first asserts that all contestants give equal outputs, and fails where they don't.
 */
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { beamBench } from "./beam/beam.ts";
import { closeBench, engineBench, shapeBench } from "./engine.ts";
import { fileToRowsBench } from "./file-to-rows.ts";
import { verdictOn } from "./goal.ts";
import { jitterBench } from "./jitter.ts";
import { cronJobsBench } from "./operator/cron-jobs.ts";
import { operatorBench } from "./operator/operator.ts";
import { pollerStartBench } from "./poller-start.ts";
import type { BenchResult } from "./result.ts";
import { streamPodBench } from "./stream-pod.ts";
import { replaceTable, table } from "./table.ts";

const USAGE = `Usage: npm run bench -- [SUITE...] [--short] [--json FILE] [--docs]

Suites: engine, shape, file, close, poller-start, jitter; all of them by default.
By name alone, since they need heavy parts and take long: beam (in a short run always, without them), stream, which
starts the Pub/Sub emulator, and operator and cronjobs, which start a Kubernetes control plane.
A figure with a goal says whether it was met, and a run that misses one ends with exit code 1.
  --short      less work, in a minute: checks the outputs, its figures are rough; fails only for a goal that holds on any
               machine, such as that nothing is written
  --feeds N    how many feeds the operator has; 1,000, or 30 in a short run
  --json FILE  write {"results": [{name, unit, value, rivals: [{name, value, ratio}], goal?: {value, better, met}}]}
  --docs       put the table into README.md`;

const README = new URL("../README.md", import.meta.url);

type Suite = (options: { short: boolean; feeds?: number }) => Promise<BenchResult[]> | BenchResult[];

const SUITES: Readonly<Record<string, Suite>> = {
  engine: engineBench,
  shape: shapeBench,
  file: fileToRowsBench,
  close: closeBench,
  "poller-start": ({ short }) => pollerStartBench({ runs: short ? 3 : 15 }),
  jitter: ({ short }) => jitterBench({ slots: short ? 5 : 20 }),
  beam: beamBench,
  stream: streamPodBench,
  operator: operatorBench,
  cronjobs: cronJobsBench,
};
const BY_NAME_ALONE = ["beam", "stream", "operator", "cronjobs"];
/** Of these, what a short run has all the same: it takes seconds there. */
const LIGHT_WHEN_SHORT = ["beam"];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      short: { type: "boolean", default: false },
      feeds: { type: "string" },
      json: { type: "string" },
      docs: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const isLight = (name: string) => !BY_NAME_ALONE.includes(name) || (values.short && LIGHT_WHEN_SHORT.includes(name));
  const all = Object.keys(SUITES).filter(isLight);
  const names = positionals.length > 0 ? positionals : all;
  const feeds = values.feeds === undefined ? undefined : Number(values.feeds);
  if (feeds !== undefined && !(Number.isInteger(feeds) && feeds > 0)) {
    throw new Error(`--feeds ${values.feeds} is no number of feeds. Write one such as 1000.`);
  }
  const results: BenchResult[] = [];
  for (const name of names) {
    const suite = SUITES[name];
    if (suite === undefined) throw new Error(`"${name}" is no suite.\n${USAGE}`);
    console.error(`${name} …`);
    results.push(...(await suite({ short: values.short, ...(feeds !== undefined && { feeds }) })));
  }
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const text = `${table(results)}\nMedians on one core of ${model}, Node ${process.versions.node}.`;
  console.log(text);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ results }, null, 2)}\n`);
  if (values.docs) await writeFile(README, replaceTable(await readFile(README, "utf8"), text));
  const verdict = verdictOn(results, { short: values.short });
  if (verdict.line !== undefined) console.log(`\n${verdict.line}`);
  if (verdict.failed) process.exitCode = 1;
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
