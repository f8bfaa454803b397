/**
 * How long a poller takes from its start to its end, and how much memory, in a Job whose slots are over: all that is paid
 * each minute beside polling. It runs as in an image, from `dist/`, which is built first. The rivals are the same poller
 * with the clients loaded that others of its kind use: Google's for Pub/Sub, and that of Kubernetes on top, which an
 * operator that reads its pollers' Pods makes unnecessary.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readReport, reportingTo } from "../test/start-report.ts";
import { heldTo } from "./goal.ts";
import type { BenchResult } from "./result.ts";
import { medianOf } from "./timing.ts";

const ROOT = join(import.meta.dirname, "..");
const PROGRAM = join(ROOT, "dist", "src", "main", "stockfeed.js");

const MANIFEST = {
  apiVersion: "stockfeed.dev/v1alpha1",
  kind: "StockFeed",
  metadata: { name: "bench", namespace: "bench" },
  spec: { symbols: ["AAPL", "MSFT"], provider: { type: "Simulated" }, pubsub: { projectId: "bench" } },
};

const CLIENTS = {
  "grpc-client": ["@google-cloud/pubsub"],
  "grpc-and-kubernetes-clients": ["@google-cloud/pubsub", "@kubernetes/client-node"],
} as const;

interface Run {
  readonly ms: number;
  /** Of the processor, which a busy machine spoils less. */
  readonly cpuMs: number;
  readonly megabytes: number;
  /** The termination message. */
  readonly message: string;
}

async function runPoller(loaded: readonly string[], directory: string): Promise<Run> {
  const log = join(directory, "termination-log");
  const report = join(directory, "report.json");
  const imports = [reportingTo(report), ...loaded.map((url) => `--import=${url}`)];
  const before = performance.now();
  const child = spawn(process.execPath, [...imports, PROGRAM, "poll"], {
    cwd: ROOT,
    stdio: "ignore",
    env: {
      PATH: process.env.PATH,
      STOCKFEED_MANIFEST: JSON.stringify(MANIFEST),
      STOCKFEED_TERMINATION_LOG: log,
      STOCKFEED_JOB_NAME: `bench-poll-${Math.floor(Date.now() / 60_000) - 5}`,
      PUBSUB_EMULATOR_HOST: "127.0.0.1:9",
    },
  });
  const [code] = (await once(child, "exit")) as [number | null];
  const ms = performance.now() - before;
  if (code !== 0) throw new Error(`The poller ended with ${String(code)}.`);
  const { cpuMicros, peakBytes } = await readReport(report);
  return { ms, cpuMs: cpuMicros / 1000, megabytes: peakBytes / 1e6, message: await readFile(log, "utf8") };
}

/** Time and memory of a poller's start, medians of `runs`, in turns with its rivals. */
export async function pollerStartBench({ runs }: { readonly runs: number }): Promise<BenchResult[]> {
  const built = spawnSync(process.execPath, [join(ROOT, "scripts", "build.ts")], { stdio: "inherit" });
  if (built.status !== 0) throw new Error("dist/ could not be built.");
  const directory = await mkdtemp(join(tmpdir(), "stockfeed-bench-"));
  const contestants = [["stockfeed", []], ...Object.entries(CLIENTS)] as const;
  const found = new Map<string, Run[]>(contestants.map(([name]) => [name, []]));
  try {
    for (let turn = 0; turn < runs; turn++) {
      for (const [name, loaded] of contestants) found.get(name)?.push(await runPoller(loaded, directory));
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  const messages = new Set([...found.values()].flat().map(({ message }) => message));
  if (messages.size !== 1) throw new Error(`The pollers did not do the same: ${[...messages].join(" ")}`);

  const result = (name: string, unit: string, measure: (run: Run) => number): BenchResult => {
    const median = (contestant: string) => medianOf((found.get(contestant) ?? []).map(measure));
    const value = median("stockfeed");
    const rivals = Object.keys(CLIENTS).map((rival) => ({
      name: rival,
      value: median(rival),
      ratio: median(rival) / value,
    }));
    return { name, unit, value, rivals };
  };
  return [
    heldTo(
      result("poller-start", "ms", ({ ms }) => ms),
      { value: 300, better: "less" },
    ),
    result("poller-start-cpu", "ms", ({ cpuMs }) => cpuMs),
    heldTo(
      result("poller-memory", "MB", ({ megabytes }) => megabytes),
      { value: 80, better: "less" },
    ),
  ];
}
