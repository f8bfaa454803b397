/**
 * A BigQuery for tests, that speaks GoogleSQL.
 *
 * Ours: the server of BigQuery's public REST format (v2), the tables in memory, insert IDs, partitions and clustering
 * (kept and told, without effect), rights and faults. Google's: every statement is parsed, checked and evaluated by
 * ZetaSQL's reference implementation, the dialect's definition, in a mode as strict as BigQuery's. A view is evaluated
 * as the query that it was made with, and its rows then stand for it: the same answer, without a plan's cleverness.
 * So it tells what a statement means, and nothing about what it costs. Not there: regions, streaming buffers, the
 * minutes that a table just made takes no rows for, the Storage API, STRUCT and ARRAY columns, DML.
 *
 * Without the engine (see zetasql-package.ts) everything but statements works.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { json as readJson } from "node:stream/consumers";
import { type Fault, Faults } from "./faults.ts";
import { Jobs } from "./jobs.ts";
import { RestError } from "./rest-error.ts";
import { route } from "./routes.ts";
import type { Value } from "./values.ts";
import { Warehouse } from "./warehouse.ts";
import type { World } from "./world.ts";

export interface BigQueryServer {
  /** `http://127.0.0.1:PORT`, which reaches it on this machine; goes into BIGQUERY_EMULATOR_HOST or `apiEndpoint`. */
  readonly url: string;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** The project that `query` and `rows` mean. */
  readonly project: string;
  /** Runs statements one after the other; gives the last one's rows, by column. */
  query(sql: string, dataset?: string): Promise<Record<string, Value>[]>;
  /** A table's rows as they were taken, by column. */
  rows(dataset: string, table: string): Record<string, Value>[];
  /** Switches a fault on; the function mends it. */
  fail(fault: Fault): () => void;
  /** Mends everything. */
  mend(): void;
  /** Refuses connections, and cuts those that are open, until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** How many requests came, by what they were for. */
  readonly requests: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** Starts one on a free port of 127.0.0.1, or the port and address given. */
export async function startBigQuery(
  options: {
    readonly host?: string;
    readonly port?: number;
    readonly project?: string;
    readonly now?: () => number;
  } = {},
): Promise<BigQueryServer> {
  const { project = "acme", host = "127.0.0.1" } = options;
  const warehouse = new Warehouse(options.now ?? Date.now);
  const faults = new Faults();
  const jobs = new Jobs(warehouse);
  const requests = new Map<string, number>();
  const server = createServer((request, response) => {
    void answer(request, response, { warehouse, faults, jobs, requests });
  });
  await listen(server, host, options.port ?? 0);
  const port = portOf(server);
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    project,
    query: async (sql, dataset) => {
      const { fields, rows } = await jobs.runScript(sql, { project, ...(dataset !== undefined && { dataset }) });
      return rows.map((row) => Object.fromEntries(fields.map(({ name }, i) => [name, row[i] ?? null])));
    },
    rows: (dataset, name) => {
      const table = warehouse.table(project, dataset, name);
      return table.rows.map((row) => Object.fromEntries(table.fields.map((field, i) => [field.name, row[i] ?? null])));
    },
    fail: (fault) => faults.add(fault),
    mend: () => {
      faults.clear();
    },
    down: async () => shut(server),
    up: async () => listen(server, host, port),
    requests,
    stop: async () => {
      await shut(server);
      await jobs.close();
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, world: World): Promise<void> {
  const reply = (code: number, body: object) => {
    response.writeHead(code, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  };
  try {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const body = request.method === "GET" || request.method === "DELETE" ? {} : await bodyOf(request);
    const { call, name, work } = route(request.method ?? "GET", url, body, world);
    world.requests.set(name, (world.requests.get(name) ?? 0) + 1);
    const slow = world.faults.take("slow", call);
    if (slow) await new Promise((resolve) => setTimeout(resolve, slow.ms).unref());
    if (world.faults.take("unavailable", call))
      throw new RestError(503, "backendError", "Error encountered. Try again.");
    if (world.faults.take("quota", call)) {
      throw new RestError(403, "rateLimitExceeded", "Exceeded rate limits: too many requests for this table.");
    }
    const result = await work();
    if (world.faults.take("lostAnswer", call)) request.socket.destroy();
    else reply(200, result);
  } catch (error) {
    if (error instanceof RestError) reply(error.code, error.body);
    else reply(500, new RestError(500, "internalError", String(error)).body);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await readJson(request)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  await once(server, "listening");
}

async function shut(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, "close");
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The server has no port.");
  return address.port;
}
