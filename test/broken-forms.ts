import type { Break } from "./broken-parts.ts";

const pods = (podTemplate: object) => ({ "spec.podTemplate": podTemplate });
const POD = "spec.podTemplate";

/** A text or a key of a wrong form, at each place that has the form and is not among the other breaks. */
const FORMS: readonly (readonly [path: string, set: Readonly<Record<string, unknown>>, says: RegExp])[] = [
  [
    "spec.provider.credentialsSecretRef.name",
    { "spec.provider": { type: "Alpaca", credentialsSecretRef: { name: "a b" } } },
    /Kubernetes name/,
  ],
  ["spec.polling.staleAfter", { "spec.polling.staleAfter": "25h" }, /1s to 24h/],
  [
    "spec.resolutions[0].offset",
    { "spec.polling": { interval: "1s" }, "spec.resolutions": [{ window: "1m", offset: "25h" }] },
    /0s to 24h/,
  ],
  ["spec.sink.bigQuery.projectId", { "spec.sink": { bigQuery: { projectId: "A", dataset: "a" } } }, /project ID/],
  ["spec.sink.bigQuery.dataset", { "spec.sink": { bigQuery: { projectId: "a", dataset: "a-b" } } }, /dataset name/],
  [
    "spec.dataflow.projectIds[0]",
    { "spec.dataflow": { projectIds: ["A"], region: "europe-west2", tempLocation: "gs://acme" } },
    /project ID/,
  ],
  [
    "spec.dataflow.drainTimeout",
    {
      "spec.dataflow": { projectIds: ["a"], region: "europe-west2", tempLocation: "gs://acme", drainTimeout: "0s" },
    },
    /1s to 24h/,
  ],
  [`${POD}.serviceAccountName`, pods({ serviceAccountName: "A" }), /Kubernetes name/],
  [`${POD}.poller.serviceAccountName`, pods({ poller: { serviceAccountName: "A" } }), /Kubernetes name/],
  [`${POD}.stream.serviceAccountName`, pods({ stream: { serviceAccountName: "A" } }), /Kubernetes name/],
  [`${POD}.resources.requests["a b"]`, pods({ resources: { requests: { "a b": 1 } } }), /label key/],
  [`${POD}.resources.requests.cpu`, pods({ resources: { requests: { cpu: "1 core" } } }), /quantity/],
  [`${POD}.resources.limits["a b"]`, pods({ resources: { limits: { "a b": 1 } } }), /label key/],
  [`${POD}.nodeSelector["a b"]`, pods({ nodeSelector: { "a b": "c" } }), /label key/],
  [`${POD}.nodeSelector.a`, pods({ nodeSelector: { a: "b c" } }), /label value/],
  [`${POD}.tolerations[0].key`, pods({ tolerations: [{ key: "a b" }] }), /label key/],
  [`${POD}.tolerations[0].value`, pods({ tolerations: [{ key: "a", value: "b c" }] }), /label value/],
  [`${POD}.labels.a`, pods({ labels: { a: "b c" } }), /label value/],
  [`${POD}.annotations["a b"]`, pods({ annotations: { "a b": "c" } }), /label key/],
  [`${POD}.annotations["stockfeed.dev/a"]`, pods({ annotations: { "stockfeed.dev/a": "b" } }), /operator's/],
];

export const BROKEN_FORMS: readonly Break[] = FORMS.map(([path, set, says]) => [
  `the form of ${path}`,
  set,
  path,
  says,
]);
