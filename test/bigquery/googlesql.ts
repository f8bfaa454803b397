/**
 * Google's own GoogleSQL: the analyzer and the reference implementation of ZetaSQL, by its gRPC server. Statements are
 * held to BigQuery's dialect at its strictest: no parameterized types in CAST, QUALIFY no reserved word.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { forgetGroup, watchGroup } from "../reaper.ts";
import { columnsRead, statement, type AnalyzedStatement } from "./statements.ts";
import { decode, encode, ENGINE_TYPES, fromEngineType, type Cell, type TypeProto } from "./engine-values.ts";
import type { FieldType, Value } from "./values.ts";
import { connect, type Client, type Reply } from "./zetasql-client.ts";

/** A table as a statement may name it: a name with points in it is one name, in backquotes. */
export interface EngineTable {
  readonly name: string;
  readonly fields: readonly { readonly name: string; readonly type: FieldType }[];
  readonly rows: readonly (readonly Value[])[];
}

/** A named parameter. */
export interface EngineParameter {
  readonly name: string;
  readonly type: FieldType;
  readonly value: Value;
}

export interface EngineAnswer {
  readonly fields: readonly { readonly name: string; readonly type: FieldType }[];
  readonly rows: Value[][];
}

/** Every method rejects with the analyzer's or the evaluator's own words. */
export interface GoogleSql {
  /** The tables that a statement names, as their segments. */
  tableNames(sql: string): Promise<string[][]>;
  /** Checks a statement over these tables and says what it is. */
  analyze(sql: string, tables: readonly EngineTable[], parameters?: readonly EngineParameter[]): Promise<Analysis>;
  /** The rows of a query over these tables. */
  evaluate(sql: string, tables: readonly EngineTable[], parameters?: readonly EngineParameter[]): Promise<EngineAnswer>;
  close(): Promise<void>;
}

/** What a statement is, and the columns that it reads of each table, by the tables' names. */
export type Analysis = AnalyzedStatement & { readonly reads: ReadonlyMap<string, ReadonlySet<string>> };

/** Starts the server of the package in `directory`. */
export async function startGoogleSql(directory: string): Promise<GoogleSql> {
  const base = join(directory, "lib", "zetasql");
  const port = await freePort();
  const binary = process.arch === "arm64" ? "remote_server_arm.so" : "remote_server.so";
  const server = spawn(join(base, binary), ["localhost", String(port)], { stdio: "ignore", detached: true });
  if (server.pid !== undefined) watchGroup(server.pid);
  const client = connect(directory, base, port);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    client.waitForReady(Date.now() + 20_000, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  const everything = await call((done) => {
    client.getLanguageOptions({ maximumFeatures: true }, done);
  });
  return {
    async tableNames(sql) {
      const request = { sqlStatement: sql, options: language(everything, sql) };
      const reply = await call((done) => {
        client.extractTableNamesFromStatement(request, done);
      });
      return (reply.tableName ?? []).map(({ tableNameSegment }) => [...tableNameSegment]);
    },
    async analyze(sql, tables, parameters = []) {
      const request = { sqlStatement: sql, ...context(language(everything, sql), tables, parameters) };
      const reply = await call((done) => {
        client.analyze(request, done);
      });
      const tree = reply.resolvedStatement ?? {};
      return { ...statement(tree), reads: columnsRead(tree) };
    },
    async evaluate(sql, tables, parameters = []) {
      const request = {
        sql,
        ...context(language(everything, sql), tables, parameters),
        tableContent: Object.fromEntries(tables.map((table) => [table.name, content(table)])),
        params: parameters.map(({ name, type, value }) => ({ name, value: encode(value, type) })),
      };
      const reply = await call((done) => {
        client.evaluateQuery(request, done);
      });
      return answer(reply);
    },
    close: async () => stop(client, server),
  };
}

function language(all: Reply, sql: string): object {
  // Types with a precision are for columns alone.
  const columns = /^\s*(create\s+(or\s+replace\s+)?table|alter\s+table)\b/i.test(sql);
  const enabledLanguageFeatures = all.enabledLanguageFeatures?.filter(
    (name) => columns || name !== "FEATURE_PARAMETERIZED_TYPES",
  );
  return {
    ...all,
    enabledLanguageFeatures,
    productMode: "PRODUCT_EXTERNAL",
    reservedKeywords: [],
    supportedStatementKinds: [],
  };
}

function context(languageOptions: object, tables: readonly EngineTable[], parameters: readonly EngineParameter[]) {
  const queryParameters = parameters.map(({ name, type }) => ({ name, type: { typeKind: ENGINE_TYPES[type] } }));
  return {
    options: { languageOptions, defaultTimezone: "UTC", queryParameters, pruneUnusedColumns: true },
    simpleCatalog: {
      name: "catalog",
      builtinFunctionOptions: { languageOptions },
      table: tables.map(({ name, fields }) => ({
        name,
        column: fields.map(({ name, type }) => ({ name, type: { typeKind: ENGINE_TYPES[type] } })),
      })),
    },
  };
}

function content({ fields, rows }: EngineTable): object {
  const types = fields.map(({ type }) => type);
  const cells = (row: readonly Value[]) => row.map((value, i) => encode(value, types[i] ?? "STRING"));
  return { tableData: { row: rows.map((row) => ({ cell: cells(row) })) } };
}

function answer({ prepared, content }: Reply): EngineAnswer {
  const fields = (prepared?.columns ?? []).map(({ name, type }: { name: string; type: TypeProto }, i) => ({
    name: name === "" || name.startsWith("$") ? `f${i}_` : name,
    type: fromEngineType(type.typeKind),
  }));
  const rows = (content?.tableData?.row ?? []).map(({ cell }: { cell: readonly Cell[] }) => cell.map(decode));
  return { fields, rows };
}

async function call(send: (done: (error: Error | null, reply: Reply) => void) => void): Promise<Reply> {
  return new Promise((resolve, reject) => {
    send((error, reply) => {
      if (error) reject(new Error(explained("details" in error ? String(error.details) : error.message)));
      else resolve(reply);
    });
  });
}

/** The engine's process takes no message above 4 MB, and drops the connection of one far above. */
function explained(details: string): string {
  const tooLarge = /message larger than max|^Connection dropped$/.test(details);
  return tooLarge ? `This server's engine takes 4 MB of rows a query: name fewer columns. (${details})` : details;
}

async function stop(client: Client, server: ChildProcess): Promise<void> {
  client.close();
  const exit = once(server, "exit");
  server.kill("SIGKILL");
  await exit;
  if (server.pid !== undefined) forgetGroup(server.pid);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (typeof address !== "object" || address === null) throw new Error("The system gave no free port.");
  return address.port;
}
