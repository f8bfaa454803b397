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
import { type Block, readBlock } from "./provider-schema.ts";

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
  const schemas = schemasOf(classes);
  const server = new Server();
  server.addService(Provider.service, {
    GetSchema: answer(() => schemas),
    PrepareProviderConfig: answer((config) => config),
    ValidateResourceTypeConfig: answer(() => ({})),
    ValidateDataSourceConfig: answer(() => ({})),
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

function schemasOf(classes: string): object {
  const { resources, data } = usedTypes();
  const schema = (kind: string) => ({ version: 0, block: blockMessage(readBlock(join(classes, kind))) });
  const kebab = (type: string) => type.replaceAll("_", "-");
  return {
    provider: schema("provider"),
    resource_schemas: Object.fromEntries(resources.map((type) => [type, schema(kebab(type.replace(/^google_/, "")))])),
    data_source_schemas: Object.fromEntries(data.map((type) => [type, schema(`data-${kebab(type)}`)])),
  };
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
