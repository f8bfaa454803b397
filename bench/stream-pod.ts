/**
 * How much one `stockfeed stream` takes, from the Pub/Sub emulator into a stand-in for BigQuery: a backlog of quotes lies on
 * the topic as it starts. The emulator hands out some thousand messages a second and no more, so what the program could do
 * besides is told by the processor time that it took.
 */
import { setTimeout as delay } from "node:timers/promises";
import { adminCalls } from "../src/adapters/pubsub/admin-calls.ts";
import { pubsubClient } from "../src/adapters/pubsub/clients.ts";
import { pubsubMessaging } from "../src/adapters/pubsub/messaging.ts";
import type { StockFeed } from "../src/api/stockfeed.ts";
import { PROJECT_NAMES, pubsubName } from "../src/plan/names.ts";
import { Places } from "../src/quotes/place.ts";
import { sessionOf } from "../src/quotes/session.ts";
import { encodeQuote } from "../src/quotes/wire.ts";
import { RowTable } from "../test/fakes/row-table.ts";
import { feedWith, symbols } from "../test/feed.ts";
import { type PubsubEmulator, pubsubEmulatorMissing, startPubsubEmulator } from "../test/pubsub-emulator.ts";
import { freePort } from "../test/server-process.ts";
import { StockfeedProcess } from "../test/stockfeed-process.ts";
import { MetricsText } from "./operator/metrics-text.ts";
import type { BenchResult } from "./result.ts";

const PROJECT = "bench-stream";
const INTERVAL_MS = 10_000;
const SLOTS = 12;
const WEEK_MS = 7 * 86_400_000;
const LIMIT_MS = 300_000;

/** What a process has taken in and used up to a moment. */
interface Taken {
  readonly at: number;
  readonly quotes: number;
  readonly cpuSeconds: number;
}

export async function streamPodBench({ short }: { readonly short: boolean }): Promise<BenchResult[]> {
  const missing = pubsubEmulatorMissing();
  if (missing !== undefined) throw new Error(`The suite stream has ${missing}.`);
  const count = short ? 100 : 2_000;
  const feed = feedWith({
    metadata: { name: "bench", namespace: "markets" },
    spec: {
      symbols: symbols(count),
      polling: { interval: "10s" },
      resolutions: [{ window: "1m" }, { window: "5m" }, { window: "15m" }],
      pubsub: { projectId: PROJECT },
      sink: { bigQuery: { projectId: PROJECT, dataset: "markets" } },
    },
  });
  // Google's clients would look for the machine's metadata server, and complain that there is none.
  process.env.METADATA_SERVER_DETECTION ??= "none";
  const emulator = await startPubsubEmulator();
  const table = new RowTable();
  await table.up();
  try {
    const last = await publishBacklog(feed, emulator);
    const port = await freePort();
    const stream = new StockfeedProcess(["stream"], {
      env: {
        STOCKFEED_MANIFEST: JSON.stringify(feed),
        STOCKFEED_METRICS_PORT: String(port),
        PUBSUB_EMULATOR_HOST: emulator.host,
        BIGQUERY_EMULATOR_HOST: table.url,
      },
    });
    try {
      const [first, end] = await untilTaken(port, count * SLOTS);
      await untilWritten(table, new Date(last + 5_000).toISOString(), count);
      const quotes = end.quotes - first.quotes;
      const cpu = (end.cpuSeconds - first.cpuSeconds) / quotes;
      return [
        {
          name: "stream: taken in from the Pub/Sub emulator",
          unit: "quotes/s",
          value: (quotes / (end.at - first.at)) * 1000,
          rivals: [],
        },
        { name: "stream: processor time of it", unit: "µs/quote", value: cpu * 1e6, rivals: [] },
        { name: "stream: quotes for which that is one core", unit: "quotes/s", value: 1 / cpu, rivals: [] },
      ];
    } finally {
      stream.kill("SIGKILL");
      await stream.ended;
    }
  } finally {
    await table.down();
    await emulator.stop();
  }
}

/** Makes what the operator makes, and publishes the feed's quotes of the last slots. @returns the newest slot */
async function publishBacklog(feed: StockFeed, emulator: PubsubEmulator): Promise<number> {
  const messaging = pubsubMessaging({ calls: () => adminCalls({ emulatorHost: emulator.host }) });
  const [quotes, windows] = [pubsubName(feed, "quotes"), pubsubName(feed, "windows")];
  const { deadLetter } = PROJECT_NAMES;
  const kept = { labels: {}, retentionMs: WEEK_MS };
  await messaging.putTopic(PROJECT, { ...kept, name: quotes });
  await messaging.putTopic(PROJECT, { ...kept, name: deadLetter });
  const subscription = { name: windows, topic: quotes, retainAckedMessages: true, ackDeadlineSeconds: 10 };
  await messaging.putSubscription(PROJECT, { ...kept, ...subscription });
  await messaging.close();
  const client = pubsubClient({ emulatorHost: emulator.host, projectId: PROJECT });
  const topic = client.topic(quotes, { batching: { maxMilliseconds: 5 } });
  const last = Math.floor(Date.now() / INTERVAL_MS) * INTERVAL_MS;
  const from = last - (SLOTS - 1) * INTERVAL_MS;
  const session = sessionOf({ session: "Always", extendedHours: false });
  const places = new Places({ poller: "bench", shard: 0, session, intervalMs: INTERVAL_MS, from });
  for (let slot = from; slot <= last; slot += INTERVAL_MS) {
    const own = places.of(slot, feed.spec.symbols.length);
    await Promise.all(
      feed.spec.symbols.map(async (symbol, i) => {
        const price = (i + 1) * 1_000_000 + (slot % 1_000_000);
        const quote = { feed: "markets/bench", symbol, price, observedAt: slot, providerTime: slot };
        const { data, attributes } = encodeQuote({ ...quote, provider: "Simulated" }, own[i]);
        await topic.publishMessage({ data: Buffer.from(data), attributes });
      }),
    );
    places.published(slot);
    const done = SLOTS - (last - slot) / INTERVAL_MS;
    console.error(`  published ${done} of ${SLOTS} slots, ${feed.spec.symbols.length} quotes each`);
  }
  await client.close();
  return last;
}

/** Waits until the stream has taken all in. @returns how far it was as it had begun, and at the end */
async function untilTaken(port: number, total: number): Promise<readonly [Taken, Taken]> {
  let first: Taken | undefined;
  const until = Date.now() + LIMIT_MS;
  while (Date.now() < until) {
    await delay(50);
    const now = await takenAt(port).catch(() => undefined);
    if (now === undefined || now.quotes === 0) continue;
    // Some come twice, as on any topic: the rows tell later whether all came.
    if (first !== undefined && now.quotes >= total) return [first, now];
    first ??= now;
  }
  throw new Error(`The stream has not taken in ${total} quotes within ${LIMIT_MS / 1000} s.`);
}

async function takenAt(port: number): Promise<Taken> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const metrics = new MetricsText(await response.text());
  return {
    at: performance.now(),
    quotes: metrics.sum("stockfeed_quotes_total"),
    cpuSeconds: metrics.value("process_cpu_seconds_total"),
  };
}

/** Waits until the last minute's row of every symbol has its six quotes; before that it may be written with fewer. */
async function untilWritten(table: RowTable, end: string, symbols: number): Promise<void> {
  const until = Date.now() + LIMIT_MS;
  while (Date.now() < until) {
    await delay(200);
    const rows = table.winners().filter((row) => row.window_end === end && Number(row.resolution_minutes) === 1);
    if (rows.filter((row) => Number(row.quote_count) === 6).length === symbols) return;
  }
  throw new Error(`The rows that end at ${end} were not written within ${LIMIT_MS / 1000} s.`);
}
