import { z } from "zod";

const text = (description: string) => z.string().meta({ description });

/** A condition as Kubernetes writes it (metav1.Condition). */
const conditionSchema = z
  .looseObject({
    type: z
      .enum(["Ready", "Reconciling", "Stalled", "PollingReady", "MessagingReady", "PipelineReady", "SinkReady"])
      .meta({ description: "What the condition speaks of; Ready, Reconciling and Stalled follow kstatus." }),
    status: z.enum(["True", "False", "Unknown"]).meta({ description: "Whether it holds." }),
    reason: text("Why, as one CamelCase word for programs."),
    message: text("Why, as a sentence for people."),
    lastTransitionTime: text("When status changed last, RFC 3339."),
    observedGeneration: z.int().optional().meta({ description: "Generation of the spec that this was said of." }),
  })
  .meta({ description: "One thing that holds of the feed, or does not." });

const pipelineSchema = z
  .looseObject({
    window: text("Length of the window that the pipeline computes."),
    engine: z.enum(["Embedded", "Dataflow"]).meta({ description: "What computes it." }),
    jobId: z.string().optional().meta({ description: "ID of the Dataflow job." }),
    state: text("State of the Pod or the job, such as Running."),
    specHash: text("Hash of what the pipeline was made from."),
  })
  .meta({ description: "What computes one window." });

/** What the operator says of a feed. It is never read from a manifest, so unknown fields of a newer one do no harm. */
export const statusSchema = z.looseObject({
  observedGeneration: z.int().optional().meta({ description: "Generation of the spec that the status speaks of." }),
  symbols: z.int().min(0).optional().meta({ description: "Number of the feed's symbols, for lists of feeds." }),
  conditions: z
    .array(conditionSchema)
    .optional()
    .meta({
      description: "How the feed is, part by part.",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
    }),
  marketState: z
    .enum(["Open", "Closed", "Stale"])
    .optional()
    .meta({ description: "Open, Closed, or Stale: in an open session no price moved for polling.staleAfter." }),
  pipelines: z
    .array(pipelineSchema)
    .optional()
    .meta({
      description: "What computes each window.",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["window"],
    }),
});

/** How the market looks to a feed; Stale when in an open session no price has moved for a while. */
export type MarketState = NonNullable<z.output<typeof statusSchema>["marketState"]>;
