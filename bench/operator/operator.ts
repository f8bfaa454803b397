/**
 * How far the operator scales: a real API server, the built operator as its own process, hollow workloads, and a Google
 * Cloud of 50 ms. What they take of the processor they take from each other here, as they would not on a cluster.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { BenchResult } from "../result.ts";
import { cronJobsBench } from "./cron-jobs.ts";
import { applyAll, failover, noOps, restart, steadyState } from "./phases.ts";
import { World } from "./world.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FULL = { feeds: 1_000, steadySeconds: 300, periodSeconds: 60, noOpSeconds: 10 };
const SHORT = { feeds: 30, steadySeconds: 12, periodSeconds: 4, noOpSeconds: 2 };

export interface OperatorBenchOptions {
  readonly short: boolean;
  /** How many feeds; a thousand, or thirty in a short run, where it is not given. */
  readonly feeds?: number;
}

/** All of it, and in a full run the limit of CronJobs too; takes some twenty minutes, a short run one. */
export async function operatorBench({ short, feeds }: OperatorBenchOptions): Promise<BenchResult[]> {
  const size = short ? SHORT : FULL;
  const count = feeds ?? size.feeds;
  build();
  const world = await World.start(count);
  const results: BenchResult[] = [];
  const say = (phase: BenchResult[]) => {
    for (const { name, value, unit, goal } of phase) {
      console.error(`  ${name}: ${Number(value.toPrecision(3))} ${unit}${goal?.met === false ? ", goal MISSED" : ""}`);
    }
    results.push(...phase);
  };
  try {
    const operator = world.startOperator();
    say(await applyAll(world, operator, count));
    const { steadySeconds: seconds, periodSeconds } = size;
    say(await steadyState(world, operator, { seconds, periodSeconds }));
    await world.endOperator(operator);
    say(await restart(world));
    say(await noOps(world, size.noOpSeconds));
    say(await failover(world));
  } finally {
    await world.stop();
  }
  if (!short) results.push(...(await cronJobsBench({ short })));
  return results;
}

/** What is measured is what would be shipped. */
function build(): void {
  const { status } = spawnSync(process.execPath, ["scripts/build.ts"], { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) throw new Error("The program can't be built.");
}
