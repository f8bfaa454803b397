/**
 * A stand-in for the google provider, which Terraform reaches where TF_REATTACH_PROVIDERS says, so that init fetches
 * nothing. It has the real provider's schema (`readBlock`), so that `terraform validate` and `terraform test` with mocked
 * resources refuse what the real one does not know. It makes nothing: what is not mocked fails as not implemented.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type GrpcObject, loadPackageDefinition, Server, type ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { listen } from "../grpc-listen.ts";
import { usedTypes } from "./hcl.ts";
import { decode } from "./msgpack.ts";
import { type Block, readBlock } from "./provider-schema.ts";
import { unsettable } from "./unsettable.ts";

const PROTOCOL = fileURLToPath(new URL("tfplugin5.proto", import.meta.url));

export interface ProviderServer {
  /** What Terraform's process has to have in its environment. */
  readonly env: Readonly<Record<string, string>>;
  stop(): void;
}

/** @param classes as `providerClasses` gives them */
export async function startProvider(classes: string): Promise<ProviderServer> {
  const definition = loadPackageDefinition(loadSync(PROTOCOL, { keepCase: true, longs: Number, enums: String }));
  const { Provider } = definition.tfplugin5 as GrpcObject as { Provider: ServiceClientConstructor };
  const { resources, data } = usedTypes();
  const resourceBlocks = blocksOf(classes, resources, "");
  const dataBlocks = blocksOf(classes, data, "data-google-");
  const schemas = {
    provider: schemaOf(readBlock(join(classes, "provider"))),
    resource_schemas: mapped(resourceBlocks, schemaOf),
    data_source_schemas: mapped(dataBlocks, schemaOf),
  };
  const server = new Server();
  server.addService(Provider.service, {
    GetSchema: answer(() => schemas),
    PrepareProviderConfig: answer((config) => config),
    ValidateResourceTypeConfig: answer((request) => refusals(resourceBlocks, request as TypedConfig)),
    ValidateDataSourceConfig: answer((request) => refusals(dataBlocks, request as TypedConfig)),
    Stop: answer(() => ({})),
  });
  const address = await listen(server);
  const reattach = {
    "registry.terraform.io/hashicorp/google": {
      Protocol: "grpc",
      ProtocolVersion: 5,
      Pid: process.pid,
      Test: true,
      Addr: { Network: "tcp", String: address },
    },
  };
  return {
    env: { TF_REATTACH_PROVIDERS: JSON.stringify(reattach) },
    stop: () => {
      server.forceShutdown();
    },
  };
}

type Callback = (error: Error | null, value?: unknown) => void;

function answer(value: (request: unknown) => unknown) {
  return ({ request }: { readonly request: unknown }, done: Callback) => {
    done(null, value(request));
  };
}

type Blocks = ReadonlyMap<string, Block>;

/** @param prefix of the directories of such kinds */
function blocksOf(classes: string, types: readonly string[], prefix: string): Blocks {
  const directory = (type: string) => prefix + type.replace(/^google_/, "").replaceAll("_", "-");
  return new Map(types.map((type) => [type, readBlock(join(classes, directory(type)))]));
}

function mapped<T>(blocks: Blocks, each: (block: Block) => T): Record<string, T> {
  return Object.fromEntries([...blocks].map(([type, block]) => [type, each(block)]));
}

interface TypedConfig {
  readonly type_name: string;
  readonly config: { readonly msgpack: Buffer };
}

function refusals(blocks: Blocks, { type_name: type, config }: TypedConfig): object {
  const block = blocks.get(type);
  const paths = block === undefined ? [] : unsettable(block, decode(config.msgpack));
  const diagnostics = paths.map((path) => ({
    severity: "ERROR",
    summary: "Argument that only Google sets",
    detail: `${path} of ${type} is an attribute to read. Take it out.`,
  }));
  return { diagnostics };
}

function schemaOf(block: Block): object {
  return { version: 0, block: blockMessage(block) };
}

function blockMessage({ attributes, blocks }: Block): object {
  return {
    attributes: attributes.map(({ type, ...rest }) => ({ ...rest, type: Buffer.from(JSON.stringify(type)) })),
    block_types: blocks.map(({ name, block, nesting, minItems, maxItems }) => ({
      type_name: name,
      block: blockMessage(block),
      nesting,
      min_items: minItems,
      max_items: maxItems,
    })),
  };
}
