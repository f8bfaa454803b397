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

const optionalText = (description: string) => z.string().optional().meta({ description });
const optionalInt = (description: string) => z.int().min(0).optional().meta({ description });

const launchSchema = z
  .looseObject({
    requestId: text("Makes a repeated launch the same one."),
    time: text("When it was decided, RFC 3339."),
    specHash: text("Hash of what the job is made from."),
    projectId: text("Project of the job."),
    region: text("Region of the job."),
    generation: z.int().min(0).meta({ description: "How many jobs ran beside their predecessors before it." }),
    replaces: optionalText("ID of the job that it takes over from in place."),
    rewindTo: optionalText("From when its subscription is read again, RFC 3339."),
  })
  .meta({ description: "A launch that is decided and not seen to run: a restart of the operator goes on with it." });

const failuresSchema = z
  .looseObject({
    count: z.int().min(0).meta({ description: "Jobs in a row that failed." }),
    jobId: text("ID of the newest of them."),
    time: text("When it failed, RFC 3339."),
  })
  .meta({ description: "Failures under the present spec." });

const pipelineSchema = z
  .looseObject({
    window: text("Length of the window that the pipeline computes."),
    engine: z.enum(["Embedded", "Dataflow"]).meta({ description: "What computes it." }),
    state: text("State of the Pod or the job, such as Running."),
    specHash: text("Hash of what the pipeline was made from."),
    jobId: optionalText("ID of the Dataflow job; while another takes over, of the one that still computes."),
    projectId: optionalText("Project of the job."),
    region: optionalText("Region of the job."),
    generation: optionalInt("How many jobs ran beside their predecessors before it (updatePolicy Overlap)."),
    maxWorkers: optionalInt("Most workers that the job was last told."),
    wantedHash: optionalText("Hash of what the spec asks for."),
    specGeneration: optionalInt("Generation of the spec that failures and refusal are of."),
    refused: optionalText("Why Dataflow refused the update that the spec asks for, where it did."),
    failures: failuresSchema.optional(),
    rewindTo: optionalText("From when the next job has to read quotes again, RFC 3339."),
    launch: launchSchema.optional(),
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
