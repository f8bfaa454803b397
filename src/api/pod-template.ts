import { z } from "zod";
import { annotationsField, labelsField, objectNameField, unreserved } from "./identifiers.ts";
import { wording } from "./wording.ts";

const notation = wording("must be a Kubernetes quantity", "Write an amount such as 250m, 2 or 512Mi.");
/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const quantity = z
  .union([z.number().positive(notation), z.string().regex(/^[0-9]+(\.[0-9]+)?(m|[kMGTPE]|[KMGTPE]i)?$/, notation)], {
    error: notation,
  })
  .meta({ description: "An amount such as 250m, 2 or 512Mi." });

const quantities = (description: string) => z.record(z.string(), quantity).meta({ description });

const tolerationSchema = z
  .strictObject({
    key: z.string().min(1).optional().meta({ description: "Key of the taint; every key where it is left out." }),
    operator: z
      .enum(["Exists", "Equal"])
      .optional()
      .meta({ description: "Exists takes any value of the taint, Equal the one in value." }),
    value: z.string().optional().meta({ description: "Value of the taint." }),
    effect: z
      .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
      .optional()
      .meta({ description: "Effect of the taint; every effect where it is left out." }),
    tolerationSeconds: z
      .int()
      .optional()
      .meta({ description: "With effect NoExecute: seconds that a Pod stays after the taint comes." }),
  })
  .superRefine((toleration, context) => {
    const refuse = (field: keyof typeof toleration, rule: string, fix: string) => {
      context.addIssue({ code: "custom", path: [field], input: toleration[field], message: wording(rule, fix) });
    };
    if (toleration.key === undefined && toleration.operator !== "Exists") {
      refuse("key", "is required unless operator is Exists", "Name the taint's key, or write operator: Exists.");
    }
    if (toleration.operator === "Exists" && toleration.value !== undefined) {
      refuse("value", "must be left out with operator Exists", "Remove value, or write operator: Equal.");
    }
    if (toleration.tolerationSeconds !== undefined && toleration.effect !== "NoExecute") {
      refuse("tolerationSeconds", "needs effect NoExecute", "Write effect: NoExecute, or remove tolerationSeconds.");
    }
  });

/** What a feed's Pods carry beside what StockFeed sets. */
export const podTemplateSchema = z.strictObject({
  serviceAccountName: objectNameField("Kubernetes service account of the feed's Pods.").optional(),
  resources: z
    .strictObject({
      requests: quantities("What each container asks for, such as cpu: 100m.").optional(),
      limits: quantities("What each container may use at most, such as memory: 256Mi.").optional(),
    })
    .optional()
    .meta({ description: "Resource requests and limits of the feed's containers." }),
  nodeSelector: labelsField("Node labels that the feed's Pods need.").optional(),
  tolerations: z.array(tolerationSchema).max(50).optional().meta({
    description: "Taints that the feed's Pods tolerate.",
  }),
  labels: unreserved(labelsField("Labels added to the feed's Pods.")).optional(),
  annotations: unreserved(annotationsField("Annotations added to the feed's Pods.")).optional(),
});
