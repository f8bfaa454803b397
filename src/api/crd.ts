import { manifestJsonSchema } from "./fields.ts";
import type { KubeObject } from "./kube-object.ts";
import { API_VERSION, KIND } from "./stockfeed.ts";
import { type StructuralSchema, structuralSchema } from "./structural-schema.ts";

const PLURAL = "stockfeeds";
const [GROUP = "", VERSION = ""] = API_VERSION.split("/");

/** Name of the CustomResourceDefinition. */
export const CRD_NAME = `${PLURAL}.${GROUP}`;

/** A column of `kubectl get`; one of priority 1 is shown with `-o wide` alone. */
interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly description: string;
  readonly jsonPath: string;
  readonly priority?: number;
}

const READY = `.status.conditions[?(@.type=="Ready")]`;

/** A path can't count a list, so the number of symbols is a field of the status. */
const COLUMNS: readonly PrinterColumn[] = [
  { name: "Provider", type: "string", description: "Where quotes come from.", jsonPath: ".spec.provider.type" },
  { name: "Symbols", type: "integer", description: "Number of symbols.", jsonPath: ".status.symbols" },
  { name: "Every", type: "string", description: "Time between two observations.", jsonPath: ".spec.polling.interval" },
  { name: "Engine", type: "string", description: "What computes the windows.", jsonPath: ".spec.engine" },
  { name: "Ready", type: "string", description: "Whether all parts run.", jsonPath: `${READY}.status` },
  { name: "Reason", type: "string", description: "Why, in one word.", jsonPath: `${READY}.reason`, priority: 1 },
  { name: "Market", type: "string", description: "Open, Closed or Stale.", jsonPath: ".status.marketState" },
  { name: "Age", type: "date", description: "Time since the feed was made.", jsonPath: ".metadata.creationTimestamp" },
];

/**
 * The CustomResourceDefinition of StockFeed, made from the schema that manifests are checked against. It is to be sent
 * as it is: a typed client loses its rules and defaults.
 */
export function stockFeedCrd(): KubeObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: CRD_NAME },
    spec: {
      group: GROUP,
      scope: "Namespaced",
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: PLURAL,
        singular: KIND.toLowerCase(),
        shortNames: ["sf"],
        // A feed stands beside the workloads that it owns.
        categories: ["all"],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: rootSchema() },
          subresources: { status: {} },
          additionalPrinterColumns: COLUMNS,
        },
      ],
    },
  };
}

/** The manifest's schema; name, labels and so on are the API server's to check. */
function rootSchema(): StructuralSchema {
  const { apiVersion, kind, spec = {}, status = {} } = manifestJsonSchema().properties ?? {};
  const text = (description: string | undefined) => ({ description, type: "string" });
  return {
    description:
      "A market-data feed: which symbols are polled where and how often, over which windows, and where rows go.",
    type: "object",
    required: ["spec"],
    properties: {
      apiVersion: text(apiVersion?.description),
      kind: text(kind?.description),
      metadata: { type: "object" },
      spec: structuralSchema(spec),
      status: structuralSchema(status),
    },
  };
}
