/** What is measured of a running operator, each from the outside: the world's clock, the server's audit log, the process. */
import { setTimeout as delay } from "node:timers/promises";
import { inLanes } from "../../src/lanes/in-lanes.ts";
import { figure, heldTo } from "../goal.ts";
import type { BenchResult } from "../result.ts";
import { readsIn, summaryOf, writesIn } from "./audit-log.ts";
import { benchFeeds, type BenchFeed, lateFeeds } from "./bench-feeds.ts";
import { assertExactlyOnce } from "./exactly-once.ts";
import { SLOTS_A_POLLER } from "./hollow-workloads.ts";
import { type MetricsText, quantileBetween } from "./metrics-text.ts";
import type { OperatorProcess } from "./operator-process.ts";
import type { World } from "./world.ts";

const RECONCILES = "stockfeed_reconcile_duration_seconds";
const LOOP_DELAY = "nodejs_eventloop_lag_p99_seconds";
const PATIENCE_MS = 15 * 60_000;
/** How long nothing may be written before it counts as settled. */
const QUIET_MS = 3_000;
/** The goals: of a thousand feeds, and of ten thousand. */
const SMALL = { feeds: 1_000, readySeconds: 60, memoryMib: 200 };
const LARGE = { feeds: 10_000, readySeconds: 600, memoryMib: 600 };
const LATE_FEEDS = 20;

/** Applies all feeds at once to an operator that runs, until all are Ready. */
export async function applyAll(world: World, operator: OperatorProcess, count: number): Promise<BenchResult[]> {
  await operator.said("the caches are whole");
  await operator.metrics(); // the loop's delay counts from here
  const start = performance.now();
  await world.create(benchFeeds(count));
  await until(world, "every feed is Ready", () => world.unready() === 0);
  const seconds = (performance.now() - start) / 1000;
  const after = await operator.metrics();
  assertExactlyOnce(world);
  const { readySeconds } = goalOf(count);
  return [
    heldTo(figure(`${count} feeds applied → Ready`, "s", seconds), { value: readySeconds, better: "less" }),
    heldTo(figure("feeds made Ready", "feeds/s", count / seconds), { value: 1000 / 60, better: "more" }),
    loopDelay("while feeds are made", after),
  ];
}

/** Pollers end each period, and nothing else happens: what the operator asks for then, and what it holds. */
export async function steadyState(
  world: World,
  operator: OperatorProcess,
  { seconds, periodSeconds }: { readonly seconds: number; readonly periodSeconds: number },
): Promise<BenchResult[]> {
  // The first summaries are news of every feed's market; from then on pollers tell the same again and again.
  for (let i = 0; i < 2; i++) await world.hollow.period();
  await untilQuiet(world);
  const before = { metrics: await operator.metrics(), finished: world.hollow.finishedPollers };
  const lists = listCalls(world);
  const start = performance.now();
  // With very many feeds a period takes longer than it should, and the next begins as soon as it can.
  for (let at = 0; at < seconds; at = Math.max(at + periodSeconds, (performance.now() - start) / 1000)) {
    await delay(Math.max(0, start + at * 1000 - performance.now()));
    await world.hollow.period();
  }
  await delay(Math.max(0, start + seconds * 1000 - performance.now()));
  const after = await operator.metrics();
  const requests = await world.audit.read();
  const [writes, reads] = [writesIn(requests), readsIn(requests)];
  if (writes.length + reads.length > 0) console.error(`  steady: ${summaryOf([...writes, ...reads])}`);
  assertCounted(before.metrics, after, world.hollow.finishedPollers - before.finished);
  assertExactlyOnce(world);
  const { memoryMib } = goalOf(world.wanted.length);
  const { now, peak } = operator.memory();
  const minutes = `${seconds} s with pollers ending`;
  const none = { value: 0, better: "less", anywhere: true } as const;
  return [
    heldTo(figure(`writes in ${minutes}`, "requests", writes.length), none),
    heldTo(figure(`GETs in ${minutes}`, "requests", reads.length), none),
    figure(`calls of Pub/Sub in ${minutes}`, "calls", listCalls(world) - lists),
    loopDelay("while pollers end", after),
    heldTo(figure("memory, steady", "MiB", now), { value: memoryMib, better: "less" }),
    heldTo(figure("memory at its peak", "MiB", peak), { value: memoryMib, better: "less" }),
  ];
}

/** The operator starts anew among all feeds, while new ones come; those from before it leads count from when it does. */
export async function restart(world: World): Promise<BenchResult[]> {
  const created = new Map<BenchFeed, number>();
  const createEach = async (feeds: readonly BenchFeed[]) => {
    for (const feed of feeds) {
      created.set(feed, performance.now());
      await world.create([feed]);
    }
  };
  const feeds = lateFeeds(LATE_FEEDS, "restart");
  const operator = world.startOperator();
  await operator.said("leads");
  await createEach(feeds.slice(0, LATE_FEEDS / 2));
  const leads = await operator.said("the caches are whole");
  await createEach(feeds.slice(LATE_FEEDS / 2));
  await until(world, "new feeds have children", () => feeds.every(({ key }) => world.hollow.firstChildAt(key)));
  const waits = feeds.map((feed) => {
    const seen = world.hollow.firstChildAt(feed.key) ?? NaN;
    return (seen - Math.max(created.get(feed) ?? NaN, leads)) / 1000;
  });
  await until(world, "every feed is Ready", () => world.unready() === 0);
  await untilQuiet(world);
  assertExactlyOnce(world);
  const { peak } = operator.memory();
  await world.endOperator(operator);
  const { memoryMib } = goalOf(world.wanted.length);
  return [
    figure("restart → caches whole", "s", (leads - operator.startedAt) / 1000),
    heldTo(
      figure("new feed in a restart, once the caches are whole → first child, p99", "s", nearestRank(waits, 0.99)),
      {
        value: 2,
        better: "less",
      },
    ),
    heldTo(figure("memory at its peak, restart", "MiB", peak), { value: memoryMib, better: "less" }),
  ];
}

/**
 * One worker, and more to look at than it can: first every feed after a start, then feeds whose Secret changes again and
 * again, so that the queue is never empty.
 */
export async function noOps(world: World, seconds: number): Promise<BenchResult[]> {
  const operator = world.startOperator("--concurrency", "1");
  const whole = await operator.said("the caches are whole");
  const all = world.wanted.length;
  let now = await operator.metrics();
  const hadATurn = async () => {
    now = await operator.metrics();
    return now.sum(`${RECONCILES}_count`) >= all;
  };
  // Seldom: the metrics of ten thousand feeds are 6 MB, and who makes them all the time reconciles nothing.
  await operator.until("every feed has had a turn", hadATurn, 1_000);
  const cold = all / ((performance.now() - whole) / 1000);
  await untilQuiet(world);

  await world.audit.read();
  const before = await operator.metrics();
  const start = performance.now();
  let [looks, idle] = [0, 0];
  await whileWaking(world, async () => {
    while (performance.now() - start < seconds * 1000) {
      await delay(1_000);
      looks++;
      if ((await operator.metrics()).value("stockfeed_workqueue_depth") === 0) idle++;
    }
  });
  const after = await operator.metrics();
  const elapsed = (performance.now() - start) / 1000;
  const requests = await world.audit.read();
  if (writesIn(requests).length > 0) throw new Error(`No no-ops: ${summaryOf(writesIn(requests))}`);
  if (idle > 0) console.error(`  no-ops: the queue was empty in ${idle} of ${looks} looks; the worker can do more`);
  await world.endOperator(operator);
  const done = after.sum(`${RECONCILES}_count`) - before.sum(`${RECONCILES}_count`);
  const p99 = quantileBetween(before, after, RECONCILES, 0.99) * 1000;
  return [
    figure("first reconciles after a start, one worker", "1/s", cold),
    heldTo(figure("no-op reconciles, one worker", "1/s", done / elapsed), { value: 230, better: "more" }),
    heldTo(figure("no-op reconcile, p99", "ms", p99), { value: 10, better: "less" }),
  ];
}

/** Of two operators the leader is killed; a feed that is created then waits for the other. */
export async function failover(world: World): Promise<BenchResult[]> {
  const leader = world.startOperator();
  await leader.said("the caches are whole");
  const standby = world.startOperator();
  await standby.ready();
  await assertOneLeads([leader, standby]);
  const feeds = lateFeeds(1, "failover");
  const start = performance.now();
  await world.endOperator(leader, "SIGKILL");
  await world.create(feeds);
  await until(world, "the new feed has a child", () => feeds.every(({ key }) => world.hollow.firstChildAt(key)));
  const seconds = ((world.hollow.firstChildAt(feeds[0]?.key ?? "") ?? NaN) - start) / 1000;
  await until(world, "every feed is Ready", () => world.unready() === 0);
  assertExactlyOnce(world);
  await assertOneLeads([standby]);
  await world.endOperator(standby);
  return [heldTo(figure("leader killed → a new feed's first child", "s", seconds), { value: 20, better: "less" })];
}

/** Of operators that run, the first leads and no other. */
async function assertOneLeads(operators: readonly OperatorProcess[]): Promise<void> {
  const leading = await Promise.all(operators.map(async (each) => (await each.metrics()).value("stockfeed_leader")));
  if (leading.every((value, i) => value === (i === 0 ? 1 : 0))) return;
  throw new Error(`Of the operators the first alone should lead; by their metrics: ${leading.join(", ")}.`);
}

/** Changes the feeds' Secrets in turn while work goes on: a key comes or goes, which wakes all who share the Secret. */
async function whileWaking({ client, secrets }: World, work: () => Promise<void>): Promise<void> {
  let going = true;
  const wake = async () => {
    for (let round = 0; going; round++) {
      await inLanes(secrets, 2, async (path) => {
        await client.patch(path, { data: { extra: round % 2 === 0 ? "" : null } });
      });
    }
  };
  const stop = () => {
    going = false;
  };
  await Promise.all([wake(), work().finally(stop)]);
}

/** Every poller that ended is in the operator's counters, once. */
function assertCounted(before: MetricsText, after: MetricsText, pollers: number): void {
  const name = "stockfeed_slots_polled_total";
  const counted = after.sum(name) - before.sum(name);
  if (counted === pollers * SLOTS_A_POLLER) return;
  throw new Error(`${pollers} pollers polled ${pollers * SLOTS_A_POLLER} slots, but ${counted} were counted.`);
}

function listCalls({ pubsub }: World): number {
  return [...pubsub.calls.values()].reduce((sum, calls) => sum + calls, 0);
}

/** The loop's timer fires each 10 ms at best, which is part of the figure. */
function loopDelay(when: string, metrics: MetricsText): BenchResult {
  const ms = metrics.value(LOOP_DELAY) * 1000;
  return heldTo(figure(`event loop delay ${when}, p99`, "ms", ms), { value: 50, better: "less" });
}

function goalOf(feeds: number) {
  return feeds <= SMALL.feeds + 2 * LATE_FEEDS ? SMALL : LARGE;
}

function nearestRank(values: readonly number[], quantile: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(quantile * sorted.length) - 1] ?? NaN;
}

/** Waits until the operator has written nothing for a while, its events included. */
async function untilQuiet(world: World): Promise<void> {
  let quietSince = performance.now();
  await until(world, "the operator has nothing to write", async () => {
    if (writesIn(await world.audit.read()).length > 0) quietSince = performance.now();
    return performance.now() - quietSince >= QUIET_MS;
  });
}

async function until(world: World, what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const start = performance.now();
  while (!(await holds())) {
    await world.whole();
    if (performance.now() - start > PATIENCE_MS) throw new Error(`It took too long until ${what}.`);
    await delay(20);
  }
}
