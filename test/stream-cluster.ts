/**
 * A feed as on a cluster, with windows of seconds: a poller in this process, the real Pub/Sub emulator, and
 * `stockfeed stream` as processes of their own. What the rows have to be, brute force says.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { PubSub, Topic } from "@google-cloud/pubsub";
import { adminCalls } from "../src/adapters/pubsub/admin-calls.ts";
import { pubsubClient } from "../src/adapters/pubsub/clients.ts";
import { pubsubMessaging } from "../src/adapters/pubsub/messaging.ts";
import { windowSpecs } from "../src/api/window-specs.ts";
import { PROJECT_NAMES, pubsubName } from "../src/plan/names.ts";
import { type Place, Places } from "../src/quotes/place.ts";
import type { Quote } from "../src/quotes/quote.ts";
import { sessionOf } from "../src/quotes/session.ts";
import { encodeQuote } from "../src/quotes/wire.ts";
import type { WindowSpec } from "../src/windows/window-spec.ts";
import { RowTable, type SentRow } from "./fakes/row-table.ts";
import { feedWith } from "./feed.ts";
import { GrpcProxy } from "./grpc-proxy.ts";
import { type OracleRow, WindowOracle } from "./oracles/windows.ts";
import type { PubsubEmulator } from "./pubsub-emulator.ts";
import { StockfeedProcess } from "./stockfeed-process.ts";

const WEEK_MS = 7 * 86_400_000;

/** Six seconds are its longest window. */
function fastFeed(projectId: string, allowedLateness: string) {
  return feedWith({
    metadata: { name: "fast", namespace: "markets" },
    spec: {
      symbols: ["AAPL", "MSFT", "IBM", "INTC", "NVDA"],
      polling: { interval: "1s" },
      resolutions: ["2s", "4s", "6s"].map((window) => ({ window, allowedLateness })),
      pubsub: { projectId },
      sink: { bigQuery: { projectId, dataset: "markets" } },
    },
  });
}
/** Slots of a poller, after which another takes over. */
const SLOTS_OF_POLLER = 6;

/** Where rows go: a BigQuery that can be away. */
export interface ClusterSink {
  /** For BIGQUERY_EMULATOR_HOST. */
  readonly url: string;
  up(): Promise<void>;
  down(): Promise<void>;
  /** Of the rows of each key the one that counts. */
  winners(): readonly SentRow[] | Promise<readonly SentRow[]>;
}

export interface StreamClusterOptions {
  readonly emulator: PubsubEmulator;
  /** One that no other test has. */
  readonly project: string;
  readonly table?: ClusterSink;
  /** How long after a window's end a quote is not yet too late for it; two seconds by default. */
  readonly allowedLateness?: string;
}

/** A quote on its way, and its place. */
interface Sent {
  readonly quote: Quote;
  readonly place: Place | undefined;
}

export class StreamCluster {
  readonly table: ClusterSink;
  /** Between the streams and the emulator. */
  readonly proxy: GrpcProxy;
  /** Whether slots are polled; those that are not are missing, as after a poller's failure. */
  polls = true;
  /** What Pub/Sub has said that it has. */
  readonly published: Sent[] = [];
  readonly #emulator: PubsubEmulator;
  readonly #project: string;
  readonly #feed: ReturnType<typeof fastFeed>;
  readonly #windows: readonly WindowSpec[];
  readonly #client: PubSub;
  readonly #topic: Topic;
  readonly #streams = new Set<StockfeedProcess>();
  readonly #stopped = new AbortController();
  #polling: Promise<void> = Promise.resolve();

  constructor({ emulator, project, table = new RowTable(), allowedLateness = "2s" }: StreamClusterOptions) {
    this.table = table;
    this.#emulator = emulator;
    this.#project = project;
    this.#feed = fastFeed(project, allowedLateness);
    this.#windows = windowSpecs(this.#feed.spec);
    this.proxy = new GrpcProxy(emulator.host);
    this.#client = pubsubClient({ emulatorHost: emulator.host, projectId: project });
    this.#topic = this.#client.topic(pubsubName(this.#feed, "quotes"), { batching: { maxMilliseconds: 5 } });
  }

  /** The topic of quotes, `projects/P/topics/T`. */
  get topic(): string {
    return `projects/${this.#project}/topics/${pubsubName(this.#feed, "quotes")}`;
  }

  /** Makes what the operator makes, and polls from now on. */
  async start(): Promise<void> {
    await this.table.up();
    await this.proxy.up();
    await this.makeTopics();
    this.#polling = this.#poll();
  }

  /** Makes what the operator makes. */
  async makeTopics(): Promise<void> {
    const messaging = pubsubMessaging({ calls: () => adminCalls({ emulatorHost: this.#emulator.host }) });
    const quotes = pubsubName(this.#feed, "quotes");
    const { deadLetter } = PROJECT_NAMES;
    const kept = { labels: {}, retentionMs: WEEK_MS };
    await messaging.putTopic(this.#project, { ...kept, name: quotes });
    await messaging.putTopic(this.#project, { ...kept, name: deadLetter });
    await messaging.putSubscription(this.#project, { ...kept, name: deadLetter, topic: deadLetter });
    const windows = {
      name: pubsubName(this.#feed, "windows"),
      topic: quotes,
      retainAckedMessages: true,
      ackDeadlineSeconds: 10,
    };
    await messaging.putSubscription(this.#project, { ...kept, ...windows });
    await messaging.close();
  }

  /** Publishes again all that was published, for a server that has forgotten it. */
  async publishAgain(): Promise<void> {
    for (const sent of [...this.published]) while (!(await this.#isTaken(sent))) await wait(200);
  }

  /** Starts a `stockfeed stream`. */
  stream(env: Readonly<Record<string, string>> = {}): StockfeedProcess {
    const stream = new StockfeedProcess(["stream"], {
      env: {
        STOCKFEED_MANIFEST: JSON.stringify(this.#feed),
        STOCKFEED_METRICS_PORT: "0",
        PUBSUB_EMULATOR_HOST: this.proxy.host,
        BIGQUERY_EMULATOR_HOST: this.table.url,
        ...env,
      },
    });
    this.#streams.add(stream);
    return stream;
  }

  /**
   * Stops polling, and waits until the winning rows are those of brute force, or the time is over.
   * @returns what is not as it should be, and how many windows there are
   */
  async settle(limitMs: number): Promise<{ readonly differences: string[]; readonly windows: number }> {
    this.#stopped.abort();
    await this.#polling;
    const expected = new Map(this.#expected().map((row) => [keyOf(row), row]));
    const until = Date.now() + limitMs;
    for (;;) {
      const rows = await this.table.winners();
      const winners = new Map(rows.map((row) => this.#oracleRow(row)).map((row) => [keyOf(row), row]));
      const differences = [...new Set([...expected.keys(), ...winners.keys()])]
        .map((key) => ({ wanted: JSON.stringify(expected.get(key)), is: JSON.stringify(winners.get(key)) }))
        .filter(({ wanted, is }) => wanted !== is)
        .map(({ wanted, is }) => `expected ${wanted}, is ${is}`);
      if (differences.length === 0 || Date.now() > until) return { differences, windows: expected.size };
      await wait(200);
    }
  }

  /** Every window of every quote that was published. */
  #expected(): OracleRow[] {
    const oracle = new WindowOracle(this.#windows, -Infinity);
    for (const { quote } of this.published) {
      const { symbol, observedAt: time, price, providerTime } = quote;
      oracle.add({ symbol: this.#feed.spec.symbols.indexOf(symbol), time, price, providerTime });
    }
    return oracle.advance(Infinity);
  }

  #oracleRow(row: SentRow): OracleRow {
    const time = (name: string) => Date.parse(String(row[name]));
    const price = (name: string) => Math.round(Number(row[name]) * 1_000_000);
    return {
      window: this.#windows.findIndex(
        ({ sizeMs }) => Math.abs(sizeMs / 60_000 - Number(row.resolution_minutes)) < 1e-6,
      ),
      symbol: this.#feed.spec.symbols.indexOf(String(row.symbol)),
      end: time("window_end"),
      firstTime: time("first_event_time"),
      lastTime: time("event_time"),
      first: price("first_price"),
      last: price("last_price"),
      min: price("min_price"),
      max: price("max_price"),
      mean: String(row.mean_price),
      count: Number(row.quote_count),
    };
  }

  /** Payloads in the dead letter. */
  async deadLetters(): Promise<string[]> {
    const subscription = this.#client.subscription(PROJECT_NAMES.deadLetter);
    const payloads: string[] = [];
    subscription.on("message", (message) => {
      payloads.push(`${message.attributes.reason ?? ""}: ${message.data.toString()}`);
      message.ack();
    });
    await wait(1_000);
    await subscription.close();
    return payloads;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#polling;
    for (const stream of this.#streams) stream.kill("SIGKILL");
    await Promise.all([...this.#streams].map(({ ended }) => ended));
    await this.table.down();
    await this.proxy.down();
    await this.#client.close();
  }

  /**
   * Publishes each slot as its time comes, whatever becomes of those before it, some quotes twice and some a slot late, as
   * pollers that retry do.
   */
  async #poll(): Promise<void> {
    const { signal } = this.#stopped;
    const delayed: Sent[] = [];
    const underWay: Promise<void>[] = [];
    let places = placesFrom(Date.now());
    const until = (slot: number) => wait(Math.max(slot - Date.now(), 0), true, { signal }).catch(() => false);
    for (let slot = Math.ceil(Date.now() / 1000) * 1000; await until(slot); slot += 1000) {
      const now = delayed.splice(0);
      if ((slot / 1000) % SLOTS_OF_POLLER === 0) places = placesFrom(slot);
      if (this.polls) {
        const quotes = this.#feed.spec.symbols.flatMap((symbol, i) => {
          const quote = quoteOf(symbol, slot, (i + 1) * 100_000_000 + Math.floor(Math.random() * 1_000_000));
          return Math.random() < 0.1 ? [quote, { ...quote, price: quote.price + 1, providerTime: slot - 1 }] : [quote];
        });
        const own = places.of(slot, quotes.length);
        quotes.forEach((quote, i) => (Math.random() < 0.1 ? delayed : now).push({ quote, place: own[i] }));
      }
      const poller = places;
      const publishing = this.#publish(now).then(() => {
        if (this.polls) poller.published(slot);
      });
      underWay.push(publishing);
      await Promise.race([publishing, until(slot + 900)]);
    }
    await Promise.all([...underWay, this.#publish(delayed)]);
  }

  /** Publishes until the server says that it has them, whatever happens to it meanwhile. */
  async #publish(messages: readonly Sent[]): Promise<void> {
    await Promise.all(
      messages.map(async (sent) => {
        while (!(await this.#isTaken(sent))) await wait(200);
        this.published.push(sent);
      }),
    );
  }

  /** Whether the server has taken a message; one without the topic has not. */
  #isTaken({ quote, place }: Sent): Promise<boolean> {
    const { data, attributes } = encodeQuote(quote, place);
    return this.#topic.publishMessage({ data: Buffer.from(data), attributes }).then(
      () => true,
      () => false,
    );
  }
}

/** Those of the poller that begins with a slot. */
function placesFrom(from: number): Places {
  const session = sessionOf({ session: "Always", extendedHours: false });
  return new Places({ poller: `p${Math.floor(from)}`, shard: 0, session, intervalMs: 1000, from });
}

function quoteOf(symbol: string, slot: number, price: number): Quote {
  return { feed: "markets/fast", symbol, price, observedAt: slot, providerTime: slot, provider: "Simulated" };
}

function keyOf({ end, window, symbol }: OracleRow): string {
  return `${end}/${window}/${symbol}`;
}
