/** The files of the chart `stockfeeds` that are made of the manifest's schema. */
import { z } from "zod";
import { type JsonSchema, manifestJsonSchema } from "../../src/api/fields.ts";
import { egressRule } from "./kubernetes-values.ts";

const NAMES = { type: "object", additionalProperties: { type: "string" } } as const;

/** JSON Schema of the values: a feed's spec as the CRD has it, so that Helm refuses what the API server would. */
export function feedsSchemaFile(): string {
  const $schema = "http://json-schema.org/draft-07/schema#";
  return `${JSON.stringify({ $schema, ...feedsSchema() }, null, 2)}\n`;
}

function feedsSchema(): JsonSchema {
  const { spec = {}, metadata = {} } = manifestJsonSchema().properties ?? {};
  return {
    type: "object",
    additionalProperties: false,
    properties: {
      defaults: {
        ...partial(spec),
        description:
          "Fields of a spec that every feed has unless it says otherwise, one by one; a list, provider and sink are one field each.",
      },
      feeds: {
        description: "The feeds of this release.",
        type: "array",
        items: {
          type: "object",
          additionalProperties: false,
          required: ["name"],
          properties: {
            name: { description: "Name of the feed.", ...metadata.properties?.name },
            namespace: { description: "Its namespace; the release's where it is left out.", type: "string" },
            labels: { description: "More labels.", ...NAMES },
            annotations: { description: "Annotations.", ...NAMES },
            spec: { ...partial(spec), description: "What it does: the fields of a StockFeed's spec." },
          },
        },
      },
      networkPolicy: {
        type: "object",
        additionalProperties: false,
        properties: {
          enabled: {
            description:
              "Denies all traffic of feeds' Pods, in each namespace of these feeds, but scrapes, DNS, HTTPS and the metadata server.",
            type: "boolean",
          },
          extraEgress: {
            description:
              "More rules, such as for emulators, or a provider's baseUrl on another port; each has ports or to.",
            type: "array",
            items: egressSchema(),
          },
        },
      },
      enabled: {
        description: "What a parent chart's condition asks, such as stockfeeds.enabled; by itself not used.",
        type: "boolean",
      },
      global: { description: "Values that a parent chart sets for all; not used.", type: "object" },
    },
  };
}

function egressSchema(): JsonSchema {
  // Of a whole document the first line says its dialect; this is a part of one.
  return { ...z.toJSONSchema(egressRule, { io: "input", target: "draft-7" }), $schema: undefined } as JsonSchema;
}

/** A spec some of whose required fields come from elsewhere. */
function partial(spec: JsonSchema): JsonSchema {
  return { ...spec, required: [] };
}

/** The values of the chart `stockfeeds`, as lines of a table in Markdown; a spec's own fields are another page's. */
export function feedsValuesTable(): string {
  const { properties = {} } = feedsSchema();
  const ofFeed = properties.feeds?.items?.properties ?? {};
  const row = (name: string, { description = "" }: JsonSchema) => `| \`${name}\` | ${description} |`;
  const rows = (path: string, fields: Readonly<Record<string, JsonSchema>>) =>
    Object.entries(fields).map(([field, schema]) => row(`${path}${field}`, schema));
  return [
    "| value | what it is |",
    "| --- | --- |",
    ...Object.entries(properties).flatMap(([name, schema]) => {
      if (name === "networkPolicy") return rows(`${name}.`, schema.properties ?? {});
      return [row(name, schema), ...(name === "feeds" ? rows("feeds[].", ofFeed) : [])];
    }),
  ].join("\n");
}

export function feedsValuesFile(): string {
  return `# Values of the chart stockfeeds. Made by npm run generate from scripts/chart/feeds.ts.

# Fields of a spec that every feed has unless it says otherwise, such as
#   pubsub: {projectId: my-project}
#   sink: {bigQuery: {projectId: my-project, dataset: markets}}
#   polling: {session: NYSE}
defaults: {}

# The feeds of this release: each with a name and a spec, and where it is wanted a namespace, labels and annotations. Such as
#   - name: tech
#     spec: {symbols: [AAPL, MSFT, NVDA], provider: {type: Alpaca, credentialsSecretRef: {name: alpaca}}}
#   - name: gold
#     namespace: research
#     spec: {symbols: [GLD, IAU], provider: {type: Simulated}}
feeds: []

networkPolicy:
  # Denies all traffic of feeds' Pods, in each namespace of these feeds, but scrapes, DNS, HTTPS and the metadata server.
  enabled: false
  # More rules, such as for emulators, or a provider's baseUrl on another port:
  #   - ports: [{port: 8085, protocol: TCP}]
  extraEgress: []
`;
}
