/**
 * A feed whose engine is changed, with every engine at work: the operator and `stockfeed stream` as processes on a real API
 * server, Pub/Sub's emulator and GoogleSQL; the jobs are a fake Dataflow's, and each runs its staged pipeline on Prism.
 *
 * What the emulator and Prism don't do is done here: rows on the topic `stockfeed-windows` are put into the table `windows`,
 * and a job's drain is one more run of all that it has had. Pollers rest: the quotes are the test's.
 */
import { resolve } from "node:path";
import { createViewSql, VIEWS } from "../src/views/bigquery-schema.ts";
import { type FakeCloudStorage, startFakeCloudStorage } from "./fakes/cloud-storage-server.ts";
import { type FakeDataflow, startFakeDataflow } from "./fakes/dataflow-server.ts";
import { keyOf, type Row } from "./conformance/rows.ts";
import { kubectl } from "./kube-tools.ts";
import { type Kubelet, startKubelet } from "./kubelet/kubelet.ts";
import { OperatorWorld, PROJECT } from "./operator-world.ts";
import { type Prism, startPrism } from "./prism/prism.ts";
import { RealRuns } from "./prism/real-runs.ts";
import { callPubsub, publishTexts, takeTexts } from "./pubsub-rest.ts";

const ROWS = `projects/${PROJECT}/subscriptions/stockfeed-windows`;
const STREAMS = "/api/v1/namespaces/markets/pods?labelSelector=app.kubernetes.io/component=stream";
const TIMES = new Set(["window_start", "window_end", "event_time", "first_event_time", "written_at"]);
const DECIMALS = new Set(["resolution_minutes", "first_price", "last_price", "min_price", "max_price", "mean_price"]);

export class EngineSwitchWorld {
  readonly cluster: OperatorWorld;
  readonly dataflow: FakeDataflow;
  readonly runs: RealRuns;
  readonly #prism: Prism;
  readonly #storage: FakeCloudStorage;
  #node: Kubelet | undefined;

  private constructor(cluster: OperatorWorld, prism: Prism, storage: FakeCloudStorage, dataflow: FakeDataflow) {
    this.cluster = cluster;
    this.dataflow = dataflow;
    this.#prism = prism;
    this.#storage = storage;
    this.runs = new RealRuns({ prism, emulatorHost: cluster.emulator.host, staged: storage.objects });
  }

  static async start(): Promise<EngineSwitchWorld> {
    const [cluster, prism, storage] = await Promise.all([
      OperatorWorld.start(),
      startPrism(),
      startFakeCloudStorage(["acme-dataflow"]),
    ]);
    const dataflow = await startFakeDataflow({
      onState: (job) => {
        world.runs.onState(job);
      },
    });
    const world = new EngineSwitchWorld(cluster, prism, storage, dataflow);
    // By the engine, which finds out its columns.
    const dataset = { projectId: cluster.bigQuery.project, dataset: "markets" };
    const view = VIEWS.find(({ name }) => name === "winning_windows");
    if (view !== undefined) await cluster.bigQuery.query(createViewSql(dataset, view));
    await cluster.startOperator(["--worker-image", "worker:test"], {
      DATAFLOW_EMULATOR_HOST: dataflow.url,
      STORAGE_EMULATOR_HOST: storage.url,
    });
    return world;
  }

  async stop(): Promise<void> {
    await this.stopNode();
    await this.runs.close();
    await Promise.all([this.cluster.stop(), this.#prism.stop(), this.dataflow.close(), this.#storage.close()]);
  }

  /** Has Pods run from now on; without a Node they wait. */
  async startNode(): Promise<void> {
    const program = [process.execPath, resolve("src/main/stockfeed.ts")];
    const streamsAlone = '[ "$3" = stream ] || exit 0; exec "$@"';
    const images = { "stockfeed:test": ["sh", "-c", streamsAlone, "sh", ...program] };
    this.#node = await startKubelet({ kubeconfig: this.cluster.plane.kubeconfig, images });
  }

  async stopNode(): Promise<void> {
    await this.#node?.stop();
    this.#node = undefined;
  }

  /** Changes the spec of the feed as a person does. */
  async patch(name: string, spec: object): Promise<void> {
    const patch = ["--type=merge", "--patch", JSON.stringify({ spec })];
    await kubectl(this.cluster.plane.kubeconfig, "--namespace=markets", "patch", "stockfeed", name, ...patch);
  }

  /** How many Pods of the embedded engine there are, whether or not they run. */
  async streams(): Promise<number> {
    return (await this.cluster.kube.list(STREAMS)).items.length;
  }

  /** The feed's topic; undefined where it is not there yet. */
  async topic(): Promise<string | undefined> {
    const name = (await this.cluster.pubsub("topics")).find((each) => each.endsWith("-quotes"));
    return name && `projects/${PROJECT}/topics/${name}`;
  }

  /**
   * Leaves the readers of one engine what is published from now on: so a new subscription begins on Pub/Sub, and whoever
   * wants what was before has to rewind it. The emulator's begins with all that its topic keeps.
   */
  async forgetThePast(engine: "Embedded" | "Dataflow"): Promise<void> {
    const time = new Date().toISOString();
    for (const name of await this.readers()) {
      const isOfJob = name.includes("-windows-");
      if (isOfJob !== (engine === "Dataflow")) continue;
      const subscription = `projects/${PROJECT}/subscriptions/${name}`;
      await callPubsub(this.cluster.emulator.host, "POST", `${subscription}:seek`, { time });
    }
  }

  /** Subscriptions on the feed's topic. */
  async readers(): Promise<string[]> {
    return (await this.cluster.pubsub("subscriptions")).filter((name) => name.includes("-tech-"));
  }

  async publish(messages: readonly { readonly data: string }[]): Promise<void> {
    const texts = messages.map(({ data }) => data);
    await publishTexts(this.cluster.emulator.host, (await this.topic()) ?? "", texts);
  }

  /** Puts the rows of the jobs into the table, by the subscription that Pub/Sub itself would do it by. */
  async deliverRows(): Promise<void> {
    if (!(await this.cluster.pubsub("subscriptions")).includes("stockfeed-windows")) return;
    const rows = (await takeTexts(this.cluster.emulator.host, ROWS)).map((text) => ({ json: JSON.parse(text) as Row }));
    if (rows.length === 0) return;
    const { url, project } = this.cluster.bigQuery;
    const table = `${url}/bigquery/v2/projects/${project}/datasets/markets/tables/windows`;
    const response = await fetch(`${table}/insertAll`, { method: "POST", body: JSON.stringify({ rows }) });
    const said = await response.text();
    if (!response.ok || said.includes("insertErrors")) throw new Error(`The table took not all rows: ${said}`);
  }

  /** What the view `winning_windows` has, by key. */
  async winners(): Promise<Map<string, Row>> {
    const { bigQuery } = this.cluster;
    const rows = await bigQuery.query(`SELECT * FROM ${bigQuery.project}.markets.winning_windows`);
    return byKey(rows.map(plain));
  }

  /** Every row in the table. */
  rows(): Row[] {
    return this.cluster.bigQuery.rows("markets", "windows").map(plain);
  }
}

/** A row with its times as RFC 3339 and its decimals without zeros at the end. */
export function plain(row: Readonly<Record<string, unknown>>): Row {
  return Object.fromEntries(
    Object.entries(row).map(([field, value]) => {
      const text = String(value);
      if (TIMES.has(field)) return [field, /^\d+$/.test(text) ? new Date(Number(text) / 1000).toISOString() : text];
      if (DECIMALS.has(field)) return [field, text.includes(".") ? text.replace(/\.?0+$/, "") : text];
      return [field, field.endsWith("_count") ? Number(value) : text];
    }),
  );
}

export function byKey(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [keyOf(row), row]));
}
