/**
 * How many minutely CronJobs the real controller-manager starts within 10 s of the minute: each of a number of them is to
 * have its Job by then. Their Pods wait for ever, since there is no node. Twice: with the requests a second that
 * kube-controller-manager keeps to unless it is told otherwise, and with as many as this machine can do.
 */
import { setTimeout as delay } from "node:timers/promises";
import { inLanes } from "../../src/lanes/in-lanes.ts";
import { startControlPlane } from "../../test/control-plane/control-plane.ts";
import { type AnyObject, KubeClient } from "../../test/kube-client.ts";
import { figure } from "../goal.ts";
import type { BenchResult } from "../result.ts";
import { follow } from "./follow.ts";

const CONTROLLERS = ["serviceaccount-controller", "cronjob-controller", "job-controller"];
const CRON_JOBS = "/apis/batch/v1/namespaces/default/cronjobs";
const JOBS = "/apis/batch/v1/namespaces/default/jobs";
const MINUTE_MS = 60_000;
const IN_TIME_SECONDS = 10;
/** How long after the minute Jobs are waited for. */
const PATIENCE_MS = 50_000;
/** CronJobs that are created a second, at least. */
const CREATED_A_SECOND = 100;

const MANAGERS = [
  { name: "by default (20 requests/s)", flags: ["--kube-api-qps=20", "--kube-api-burst=30"], sizes: [50, 100, 250] },
  {
    name: "at 500 requests/s",
    flags: ["--kube-api-qps=500", "--kube-api-burst=1000"],
    sizes: [250, 500, 1_000, 2_000],
  },
];

interface Job extends AnyObject {
  readonly metadata: AnyObject["metadata"] & { readonly creationTimestamp: string };
}

/** Measures with more and more CronJobs, until they are too many. */
export async function cronJobsBench({ short }: { readonly short: boolean }): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const { name, flags, sizes } of MANAGERS) {
    let most = 0;
    let rate = 0;
    for (const size of short ? [5] : sizes) {
      const inTime = await startedInTime(size, flags);
      console.error(`  ${inTime} of ${size} CronJobs started in time, ${name}`);
      rate = inTime / IN_TIME_SECONDS;
      if (inTime < size) break;
      most = size;
    }
    results.push(
      figure(
        `CronJobs a minute that all start within ${IN_TIME_SECONDS} s, controller-manager ${name}`,
        "CronJobs",
        most,
      ),
      figure(`CronJobs started in those ${IN_TIME_SECONDS} s, ${name}`, "1/s", rate),
    );
  }
  return results;
}

/** How many of so many CronJobs have their Job within 10 s of the minute, on a control plane of their own. */
async function startedInTime(size: number, managerFlags: readonly string[]): Promise<number> {
  const plane = await startControlPlane({ controllers: CONTROLLERS, controllerManagerFlags: managerFlags });
  const stopped = new AbortController();
  try {
    const client = new KubeClient(plane.kubeconfig);
    const creationMs = 3_000 + (size / CREATED_A_SECOND) * 1_000;
    if (MINUTE_MS - (Date.now() % MINUTE_MS) < creationMs) await untilMinute();
    await inLanes(
      Array.from({ length: size }, (_, i) => `cron-${i}`),
      16,
      async (name) => {
        await client.create(CRON_JOBS, cronJob(name));
      },
    );
    const jobs = new Map<string, number>();
    let broken: unknown;
    const options = { signal: stopped.signal, onError: (error: unknown) => (broken = error) };
    await follow<Job>(
      client,
      JOBS,
      (_, { metadata }) => {
        jobs.set(metadata.name, Date.parse(metadata.creationTimestamp));
      },
      options,
    );
    if (jobs.size > 0) throw new Error("The minute came before all CronJobs were there.");
    const minute = await untilMinute();
    // A Job's name ends in the minute that it is for.
    const isDue = (name: string) => name.endsWith(`-${minute / MINUTE_MS}`);
    const due = () => [...jobs].filter(([name]) => isDue(name));
    while (due().length < size && Date.now() < minute + PATIENCE_MS && broken === undefined) await delay(100);
    if (broken !== undefined) throw new Error("The watch of Jobs broke.", { cause: broken });
    if (due().length > size) throw new Error(`${size} CronJobs have ${due().length} Jobs for one minute.`);
    // Creation times are whole seconds, cut off.
    return due().filter(([, createdAt]) => createdAt - minute < IN_TIME_SECONDS * 1_000).length;
  } finally {
    stopped.abort();
    await plane.stop();
  }
}

/** Resolves when the next minute begins, with its time. */
async function untilMinute(): Promise<number> {
  const minute = Date.now() - (Date.now() % MINUTE_MS) + MINUTE_MS;
  await delay(minute - Date.now());
  return minute;
}

function cronJob(name: string): object {
  const container = { name: "poll", image: "registry.example.com/stockfeed:bench", args: ["poll"] };
  return {
    metadata: { name },
    spec: {
      schedule: "* * * * *",
      concurrencyPolicy: "Allow",
      startingDeadlineSeconds: 30,
      jobTemplate: { spec: { template: { spec: { restartPolicy: "Never", containers: [container] } } } },
    },
  };
}
