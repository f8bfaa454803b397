/** What an install's Pods are reached by, what they may reach, and how many of them may be away at once. */
import { ApiObject } from "cdk8s";
import * as k8s from "cdk8s-plus-27/lib/imports/k8s.js";
import type { Construct } from "constructs";
import { METRICS_PORT } from "../src/plan/names.ts";
import { DNS, METADATA_SERVER, SCRAPES, tcp } from "./network-rules.ts";
import { operatorLabels } from "./operator-labels.ts";
import type { OperatorSettings } from "./operator-settings.ts";

const METRICS = "metrics";

/** The Service of the metrics port, of the chart's number whatever the container's is. */
export function service(scope: Construct, name: string, { namespace, service: own = {} }: OperatorSettings): void {
  if (own === false) return;
  const labels = operatorLabels(name);
  new k8s.KubeService(scope, "service", {
    metadata: { name, namespace, labels, annotations: own.annotations ?? {} },
    spec: {
      selector: labels,
      ports: [{ name: METRICS, port: 8080, targetPort: k8s.IntOrString.fromString(METRICS), protocol: "TCP" }],
    },
  });
}

export function podDisruptionBudget(scope: Construct, name: string, settings: OperatorSettings): void {
  const { namespace, podDisruptionBudget: budget } = settings;
  if (budget === undefined) return;
  const labels = operatorLabels(name);
  new k8s.KubePodDisruptionBudget(scope, "pod-disruption-budget", {
    metadata: { name, namespace, labels },
    spec: {
      maxUnavailable: k8s.IntOrString.fromNumber(budget.maxUnavailable ?? 1),
      selector: { matchLabels: labels },
    },
  });
}

/** What of feeds runs without end, in any namespace: the operator asks it how it is. */
const FEEDS = {
  to: [
    {
      namespaceSelector: { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "Exists" }] },
      podSelector: {
        matchLabels: { "app.kubernetes.io/managed-by": "stockfeed" },
        matchExpressions: [{ key: "app.kubernetes.io/component", operator: "In", values: ["poller", "stream"] }],
      },
    },
  ],
  ports: [tcp(METRICS_PORT)],
};

/** Lets scrapes in, and out what goes to DNS, the API server, Google's APIs, feeds' Pods and the metadata server. */
export function networkPolicy(scope: Construct, name: string, settings: OperatorSettings): void {
  const { namespace, networkPolicy: policy } = settings;
  if (policy === undefined) return;
  const labels = operatorLabels(name);
  const { apiServerPorts = [443, 6443], extraEgress = [] } = policy;
  new ApiObject(scope, "network-policy", {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace, labels },
    spec: {
      podSelector: { matchLabels: labels },
      policyTypes: ["Ingress", "Egress"],
      ingress: [SCRAPES],
      // The API server and Google's APIs: neither has an address that is known here.
      egress: [DNS, { ports: apiServerPorts.map(tcp) }, FEEDS, METADATA_SERVER, ...extraEgress],
    },
  });
}
