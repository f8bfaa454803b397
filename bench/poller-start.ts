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
import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";
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

/**
 * Tells what the process used in all, on its fourth file. Its peak in memory comes from Linux's books of the process where
 * they are there: in `maxRSS` Linux counts what the process was before it became this program, so the bench's own memory.
 */
const REPORT = `import { readFileSync, writeSync } from "node:fs";
process.on("exit", () => {
  const used = process.resourceUsage();
  let peak = used.maxRSS;
  try {
    peak = Number(/^VmHWM:\\s*(\\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
  } catch {}
  writeSync(3, JSON.stringify({ ...used, maxRSS: peak }));
});`;

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
  const imports = [`data:text/javascript,${encodeURIComponent(REPORT)}`, ...loaded].map((url) => `--import=${url}`);
  const before = performance.now();
  const child = spawn(process.execPath, [...imports, PROGRAM, "poll"], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    env: {
      PATH: process.env.PATH,
      STOCKFEED_MANIFEST: JSON.stringify(MANIFEST),
      STOCKFEED_TERMINATION_LOG: log,
      STOCKFEED_JOB_NAME: `bench-poll-${Math.floor(Date.now() / 60_000) - 5}`,
      PUBSUB_EMULATOR_HOST: "127.0.0.1:9",
    },
  });
  const ended = once(child, "exit");
  const used = JSON.parse(await text(child.stdio[3] as Readable)) as NodeJS.ResourceUsage;
  const [code] = (await ended) as [number | null];
  const ms = performance.now() - before;
  if (code !== 0) throw new Error(`The poller ended with ${String(code)}.`);
  return {
    ms,
    cpuMs: (used.userCPUTime + used.systemCPUTime) / 1000,
    megabytes: (used.maxRSS * 1024) / 1e6,
    message: await readFile(log, "utf8"),
  };
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
