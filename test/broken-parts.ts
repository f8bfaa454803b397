/** A rule, what is set in a valid manifest to break it, where the one problem must then be, and what it must say. */
export type Break = readonly [
  rule: string,
  set: Readonly<Record<string, unknown>>,
  path: string,
  says: RegExp,
  /** What an API server says, where its words are others. */
  server?: RegExp,
];

const CLOUD = {
  "spec.engine": "Dataflow",
  "spec.pubsub": { projectId: "acme-feeds" },
  "spec.sink": { bigQuery: { projectId: "acme-data", dataset: "markets" } },
  "spec.dataflow": { projectIds: ["acme-feeds"], region: "europe-west2", tempLocation: "gs://acme/tmp" },
};

/** Breaks of the rules over engine, cloud and Pods, and of those over what a field is called. */
export const BROKEN_PARTS: readonly Break[] = [
  [
    "engines are known",
    { "spec.engine": "Flink" },
    "spec.engine",
    /Embedded or Dataflow/,
    /supported values: "Embedded", "Dataflow"/,
  ],
  ...(["dataflow", "pubsub", "sink"] as const).map((part): Break => [
    `Dataflow needs ${part}`,
    { ...CLOUD, [`spec.${part}`]: undefined },
    `spec.${part}`,
    /required under engine Dataflow/,
  ]),
  [
    "a region is no zone",
    { ...CLOUD, "spec.dataflow.region": "europe-west2-a" },
    "spec.dataflow.region",
    /must be a Google Cloud region/,
  ],
  [
    "a temporary location is a bucket's",
    { ...CLOUD, "spec.dataflow.tempLocation": "/tmp" },
    "spec.dataflow.tempLocation",
    /Cloud Storage/,
  ],
  ["projects have IDs", { "spec.pubsub": { projectId: "Acme" } }, "spec.pubsub.projectId", /project ID/],
  ["a sink is BigQuery", { "spec.sink": {} }, "spec.sink.bigQuery", /is required/, /Required value/],
  ["archive is true or false", { "spec.archive": "yes" }, "spec.archive", /true or false/, /must be of type boolean/],
  [
    "label keys are Kubernetes'",
    { "spec.podTemplate": { labels: { "a b": "c" } } },
    'spec.podTemplate.labels["a b"]',
    /label key/,
  ],
  [
    "label values are text",
    { "spec.podTemplate": { labels: { team: 5 } } },
    "spec.podTemplate.labels.team",
    /Put it in quotes/,
    /must be of type string/,
  ],
  [
    "the operator's labels are its own",
    { "spec.podTemplate": { labels: { "stockfeed.dev/feed": "x" } } },
    'spec.podTemplate.labels["stockfeed.dev/feed"]',
    /operator's/,
  ],
  [
    "quantities are Kubernetes'",
    { "spec.podTemplate": { resources: { limits: { cpu: "lots" } } } },
    "spec.podTemplate.resources.limits.cpu",
    /quantity/,
  ],
  [
    "tolerations have a key",
    { "spec.podTemplate": { tolerations: [{ value: "x" }] } },
    "spec.podTemplate.tolerations[0].key",
    /unless operator is Exists/,
  ],
  [
    "Exists has no value",
    { "spec.podTemplate": { tolerations: [{ key: "a", operator: "Exists", value: "x" }] } },
    "spec.podTemplate.tolerations[0].value",
    /left out/,
  ],
  [
    "only NoExecute has seconds",
    { "spec.podTemplate": { tolerations: [{ key: "a", tolerationSeconds: 5 }] } },
    "spec.podTemplate.tolerations[0].tolerationSeconds",
    /NoExecute/,
  ],
  [
    "a field is known in the spec",
    { "spec.symbol": ["A"] },
    "spec.symbol",
    /Did you mean symbols\?/,
    /unknown field "spec\.symbol"/,
  ],
  [
    "a field is known in polling",
    { "spec.polling.intervall": "10s" },
    "spec.polling.intervall",
    /Did you mean interval\?/,
    /unknown field "spec\.polling\.intervall"/,
  ],
  [
    "a field is known in the metadata",
    { "metadata.label": {} },
    "metadata.label",
    /Did you mean labels\?/,
    /unknown field "metadata\.label"/,
  ],
  [
    "a field is at its own place",
    { "spec.drainTimeout": "10m" },
    "spec.drainTimeout",
    /belongs at spec\.dataflow\.drainTimeout/,
    /unknown field "spec\.drainTimeout"/,
  ],
  ["a field is known at the top", { specs: {} }, "specs", /Did you mean spec\?/, /unknown field "specs"/],
  ["a resource is a StockFeed", { kind: "Secret" }, "kind", /must be StockFeed/],
  [
    "a version is known",
    { apiVersion: "stockfeed.dev/v9" },
    "apiVersion",
    /v1alpha1/,
    /in version "v9" cannot be handled/,
  ],
];
