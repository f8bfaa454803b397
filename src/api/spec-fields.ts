import { z } from "zod";
import { dataflowSchema } from "./dataflow-spec.ts";
import { formattedText } from "./formatted-text.ts";
import { projectIdField, symbolField } from "./identifiers.ts";
import { podTemplateSchema } from "./pod-template.ts";
import { pollingSchema } from "./polling-spec.ts";
import { providerSchema } from "./provider-spec.ts";
import { resolutionSchema } from "./resolution-spec.ts";

const bigQuerySchema = z.strictObject({
  projectId: projectIdField,
  dataset: formattedText(
    { form: /^[A-Za-z0-9_]+$/, most: 1024 },
    { rule: "must be a BigQuery dataset name", fix: "Write letters, digits and _ alone, such as markets." },
  ).meta({ description: "BigQuery dataset that holds the tables and views." }),
});

/** The fields of a spec, each right in itself; the rules over several of them are in spec-rules.ts. */
export const specFields = z.strictObject({
  symbols: z
    .array(symbolField)
    .min(1)
    .max(5000)
    .meta({ description: "Symbols to poll; a set of 1 to 5000.", "x-kubernetes-list-type": "set" }),
  provider: providerSchema,
  polling: pollingSchema.prefault({}).meta({ description: "When and how often quotes are polled." }),
  resolutions: z
    .array(resolutionSchema)
    .min(1)
    .max(10)
    .prefault([{ window: "1m" }, { window: "5m" }, { window: "15m" }])
    .meta({
      description: "Sliding windows over which quotes are aggregated, each of another length.",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["window"],
    }),
  engine: z.enum(["Embedded", "Dataflow"]).default("Embedded").meta({
    description: "What computes the windows: StockFeed's own engine in one Pod, or one Dataflow job a resolution.",
  }),
  archive: z.boolean().default(true).meta({ description: "Keep the raw quotes too, in the table quotes." }),
  pubsub: z
    .strictObject({ projectId: projectIdField })
    .optional()
    .meta({ description: "Where the feed's topic and subscriptions live; not used on a laptop." }),
  sink: z
    .strictObject({
      bigQuery: bigQuerySchema.meta({ description: "Rows go to BigQuery.", "x-kubernetes-map-type": "atomic" }),
    })
    .optional()
    .meta({ description: "Where rows land on a cluster; a laptop writes to its DuckDB store." }),
  dataflow: dataflowSchema.optional().meta({ description: "How Dataflow jobs run; needed under engine Dataflow." }),
  podTemplate: podTemplateSchema
    .optional()
    .meta({ description: "What the feed's Pods carry beside what StockFeed sets." }),
  deletionPolicy: z
    .enum(["Drain", "Cancel", "Orphan"])
    .default("Drain")
    .meta({
      description:
        "What becomes of the feed's cloud objects when it is deleted: Drain lets jobs finish what they hold, " +
        "Cancel stops them at once, Orphan leaves all as it is.",
    }),
  suspend: z.boolean().default(false).meta({ description: "Stop polling and jobs; topics and data stay." }),
});

/** Spec of a StockFeed with every default filled in. */
export type StockFeedSpec = z.output<typeof specFields>;
