/** The gRPC client of ZetaSQL's server, made of the package's own protocol files and gRPC. */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Cell, TypeProto } from "./engine-values.ts";

/** As the server's protocol has them, of what is used here. */
export interface Reply {
  readonly enabledLanguageFeatures?: readonly string[];
  readonly content?: { readonly tableData?: { readonly row?: readonly { readonly cell: readonly Cell[] }[] } };
  readonly prepared?: { readonly columns?: readonly { readonly name: string; readonly type: TypeProto }[] };
  readonly tableName?: readonly { readonly tableNameSegment: readonly string[] }[];
  readonly resolvedStatement?: Readonly<Record<string, unknown>>;
}
type Call = (request: object, callback: (error: Error | null, reply: Reply) => void) => void;
export interface Client {
  waitForReady(deadline: number, callback: (error?: Error) => void): void;
  readonly getLanguageOptions: Call;
  readonly evaluateQuery: Call;
  readonly analyze: Call;
  readonly extractTableNamesFromStatement: Call;
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

/**
 * A client of the server on a port.
 * @param directory the package's
 * @param base where in it the protocol files are
 */
export function connect(directory: string, base: string, port: number): Client {
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
