/**
 * What a person does on a cluster, by the quickstart's own commands: install, apply, wait, look, delete. kubectl,
 * kube-apiserver, kube-controller-manager, the Pub/Sub emulator and GoogleSQL are real; the kubelet runs the operator,
 * the pollers and the engine as processes. Prints what it saw.
 */
import { cp, mkdtemp, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createProvider } from "../src/adapters/providers/provider-factory.ts";
import { systemClock } from "../src/adapters/system/system-clock.ts";
import type { KubeObject } from "../src/api/kube-object.ts";
import { MICROS } from "../src/quotes/price.ts";
import { decodeSummary } from "../src/quotes/poll-summary.ts";
import { type BigQueryServer, startBigQuery } from "./bigquery/bigquery-server.ts";
import { withoutZetasql } from "./bigquery/require-zetasql.ts";
import { type ControlPlane, controlPlaneMissing, startControlPlane } from "./control-plane/control-plane.ts";
import { printPodLogs, stepsOfOneCourse } from "./course.ts";
import { KubeClient } from "./kube-client.ts";
import { kubectl as runKubectl, kubeTool } from "./kube-tools.ts";
import { type Kubelet, startKubelet } from "./kubelet/kubelet.ts";
import { pageBlock, runPageBlock, untold } from "./page-commands.ts";
import { writePagePrograms } from "./page-programs.ts";
import { type OracleRow, WindowOracle } from "./oracles/windows.ts";
import { type PubsubEmulator, pubsubEmulatorMissing, startPubsubEmulator } from "./pubsub-emulator.ts";

const SYMBOLS = ["AAPL", "MSFT", "GOOG", "AMZN", "NVDA", "META", "TSLA", "NFLX", "INTC", "IBM"];
const MINUTES = [1, 5, 15];
const PROGRAM = [process.execPath, resolve("src/main/stockfeed.ts")];

const missing = (await controlPlaneMissing()) ?? pubsubEmulatorMissing();
const without = (missing !== undefined && process.env.CI === undefined) || withoutZetasql();

/** A row of the table `windows`, as the test's server answers. */
type Row = Readonly<Record<string, unknown>>;

describe.skipIf(without)("a feed on a cluster", { timeout: 300_000, retry: 0 }, () => {
  let plane: ControlPlane;
  let emulator: PubsubEmulator;
  let bigQuery: BigQueryServer;
  let kubelet: Kubelet;
  let client: KubeClient;
  const saw: string[] = [];
  /** What the page's commands see as the repository, and programs of the source tree on its path. */
  let checkout: string;
  let bin: string;

  beforeAll(async () => {
    checkout = await mkdtemp(join(tmpdir(), "stockfeed-quickstart-"));
    for (const each of ["crds", "examples"]) await cp(each, join(checkout, each), { recursive: true });
    bin = writePagePrograms(join(checkout, "bin"));
    [plane, emulator, bigQuery] = await Promise.all([
      startControlPlane(),
      startPubsubEmulator(),
      startBigQuery({ project: "acme" }),
    ]);
    client = new KubeClient(plane.kubeconfig);
    kubelet = await startKubelet({ kubeconfig: plane.kubeconfig, images: { "stockfeed:dev": PROGRAM }, backoff: 500 });
  });
  afterAll(async () => {
    await kubelet.stop();
    await Promise.all([plane.stop(), emulator.stop(), bigQuery.stop(), rm(checkout, { recursive: true })]);
    console.log(saw.join("\n"));
  });

  const kubectl = (...args: readonly string[]) => runKubectl(plane.kubeconfig, ...args);
  const until = <T>(look: () => Promise<T>, seconds = 60) =>
    vi.waitUntil(look, { timeout: seconds * 1000, interval: 250 });

  stepsOfOneCourse(() => printPodLogs(client, kubelet));

  async function pods(component: string): Promise<readonly KubeObject[]> {
    const selector = `app.kubernetes.io/component=${component}`;
    return (await client.list(`/api/v1/namespaces/default/pods?labelSelector=${selector}`)).items as KubeObject[];
  }
  async function pubsub(kind: "topics" | "subscriptions"): Promise<string[]> {
    const response = await fetch(`http://${emulator.host}/v1/projects/acme/${kind}`);
    const listed = ((await response.json()) as Record<string, { readonly name: string }[]>)[kind] ?? [];
    return listed.map(({ name }) => name.split("/").at(-1) ?? "").sort();
  }
  const windows = () => bigQuery.query("SELECT * FROM acme.markets.winning_windows ORDER BY window_end, symbol");

  /** Runs a block of the quickstart as a person would, in a checkout, but for the addresses of its stand-ins. */
  async function page(part: string): Promise<string> {
    const said = await runPageBlock("docs/quickstart-kubernetes.md", "cluster", part, {
      cwd: checkout,
      env: await environment(bin),
      adapt: (script) =>
        script
          .replaceAll("pubsub.emulators:8085", emulator.host)
          .replaceAll(/http:\/\/(bigquery\.emulators|127\.0\.0\.1):9050/g, bigQuery.url),
    });
    expect(await untold("docs/quickstart-kubernetes.md", part, said), said).toEqual([]);
    return said;
  }

  /** @param programs where those of the source tree are */
  async function environment(programs: string): Promise<Record<string, string | undefined>> {
    const path = [dirname(await kubeTool("kubectl")), programs, process.env.PATH ?? ""].join(delimiter);
    return { ...process.env, PATH: path, KUBECONFIG: plane.kubeconfig, BIGQUERY_EMULATOR_HOST: bigQuery.url };
  }

  it("has emulators whose manifests an API server takes", async () => {
    await kubectl("create", "namespace", "emulators");
    const said = await runPageBlock("docs/quickstart-kubernetes.md", "cluster", "emulators", {
      cwd: checkout,
      env: await environment(bin),
      adapt: (script) => `${script.trim()} --dry-run=server --validate=strict`,
    });
    expect(said.match(/ (created|configured) \(server dry run\)$/gm)).toHaveLength(5);
    await kubectl("delete", "namespace", "emulators", "--wait=false");
  });

  it("is made ready by an operator that runs in a Pod, with the rights of its install alone", async () => {
    expect(JSON.parse(await page("tables"))).toMatchObject({ jobComplete: true });
    await page("install");
    const shown = await page("apply");
    expect(shown).toMatch(/^NAME +PROVIDER +SYMBOLS +EVERY +ENGINE +READY +REASON +MARKET +AGE\n/m);
    expect(shown).toMatch(/^ten-stocks +Simulated +10 +10s +Embedded +True /m);
    saw.push(shown);
  });

  it("polls by Jobs that the CronJob starts, each of which says what it did", async () => {
    const finished = async () =>
      (await pods("poller")).find((pod) => (pod.status as { readonly phase?: string }).phase === "Succeeded");
    const pod = await until(finished, 180);
    const status = pod.status as {
      readonly containerStatuses: readonly { readonly state: { readonly terminated: { readonly message: string } } }[];
    };
    const message = status.containerStatuses[0]?.state.terminated.message ?? "";
    const summary = decodeSummary(message);
    expect(summary).toMatchObject({ feed: "default/ten-stocks", provider: "Simulated", undeliveredQuotes: 0 });
    expect(summary?.quotes).toBe(10 * (summary?.slotsPolled ?? NaN));
    saw.push(`poller ${pod.metadata.name} left ${message}`);
  });

  it("has in BigQuery what brute force makes of the same prices", async () => {
    const full = async () => {
      const rows = await windows();
      return rows.some((row) => Number(row.resolution_minutes) === 1 && row.quote_count === row.expected_count) && rows;
    };
    const rows = await until(full, 180);
    const expected = await bruteForce(rows);
    expect(rows.length).toBeGreaterThan(100);
    for (const row of rows) expect(comparable(row)).toEqual(expected.get(keyOf(row)));
    saw.push(`${rows.length} windows in BigQuery, each as brute force has it`);
  });

  it("is ranked by both views", async () => {
    const [last] = await bigQuery.query("SELECT MAX(window_end) AS last FROM acme.markets.windows");
    const at = `TIMESTAMP_MICROS(${String(last?.last)})`;
    const top = await bigQuery.query(
      `SELECT rank, symbol, mean_price FROM acme.markets.top_stocks WHERE window_end = ${at} AND resolution_minutes = 1 ORDER BY rank`,
    );
    const gain = await bigQuery.query(
      `SELECT symbol, gain_percent, first_price, last_price FROM acme.markets.percentage_gain WHERE window_end = ${at} AND resolution_minutes = 1`,
    );
    const means = (await windows())
      .filter((row) => row.window_end === last?.last && Number(row.resolution_minutes) === 1)
      .toSorted((a, b) => Number(b.mean_price) - Number(a.mean_price));
    expect(top.map(({ symbol }) => symbol)).toEqual(means.slice(0, 3).map(({ symbol }) => symbol));
    expect(gain).toHaveLength(SYMBOLS.length);
    for (const row of gain) {
      const [first, final] = [Number(row.first_price), Number(row.last_price)];
      expect(Number(row.gain_percent)).toBeCloseTo((100 * (final - first)) / first, 6);
    }
    const line = (row: Row) => Object.values(row).map(String).join(" ");
    saw.push("top_stocks", ...top.map(line), "percentage_gain", ...gain.map(line));
  });

  it("shows itself to kubectl", async () => {
    const shown = await page("look");
    expect(shown).toMatch(/^cronjob.batch\/ten-stocks-poll /m);
    expect(shown).toMatch(/^statefulset.apps\/ten-stocks-windows +1\/1 /m);
    expect(shown).toMatch(/Normal +Created +stockfeed\/ten-stocks /);
    saw.push(shown.slice(0, shown.indexOf("Name:")));
  });

  it("tells the plugin how it is, and shows its rows", async () => {
    const shown = await page("rows");
    expect(shown).toMatch(/^Top stocks of default\/ten-stocks, 1m to /m);
    expect(shown).toMatch(/^Percentage gain of default\/ten-stocks, 1m to /m);
    expect(shown).toMatch(/Ready +True/);
    saw.push(shown);
  });

  it("answers bq as the pages on BigQuery and GKE ask it: a fake of bq, and GoogleSQL", async () => {
    const here = { cwd: checkout, env: { ...(await environment(bin)), PROJECT: "acme" } };
    expect(await runPageBlock("docs/bigquery.md", "cluster", "dataset", here)).toBe("fake bq: acme answered\n");
    const reading = await pageBlock("docs/bigquery.md", "cluster", "reading");
    const [from, to] = [new Date(Date.now() - 3_600_000), new Date()].map(
      (time) => `TIMESTAMP '${time.toISOString()}'`,
    );
    const asked = reading
      .replace("'markets/tech'", "'default/ten-stocks'")
      .replace(/(?<=BETWEEN )TIMESTAMP '[^']+' AND TIMESTAMP '[^']+'/, `${from} AND ${to}`);
    const ranked = await bigQuery.query(asked);
    expect(ranked.length).toBeGreaterThan(2);
    for (const row of ranked) expect(Object.keys(row)).toEqual(["rank", "symbol", "mean_price"]);
    const adapt = (script: string) => script.replace("-n markets", "-n default");
    const shown = await runPageBlock("docs/quickstart-gke.md", "gke", "rows", { ...here, adapt });
    expect(shown).toMatch(/^Top stocks of default\/ten-stocks, /m);
    expect(shown.match(new RegExp(`^(${SYMBOLS.join("|")}) \\S+ -?[\\d.]+$`, "gm"))).toHaveLength(10);
  });

  it("is shown by the plugin that the page on it installs, but for the place", async () => {
    const prefix = join(checkout, "global");
    const shown = await runPageBlock("docs/kubectl.md", "cluster", "plugin", {
      env: {
        ...(await environment(join(prefix, "bin"))),
        npm_config_prefix: prefix,
        npm_config_ignore_scripts: "true",
      },
    });
    expect(await readlink(join(prefix, "bin", "kubectl-stockfeed"))).toContain("dist/src/main/kubectl-stockfeed.js");
    expect(shown).toMatch(/^default +ten-stocks .* True /m);
  });

  it("is paused, goes on, and takes no wrong interval", async () => {
    await page("pause");
    expect(await page("refuse")).toContain("refused, as it should be");
  });

  it("is gone when it is deleted, in the cluster and in the cloud", async () => {
    await page("delete");
    const selector = "app.kubernetes.io/managed-by=stockfeed";
    const left = async () =>
      kubectl("get", "cronjobs,jobs,statefulsets,deployments,pods", "-l", selector, "-o", "name");
    await until(async () => (await left()) === "");
    expect(await pubsub("topics")).toEqual(["stockfeed-dead-letter"]);
    expect(await pubsub("subscriptions")).toEqual(["stockfeed-dead-letter"]);
    saw.push("deleted: nothing of it is left but its rows, and the project's dead letter");
  });
});

/** A time as the server answers it, microseconds, in milliseconds. */
const ms = (micros: unknown) => Number(micros) / 1000;
const keyOf = (row: Row) => [row.symbol, Number(row.resolution_minutes), ms(row.window_end)].map(String).join(" ");
const micros = (value: unknown) => Math.round(Number(value) * MICROS);

/** What a window says, in the oracle's terms. */
function comparable(row: Row): Partial<OracleRow> {
  return {
    firstTime: ms(row.first_event_time),
    lastTime: ms(row.event_time),
    first: micros(row.first_price),
    last: micros(row.last_price),
    min: micros(row.min_price),
    max: micros(row.max_price),
    mean: Number(row.mean_price).toFixed(6),
    count: Number(row.quote_count),
  };
}

/** The windows of every slot that these rows speak of, from the simulator's own prices. */
async function bruteForce(rows: readonly Row[]): Promise<Map<string, Partial<OracleRow>>> {
  const from = Math.min(...rows.map((row) => ms(row.first_event_time)));
  const to = Math.max(...rows.map((row) => ms(row.event_time)));
  const specs = MINUTES.map((minutes) => {
    return { sizeMs: minutes * 60_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 60_000 };
  });
  const oracle = new WindowOracle(specs, -Infinity);
  const provider = createProvider({ type: "Simulated", seed: 1 }, { clock: systemClock(), env: {} });
  for (let slot = from; slot <= to; slot += 10_000) {
    const { prices } = await provider.fetch({
      symbols: SYMBOLS,
      slot,
      deadline: Infinity,
      signal: new AbortController().signal,
    });
    for (const { symbol, price, providerTime } of prices) {
      oracle.add({ symbol: SYMBOLS.indexOf(symbol), time: slot, price, providerTime });
    }
  }
  return new Map(
    oracle.advance(Infinity).map(({ window, symbol, end, mean, ...row }) => {
      const key = [SYMBOLS[symbol], MINUTES[window], end].join(" ");
      return [key, { ...row, mean: Number(mean).toFixed(6) }];
    }),
  );
}
