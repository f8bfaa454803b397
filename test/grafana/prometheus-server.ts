/** A real Prometheus that scrapes processes of this machine each second. */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, ServerProcess } from "../server-process.ts";

/** Between two scrapes. */
export const SCRAPE_MS = 1_000;

/** A series of an answer: its labels, and its points as epoch milliseconds and value. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [time: number, value: number])[];
}

/** An alert as Prometheus has it, before any Alertmanager. */
interface ActiveAlert {
  readonly state: "pending" | "firing";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

/** Why this machine can't run a Prometheus, or undefined where it can. */
export function prometheusMissing(): string | undefined {
  const { error } = spawnSync("prometheus", ["--version"]);
  return error && "no prometheus on this machine: Debian's package prometheus has it";
}

export class PrometheusServer {
  readonly #url: string;
  readonly #server: ServerProcess;
  readonly #directory: string;

  private constructor(url: string, server: ServerProcess, directory: string) {
    this.#url = url;
    this.#server = server;
    this.#directory = directory;
  }

  /**
   * @param targets addresses (`127.0.0.1:port`) to scrape, by the name of their job
   * @param rules groups of alerts, as a file of rules has them, to evaluate as often
   */
  static async start(
    targets: Readonly<Record<string, readonly string[]>>,
    rules = "groups: []",
  ): Promise<PrometheusServer> {
    const directory = await mkdtemp(join(tmpdir(), "stockfeed-prometheus-"));
    const jobs = Object.entries(targets).map(([job, addresses]) => ({
      job_name: job,
      static_configs: [{ targets: addresses }],
    }));
    const interval = `${SCRAPE_MS / 1000}s`;
    const settings = {
      global: { scrape_interval: interval, evaluation_interval: interval },
      rule_files: ["rules.yml"],
      scrape_configs: jobs,
    };
    await writeFile(join(directory, "rules.yml"), rules);
    await writeFile(join(directory, "prometheus.yml"), JSON.stringify(settings));
    const address = `127.0.0.1:${await freePort()}`;
    const flags = [
      `--config.file=${join(directory, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=${address}`,
    ];
    const server = new ServerProcess(["prometheus", ...flags], join(directory, "prometheus.log"));
    await server.until(async () => (await fetch(`http://${address}/-/ready`)).ok);
    return new PrometheusServer(`http://${address}`, server, directory);
  }

  /** @throws Error with Prometheus' own words for a query that it refuses */
  async instant(query: string): Promise<Series[]> {
    return this.#series("query", { query });
  }

  /** @param time from and to in epoch milliseconds, and the step between points */
  async range(query: string, time: { from: number; to: number; intervalMs: number }): Promise<Series[]> {
    const { from, to, intervalMs } = time;
    const between = { start: String(from / 1000), end: String(to / 1000), step: String(intervalMs / 1000) };
    return this.#series("query_range", { query, ...between });
  }

  /** Values of a label, as variables of boards ask for them. */
  async labelValues(series: string, label: string): Promise<readonly string[]> {
    return (await this.#ask(`label/${label}/values`, { "match[]": series })) as readonly string[];
  }

  /** The alerts that wait or fire. */
  async alerts(): Promise<readonly ActiveAlert[]> {
    return ((await this.#ask("alerts", {})) as { readonly alerts: readonly ActiveAlert[] }).alerts;
  }

  async stop(): Promise<void> {
    await this.#server.end("SIGTERM");
    await rm(this.#directory, { recursive: true });
  }

  async #series(call: string, parameters: Readonly<Record<string, string>>): Promise<Series[]> {
    const { result } = (await this.#ask(call, parameters)) as { readonly result: readonly Result[] };
    return result.map(({ metric, value, values = value === undefined ? [] : [value] }) => ({
      labels: metric,
      points: values.map(([seconds, text]) => [seconds * 1000, Number(text)]),
    }));
  }

  async #ask(call: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${call}?${new URLSearchParams(parameters).toString()}`);
    const answer = (await response.json()) as { readonly data?: unknown; readonly error?: string };
    if (answer.error !== undefined) throw new Error(`${answer.error}: ${JSON.stringify(parameters)}`);
    return answer.data;
  }
}
