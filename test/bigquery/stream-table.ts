import { createViewSql, VIEWS } from "../../src/views/bigquery-schema.ts";
import type { SentRow } from "../fakes/row-table.ts";
import { type BigQueryServer, startBigQuery } from "./bigquery-server.ts";
import { makeTables } from "./stockfeed-dataset.ts";

const TIMES = ["window_start", "window_end", "event_time", "first_event_time", "written_at"];

/** The tables and views of a dataset `markets`; what a stream writes there is read by SQL, through the view of winning rows. */
export class StreamTable {
  readonly server: BigQueryServer;
  #isUp = true;

  private constructor(server: BigQueryServer) {
    this.server = server;
  }

  static async start(project: string): Promise<StreamTable> {
    const server = await startBigQuery({ project });
    await makeTables(server, "markets");
    // By statements, so that the engine knows their columns.
    for (const view of VIEWS) await server.query(createViewSql({ projectId: project, dataset: "markets" }, view));
    return new StreamTable(server);
  }

  get url(): string {
    return this.server.url;
  }

  /** Answers from now on, at the same address. */
  async up(): Promise<void> {
    if (!this.#isUp) await this.server.up();
    this.#isUp = true;
  }

  /** Refuses connections, and cuts those that are open. */
  async down(): Promise<void> {
    this.#isUp = false;
    await this.server.down();
  }

  /** The winning rows, as they were sent: times as RFC 3339, the mean with nine places. */
  async winners(): Promise<SentRow[]> {
    const rows = await this.server.query("SELECT * FROM winning_windows", "markets");
    return rows.map((row) => {
      const [whole = "", places = ""] = String(row.mean_price).split(".");
      const times = TIMES.map((name) => [name, new Date(Number(row[name]) / 1000).toISOString()] as const);
      const texts = Object.entries(row).map(([name, value]) => [name, String(value)] as const);
      return Object.fromEntries([...texts, ...times, ["mean_price", `${whole}.${places.padEnd(9, "0")}`]]);
    });
  }
}
