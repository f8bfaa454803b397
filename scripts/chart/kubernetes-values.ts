/**
 * Values that are Kubernetes' or Prometheus' own kinds of objects: their fields by name, so that a typo is refused before
 * anything is applied. Of what is in them the API server checks the rest.
 */
import { z } from "zod";

const text = z.string();
const texts = z.array(text);
const mapOfText = z.record(text, text);
const textOrNumber = z.union([text, z.number()]);
/** Lists of anything, under any of these names. */
const namedLists = (...names: readonly string[]) =>
  z.strictObject(Object.fromEntries(names.map((name) => [name, z.array(z.unknown()).optional()])));

const labelSelector = z
  .strictObject({
    matchLabels: mapOfText,
    matchExpressions: z.array(z.strictObject({ key: text, operator: text, values: texts.optional() })),
  })
  .partial();

/** https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ */
export const containerResources = z
  .strictObject({
    requests: z.record(text, textOrNumber),
    limits: z.record(text, textOrNumber),
    claims: z.array(z.strictObject({ name: text, request: text.optional() })),
  })
  .partial();

export const secretName = z.strictObject({ name: z.string().min(1) });

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
export const toleration = z
  .strictObject({
    key: text,
    operator: text,
    value: text,
    effect: z.enum(["", "NoSchedule", "PreferNoSchedule", "NoExecute"]),
    tolerationSeconds: z.int(),
  })
  .partial();

const affinityRules = namedLists(
  "requiredDuringSchedulingIgnoredDuringExecution",
  "preferredDuringSchedulingIgnoredDuringExecution",
);

/** https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/ */
export const affinity = z
  .strictObject({
    nodeAffinity: z
      .strictObject({
        requiredDuringSchedulingIgnoredDuringExecution: namedLists("nodeSelectorTerms"),
        preferredDuringSchedulingIgnoredDuringExecution: z.array(z.unknown()),
      })
      .partial(),
    podAffinity: affinityRules,
    podAntiAffinity: affinityRules,
  })
  .partial();

/** https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
export const topologySpread = z.strictObject({
  maxSkew: z.int().min(1),
  topologyKey: z.string().min(1),
  whenUnsatisfiable: z.enum(["DoNotSchedule", "ScheduleAnyway"]),
  labelSelector: labelSelector.optional(),
  matchLabelKeys: texts.optional(),
  minDomains: z.int().min(1).optional(),
  nodeAffinityPolicy: z.enum(["Honor", "Ignore"]).optional(),
  nodeTaintsPolicy: z.enum(["Honor", "Ignore"]).optional(),
});

/** What a schema has to say itself: of an object whose fields may all be left out, that one is there. */
const NOT_EMPTY = { minProperties: 1 };

/**
 * A rule of what a NetworkPolicy lets out. To Kubernetes a rule without `to` means every address, one without `ports` every
 * port, and an empty list is as none: so a rule has one of both at least, and neither is empty.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export const egressRule = z
  .strictObject({
    ports: z
      .array(
        z
          .strictObject({ port: z.union([z.int(), text]), endPort: z.int(), protocol: z.enum(["TCP", "UDP", "SCTP"]) })
          .partial()
          .meta(NOT_EMPTY),
      )
      .min(1),
    to: z
      .array(
        z
          .strictObject({
            ipBlock: z.strictObject({ cidr: text, except: texts.optional() }),
            namespaceSelector: labelSelector,
            podSelector: labelSelector,
          })
          .partial()
          .meta(NOT_EMPTY),
      )
      .min(1),
  })
  .partial()
  .meta(NOT_EMPTY);

/** A group of rules of the Prometheus Operator; Google's ClusterRules take fewer fields. */
export const ruleGroup = z.strictObject({
  name: z.string().min(1),
  interval: text.optional(),
  query_offset: text.optional(),
  limit: z.int().optional(),
  partial_response_strategy: text.optional(),
  labels: mapOfText.optional(),
  rules: z.array(
    z.strictObject({
      alert: text.optional(),
      record: text.optional(),
      expr: textOrNumber,
      for: text.optional(),
      keep_firing_for: text.optional(),
      labels: mapOfText.optional(),
      annotations: mapOfText.optional(),
    }),
  ),
});
