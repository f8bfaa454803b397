import { z } from "zod";
import { withCelRules } from "./cel.ts";
import { annotationsField, labelsField, namespaceField, objectNameField } from "./identifiers.ts";
import { specFields } from "./spec-fields.ts";
import { SPEC_RULES } from "./spec-rules.ts";
import { SPEC_TRANSITIONS } from "./spec-transitions.ts";
import { statusSchema } from "./status.ts";
import { wording } from "./wording.ts";

export { SYMBOL_PATTERN } from "./identifiers.ts";
export type { StockFeedSpec } from "./spec-fields.ts";

/** API group and version of the StockFeed resource. */
export const API_VERSION = "stockfeed.dev/v1alpha1";
/** Kind of the StockFeed resource. */
export const KIND = "StockFeed";

/** Spec of a StockFeed: what one manifest says. */
export const specSchema = specFields.superRefine(
  (spec, context) => {
    // A wrong type of the spec itself leaves nothing to look at; an unknown field in it leaves everything.
    if (context.issues.some(({ code, path = [] }) => code === "invalid_type" && path.length === 0)) return;
    const wrong = new Set(context.issues.map((issue) => issue.path?.[0]));
    for (const { reads, violations } of SPEC_RULES) {
      if (reads.some((field) => wrong.has(field))) continue;
      for (const { path, value, rule, fix } of violations(spec)) {
        context.addIssue({ code: "custom", path: [...path], input: value, message: wording(rule, fix) });
      }
    }
  },
  // zod would skip the rules once any field is wrong; each knows itself what it reads.
  { when: () => true },
);

const setByServer = <Field extends z.ZodType>(field: Field) =>
  field.optional().meta({ description: "Set by the API server; of no effect here." });

const metadataSchema = z.strictObject({
  name: objectNameField("Name of the feed, unique in its namespace."),
  namespace: namespaceField("Namespace of the feed.").default("default"),
  labels: labelsField("Labels of the feed.").optional(),
  annotations: annotationsField("Annotations of the feed.").optional(),
  uid: setByServer(z.string()),
  resourceVersion: setByServer(z.string()),
  generation: setByServer(z.int()),
  creationTimestamp: setByServer(z.string()),
  deletionTimestamp: setByServer(z.string()),
  deletionGracePeriodSeconds: setByServer(z.int()),
  finalizers: setByServer(z.array(z.string())),
  ownerReferences: setByServer(z.array(z.looseObject({}))),
  managedFields: setByServer(z.array(z.looseObject({}))),
  selfLink: setByServer(z.string()),
});

/** A StockFeed manifest: the one source of its types, defaults, descriptions and rules. */
export const stockFeedSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION).meta({ description: "Group and version of the resource." }),
  kind: z.literal(KIND).meta({ description: "Kind of the resource." }),
  metadata: metadataSchema.meta({ description: "What the feed is called." }),
  spec: withCelRules(specSchema, [...SPEC_RULES.flatMap(({ cel }) => cel), ...SPEC_TRANSITIONS]).meta({
    description: "What the feed does.",
  }),
  status: statusSchema
    .optional()
    .meta({ description: "What the operator says of the feed; of no effect in a manifest." }),
});

/** A StockFeed with every default filled in. */
export type StockFeed = z.output<typeof stockFeedSchema>;

/** The feed's name wherever one string has to tell it: `namespace/name`. */
export function feedName(feed: Pick<StockFeed, "metadata">): string {
  return `${feed.metadata.namespace}/${feed.metadata.name}`;
}
