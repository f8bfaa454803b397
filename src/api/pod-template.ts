import { z } from "zod";
import { celMessage, celText, withCelRules } from "./cel.ts";
import {
  annotationsField,
  keyed,
  labelKeyField,
  labelsField,
  labelValueField,
  objectNameField,
  unreserved,
} from "./identifiers.ts";
import { type Wording, wording } from "./wording.ts";

const MOST_ENTRIES = 64;

const QUANTITY = /^[0-9]+(\.[0-9]+)?(m|[kMGTPE]|[KMGTPE]i)?$/;
const quantityWording = { rule: "must be a Kubernetes quantity", fix: "Write an amount such as 250m, 2 or 512Mi." };
const notation = wording(quantityWording.rule, quantityWording.fix);
/**
 * Whole numbers alone without a unit, as CRDs have it.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
const quantity = withCelRules(
  z.union([z.int(notation).min(0, notation), z.string().max(32, notation).regex(QUANTITY, notation)], {
    error: notation,
  }),
  [
    {
      rule: `type(self) != string || self.matches(${celText(QUANTITY.source)})`,
      message: celMessage(quantityWording),
    },
  ],
).meta({ description: "An amount such as 250m, 2 or 512Mi." });

const quantities = (description: string) => keyed(z.record(labelKeyField, quantity), 20).meta({ description });

const taintFields = z.strictObject({
  key: labelKeyField.optional().meta({ description: "Key of the taint; every key where it is left out." }),
  operator: z
    .enum(["Exists", "Equal"])
    .optional()
    .meta({ description: "Exists takes any value of the taint, Equal the one in value." }),
  value: labelValueField.optional().meta({ description: "Value of the taint." }),
  effect: z
    .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
    .optional()
    .meta({ description: "Effect of the taint; every effect where it is left out." }),
  tolerationSeconds: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .optional()
    .meta({ description: "With effect NoExecute: seconds that a Pod stays after the taint comes." }),
});

/** A rule over several fields of a toleration, for zod and for the API server. */
interface TolerationRule extends Wording {
  readonly field: keyof z.output<typeof taintFields>;
  readonly holds: (toleration: z.output<typeof taintFields>) => boolean;
  readonly cel: string;
}

const TOLERATION_RULES: readonly TolerationRule[] = [
  {
    field: "key",
    holds: ({ key, operator }) => key !== undefined || operator === "Exists",
    cel: "has(self.key) || (has(self.operator) && self.operator == 'Exists')",
    rule: "is required unless operator is Exists",
    fix: "Name the taint's key, or write operator: Exists.",
  },
  {
    field: "value",
    holds: ({ value, operator }) => value === undefined || operator !== "Exists",
    cel: "!has(self.value) || !has(self.operator) || self.operator != 'Exists'",
    rule: "must be left out with operator Exists",
    fix: "Remove value, or write operator: Equal.",
  },
  {
    field: "tolerationSeconds",
    holds: ({ tolerationSeconds, effect }) => tolerationSeconds === undefined || effect === "NoExecute",
    cel: "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
    rule: "needs effect NoExecute",
    fix: "Write effect: NoExecute, or remove tolerationSeconds.",
  },
];

const tolerationSchema = withCelRules(
  taintFields.superRefine((toleration, context) => {
    for (const { field, holds, rule, fix } of TOLERATION_RULES) {
      if (holds(toleration)) continue;
      context.addIssue({ code: "custom", path: [field], input: toleration[field], message: wording(rule, fix) });
    }
  }),
  TOLERATION_RULES.map(({ field, cel, ...words }) => ({
    rule: cel,
    message: celMessage(words),
    fieldPath: `.${field}`,
  })),
).meta({ description: "A taint that the feed's Pods tolerate." });

/** What only the Pods of one component have. */
const componentSchema = (pods: string) =>
  z
    .strictObject({
      serviceAccountName: objectNameField(
        `Kubernetes service account of ${pods}; podTemplate.serviceAccountName where it is left out.`,
      ).optional(),
    })
    .optional()
    .meta({ description: `What is set for ${pods} alone.` });

/** What a feed's Pods carry beside what StockFeed sets. */
export const podTemplateSchema = z.strictObject({
  serviceAccountName: objectNameField("Kubernetes service account of the feed's Pods.").optional(),
  poller: componentSchema("the Pods that poll"),
  stream: componentSchema("the embedded engine's Pod"),
  resources: z
    .strictObject({
      requests: quantities("What each container asks for, such as cpu: 100m.").optional(),
      limits: quantities("What each container may use at most, such as memory: 256Mi.").optional(),
    })
    .optional()
    .meta({ description: "Resource requests and limits of the feed's containers." }),
  nodeSelector: keyed(labelsField("Node labels that the feed's Pods need."), MOST_ENTRIES)
    .meta({ "x-kubernetes-map-type": "atomic" })
    .optional(),
  tolerations: z.array(tolerationSchema).max(50).optional().meta({
    description: "Taints that the feed's Pods tolerate.",
    "x-kubernetes-list-type": "atomic",
  }),
  labels: unreserved(keyed(labelsField("Labels added to the feed's Pods."), MOST_ENTRIES)).optional(),
  annotations: unreserved(
    keyed(annotationsField("Annotations added to the feed's Pods.", 4096), MOST_ENTRIES),
  ).optional(),
});
