/**
 * Google's own GoogleSQL: the analyzer and the reference implementation of ZetaSQL, which npm package
 * `@fivetrandevelopers/zetasql` ships as a gRPC server. The package unpacks to 340 MB, so it is no dependency; its
 * directory comes in STOCKFEED_ZETASQL.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";

/** Kinds of a column that the tables here have. */
export type GoogleSqlType = "TYPE_STRING" | "TYPE_NUMERIC" | "TYPE_TIMESTAMP" | "TYPE_INT64";
/** A value: text, decimal text, epoch milliseconds or a whole number, as its column has it; floats come back alone. */
type GoogleSqlValue = string | number | bigint;

/** A table and its rows. */
export interface GoogleSqlTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: GoogleSqlType }[];
  readonly rows: readonly (readonly GoogleSqlValue[])[];
}

export interface GoogleSql {
  /** Rows of a query over the tables; decimals and whole numbers come as text, timestamps as epoch milliseconds. */
  query(sql: string, tables: readonly GoogleSqlTable[]): Promise<GoogleSqlValue[][]>;
  close(): Promise<void>;
}

/** As the server's protocol has them, of what is used here. */
interface Cell {
  readonly value: string;
  readonly stringValue?: string;
  readonly int64Value?: string;
  readonly doubleValue?: number;
  readonly numericValue?: Buffer;
  readonly timestampValue?: { readonly seconds: string; readonly nanos?: number };
}
interface Reply {
  readonly enabledLanguageFeatures?: readonly string[];
  readonly content?: { readonly tableData?: { readonly row?: readonly { readonly cell: readonly Cell[] }[] } };
}
type Callback = (error: Error | null, reply: Reply) => void;
interface Client {
  waitForReady(deadline: number, callback: (error?: Error) => void): void;
  getLanguageOptions(request: object, callback: Callback): void;
  evaluateQuery(request: object, callback: Callback): void;
  close(): void;
}
interface Grpc {
  readonly credentials: { createInsecure(): unknown };
  loadPackageDefinition(definition: unknown): {
    readonly zetasql: {
      readonly local_service: {
        readonly ZetaSqlLocalService: new (address: string, credentials: unknown, options: object) => Client;
      };
    };
  };
}
interface Loader {
  loadSync(file: string, options: object): unknown;
}

/** Starts the server of the package in `directory`. */
export async function startGoogleSql(directory: string): Promise<GoogleSql> {
  const base = join(directory, "lib", "zetasql");
  const port = await freePort();
  const server = spawn(join(base, "remote_server.so"), ["localhost", String(port)], { stdio: "ignore" });
  const client = connect(directory, base, port);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    client.waitForReady(Date.now() + 20_000, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  const languageOptions = await bigQueryLanguage(client);
  return {
    async query(sql, tables) {
      const reply = await call((done) => {
        client.evaluateQuery(request(sql, tables, languageOptions), done);
      });
      return (reply.content?.tableData?.row ?? []).map(({ cell }) => cell.map(decode));
    },
    close: async () => stop(client, server),
  };
}

function connect(directory: string, base: string, port: number): Client {
  const packageRequire = createRequire(join(directory, "package.json"));
  const grpc = packageRequire("@grpc/grpc-js") as Grpc;
  const loader = packageRequire("@grpc/proto-loader") as Loader;
  const definition = loader.loadSync("local_service.proto", {
    oneofs: true,
    longs: String,
    enums: String,
    includeDirs: [join(base, "protos")],
  });
  const { ZetaSqlLocalService } = grpc.loadPackageDefinition(definition).zetasql.local_service;
  const options = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
  return new ZetaSqlLocalService(`localhost:${port}`, grpc.credentials.createInsecure(), options);
}

/** BigQuery's dialect at its strictest: no parameterized types in CAST, QUALIFY no reserved word. */
async function bigQueryLanguage(client: Client): Promise<object> {
  const all = await call((done) => {
    client.getLanguageOptions({ maximumFeatures: true }, done);
  });
  const enabledLanguageFeatures = all.enabledLanguageFeatures?.filter((name) => name !== "FEATURE_PARAMETERIZED_TYPES");
  return { ...all, enabledLanguageFeatures, productMode: "PRODUCT_EXTERNAL", reservedKeywords: [] };
}

function request(sql: string, tables: readonly GoogleSqlTable[], languageOptions: object): object {
  const content = tables.map(({ name, columns, rows }) => {
    const cells = (row: readonly GoogleSqlValue[]) => row.map((value, i) => encode(value, columns[i]?.type));
    return [name, { tableData: { row: rows.map((row) => ({ cell: cells(row) })) } }] as const;
  });
  return {
    sql,
    options: { languageOptions, defaultTimezone: "UTC" },
    simpleCatalog: {
      name: "catalog",
      builtinFunctionOptions: { languageOptions },
      table: tables.map(({ name, columns }) => ({
        name,
        column: columns.map(({ name, type }) => ({ name, type: { typeKind: type } })),
      })),
    },
    tableContent: Object.fromEntries(content),
  };
}

function encode(value: GoogleSqlValue, type: GoogleSqlType | undefined): object {
  if (type === "TYPE_STRING") return { stringValue: String(value) };
  if (type === "TYPE_INT64") return { int64Value: String(value) };
  if (type === "TYPE_NUMERIC") return { numericValue: numericBytes(String(value)) };
  return { timestampValue: { seconds: Math.floor(Number(value) / 1000), nanos: (Number(value) % 1000) * 1e6 } };
}

function decode(cell: Cell): GoogleSqlValue {
  if (cell.stringValue !== undefined) return cell.stringValue;
  if (cell.int64Value !== undefined) return cell.int64Value;
  if (cell.doubleValue !== undefined) return cell.doubleValue;
  if (cell.numericValue !== undefined) return numericText(cell.numericValue);
  const { timestampValue: time } = cell;
  if (time === undefined) throw new Error(`GoogleSQL gave a ${cell.value}, which this reader does not know.`);
  return Number(time.seconds) * 1000 + (time.nanos ?? 0) / 1e6;
}

/** NUMERIC on the wire: billionths as a little-endian two's complement. */
function numericBytes(decimal: string): Buffer {
  const [whole = "", fraction = ""] = decimal.split(".");
  const bytes = Buffer.alloc(16);
  const billionths = BigInt.asUintN(128, BigInt(whole + fraction.padEnd(9, "0")));
  bytes.writeBigUInt64LE(BigInt.asUintN(64, billionths), 0);
  bytes.writeBigUInt64LE(billionths >> 64n, 8);
  return bytes;
}

function numericText(bytes: Buffer): string {
  let billionths = 0n;
  for (const byte of bytes.toReversed()) billionths = (billionths << 8n) | BigInt(byte);
  billionths = BigInt.asIntN(8 * bytes.length, billionths);
  const digits = String(billionths < 0n ? -billionths : billionths).padStart(10, "0");
  return `${billionths < 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

async function call(send: (done: Callback) => void): Promise<Reply> {
  return new Promise((resolve, reject) => {
    send((error, reply) => {
      if (error) reject(error);
      else resolve(reply);
    });
  });
}

async function stop(client: Client, server: ChildProcess): Promise<void> {
  client.close();
  const exit = once(server, "exit");
  server.kill("SIGKILL");
  await exit;
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
