/**
 * What boards look at, under load: the operator on a real control plane with feeds of every kind, their pollers and streams
 * as Pods of the test's kubelet, Pub/Sub's emulator, BigQuery's GoogleSQL, and a real Prometheus that scrapes them. Of
 * Dataflow there is the fake, whose jobs run nothing.
 */
import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type FakeCloudStorage, startFakeCloudStorage } from "../fakes/cloud-storage-server.ts";
import { type FakeDataflow, startFakeDataflow } from "../fakes/dataflow-server.ts";
import { makeJob, minuteOf } from "../job-of-cron-job.ts";
import { type Kubelet, startKubelet } from "../kubelet/kubelet.ts";
import { createViewSql, VIEWS } from "../../src/views/bigquery-schema.ts";
import { addressOf, FEEDS, OperatorWorld, PROJECT } from "../operator-world.ts";
import { StockfeedProcess } from "../stockfeed-process.ts";
import { PrometheusServer } from "./prometheus-server.ts";

/** The feed that polls without end, and whose rows the market is looked at by. */
export const TICKS = "markets/ticks";
/** The feed whose pollers are Jobs. */
export const MINUTES = "markets/minutes";
const SYMBOLS = ["AAPL", "MSFT", "GOOG", "AMZN", "NVDA", "META", "TSLA", "NFLX", "INTC", "IBM"];
/** One that the provider does not know. */
const UNLISTED = "GONE";
const FAST = {
  symbols: SYMBOLS,
  archive: false,
  resolutions: ["2s", "10s", "30s"].map((window) => ({ window, allowedLateness: "2s" })),
};
const PODS = "/api/v1/namespaces/markets/pods";
const PATIENCE_MS = 120_000;

type Row = Readonly<Record<string, unknown>>;

export class BoardsWorld {
  readonly operator: OperatorWorld;
  readonly dataflow: FakeDataflow;
  readonly startedAt = Date.now();
  #prometheus: PrometheusServer | undefined;
  #provider: StockfeedProcess | undefined;
  readonly #kubelet: Kubelet;
  readonly #storage: FakeCloudStorage;

  private constructor(operator: OperatorWorld, kubelet: Kubelet, dataflow: FakeDataflow, storage: FakeCloudStorage) {
    this.operator = operator;
    this.#kubelet = kubelet;
    this.dataflow = dataflow;
    this.#storage = storage;
  }

  static async start(): Promise<BoardsWorld> {
    const [operator, dataflow, storage] = await Promise.all([
      OperatorWorld.start(),
      startFakeDataflow(),
      startFakeCloudStorage(["acme-dataflow"]),
    ]);
    // The statements themselves: a view that was made over REST has no columns before somebody has asked it.
    const dataset = { projectId: operator.bigQuery.project, dataset: "markets" };
    await operator.bigQuery.query(VIEWS.map((view) => createViewSql(dataset, view)).join(";\n"));
    const images = { "stockfeed:test": [process.execPath, resolve("src/main/stockfeed.ts")] };
    const kubelet = await startKubelet({ kubeconfig: operator.plane.kubeconfig, images, backoff: 500 });
    return new BoardsWorld(operator, kubelet, dataflow, storage);
  }

  /** Starts the operator, applies the feeds, and has Prometheus scrape all that they run. */
  async run(): Promise<void> {
    const { operator, dataflow } = this;
    const stands = { DATAFLOW_EMULATOR_HOST: dataflow.url, STORAGE_EMULATOR_HOST: this.#storage.url };
    const started = await operator.startOperator(["--worker-image", "worker:test"], stands);
    dataflow.jobs.failNextStart("The zone has no capacity.");
    const provider = { type: "IEX", baseUrl: await this.#simulate() };
    await this.#apply("ticks", { ...FAST, provider, polling: { interval: "1s", workload: "Deployment" } });
    // A minute's lead: the Job of the minute before polls what is left of this one.
    const symbols = [...SYMBOLS, UNLISTED];
    await this.#apply("minutes", { ...FAST, symbols, provider, polling: { interval: "1s", startLead: "60s" } });
    await this.#apply("beam", {
      engine: "Dataflow",
      archive: false,
      resolutions: [{ window: "1m" }, { window: "5m" }],
      dataflow: {
        projectIds: [PROJECT],
        region: "europe-west2",
        tempLocation: "gs://acme-dataflow/tmp",
        maxWorkers: 2,
      },
    });
    await this.#apply("keyless", { provider: { type: "Finnhub", credentialsSecretRef: { name: "finnhub" } } });
    await this.#apply("asleep", { suspend: true, archive: false });
    this.#prometheus = await PrometheusServer.start({
      "stockfeed-operator": [await addressOf(started)],
      "stockfeed-pods": await this.#podAddresses(),
    });
    // Seen at zero before, so that it is seen to rise.
    for (const name of ["slots_missed_total", "provider_request_duration_seconds_count"]) {
      const series = `stockfeed_${name}{feed="${MINUTES}"}`;
      await soon(async () => ((await this.prometheus.instant(series)).length > 0 ? true : undefined), series);
    }
    await this.#startJobs("minutes");
  }

  get prometheus(): PrometheusServer {
    if (this.#prometheus === undefined) throw new Error("Prometheus is not started yet: run() starts it.");
    return this.#prometheus;
  }

  /** Rows of windows as BigQuery took them. */
  rows(): Row[] {
    return this.operator.bigQuery.rows("markets", "windows");
  }

  /** Has some of the rows as if Dataflow had written them, seconds later: the fake's jobs write none. */
  async writeAsDataflow(rows: readonly Row[]): Promise<void> {
    const { url, project } = this.operator.bigQuery;
    const path = `${url}/bigquery/v2/projects/${project}/datasets/markets/tables/windows/insertAll`;
    const sent = rows.map((row) => ({
      json: {
        ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, asSent(name, value)])),
        feed: "markets/beam",
        engine: "Dataflow",
        written_at: new Date(msOf(row.window_end) + 3_000).toISOString(),
      },
    }));
    const response = await fetch(path, { method: "POST", body: JSON.stringify({ rows: sent }) });
    const answer = (await response.json()) as { readonly insertErrors?: unknown };
    if (!response.ok || answer.insertErrors !== undefined) throw new Error(JSON.stringify(answer).slice(0, 500));
  }

  /** What the Pods said last, for whoever has to find out why something is missing. */
  async logs(): Promise<string> {
    const { items } = await this.operator.kube.list(PODS);
    return items
      .map(({ metadata: { name } }) => `${name}:\n${this.#kubelet.logs("markets", name).slice(-1_500)}`)
      .join("\n");
  }

  async stop(): Promise<void> {
    await this.#prometheus?.stop();
    await this.#kubelet.stop();
    this.#provider?.kill("SIGTERM");
    await Promise.all([this.operator.stop(), this.dataflow.close(), this.#storage.close()]);
  }

  /** A provider to ask over HTTP. @returns its address */
  async #simulate(): Promise<string> {
    this.#provider = new StockfeedProcess(["simulate", "--listen=:0", "--interval=1s", `--symbols=${SYMBOLS.join()}`]);
    const said = await this.#provider.line(/^Simulated prices/);
    return /http:\/\/[^/]+/.exec(said)?.[0] ?? "";
  }

  async #apply(name: string, spec: object): Promise<void> {
    await this.operator.kube.create(FEEDS, this.operator.manifest(name, spec));
  }

  /**
   * Makes the Jobs that the feed's CronJob would have made in two minutes and in this: the first's slots are over, and it
   * says so; the second has the rest of this minute, which may be no more than a moment, and the third the next.
   */
  async #startJobs(feed: string): Promise<void> {
    const cronJob = `${feed}-poll`;
    const path = `/apis/batch/v1/namespaces/markets/cronjobs/${cronJob}`;
    await soon(() => this.operator.kube.get(path).catch(() => undefined), path);
    for (const ago of [2, 1, 0]) {
      await makeJob(this.operator.kube, { namespace: "markets", cronJob, minute: minuteOf() - ago });
    }
  }

  /** Where the Pods of the feeds that run serve their metrics: of both an engine, of one a poller without end. */
  async #podAddresses(): Promise<string[]> {
    const wanted = ["ticks-windows", "minutes-windows", "ticks-poll"];
    const addresses = await soon(async () => {
      const { items } = await this.operator.kube.list(PODS);
      const ports = wanted.map((name) => {
        const pod = items.find((item) => item.metadata.name.startsWith(name));
        return pod?.metadata.annotations?.["test.stockfeed.dev/port"];
      });
      const found = ports.flatMap((port) => (port === undefined ? [] : [`127.0.0.1:${port}`]));
      const answers = await Promise.all(
        found.map((address) => fetch(`http://${address}/metrics`).catch(() => undefined)),
      );
      return answers.length === wanted.length && answers.every((answer) => answer?.ok) ? found : undefined;
    }, "the Pods' metrics");
    return addresses;
  }
}

/** A time as the test's BigQuery keeps it, in epoch milliseconds. */
export const msOf = (micros: unknown): number => Number(micros) / 1000;

/** A value of a row as clients send it. */
function asSent(name: string, value: unknown): unknown {
  if (/_(start|end|time|at)$/.test(name)) return new Date(msOf(value)).toISOString();
  return typeof value === "bigint" ? String(value) : value;
}

/** Looks until there is something. */
export async function soon<Found>(look: () => Promise<Found | undefined>, what: string): Promise<Found> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > until) throw new Error(`There is no ${what} after ${PATIENCE_MS / 1000} s.`);
    await wait(250);
  }
}
