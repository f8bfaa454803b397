/** The Deployment of an install: one container, under the restricted Pod security standard. */
import * as k8s from "cdk8s-plus-27/lib/imports/k8s.js";
import type { Construct } from "constructs";
import { quantities } from "./feed-pod.ts";
import { operatorLabels } from "./operator-labels.ts";
import type { OperatorSettings } from "./operator-settings.ts";

const PORT = 8080;
/** As in the containers of feeds. */
const PORT_VARIABLE = "STOCKFEED_METRICS_PORT";
/** Caches of ten thousand feeds take some 600 MB; a hundred fit into the request. */
const RESOURCES = { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "1Gi" } };
/** Of the container's limit, what buffers and code leave. */
const MAX_HEAP_MIB = 768;

/** What an install is called, and its account. */
interface Names {
  readonly name: string;
  readonly serviceAccountName: string;
}

export function deployment(scope: Construct, { name, serviceAccountName }: Names, settings: OperatorSettings): void {
  const labels = operatorLabels(name);
  const { pod = {}, imagePullSecrets = [], replicas = 1 } = settings;
  const { nodeSelector, tolerations, affinity, priorityClassName } = pod;
  const taken = Object.keys(pod.labels ?? {}).find((label) => label in labels);
  if (taken !== undefined) {
    throw new Error(`pod.labels has ${taken}, by which the Deployment finds its Pods. Leave it out.`);
  }
  const spread = pod.topologySpreadConstraints ?? (replicas > 1 ? [overNodes(labels)] : []);
  new k8s.KubeDeployment(scope, "deployment", {
    metadata: { name, namespace: settings.namespace, labels },
    spec: {
      replicas,
      revisionHistoryLimit: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels: { ...labels, ...pod.labels }, annotations: pod.annotations ?? {} },
        spec: {
          serviceAccountName,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 30,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          imagePullSecrets: imagePullSecrets.map((secret) => ({ name: secret })),
          ...(priorityClassName !== undefined && { priorityClassName }),
          ...(nodeSelector && { nodeSelector }),
          ...(tolerations && { tolerations: [...tolerations] }),
          ...(affinity && { affinity }),
          topologySpreadConstraints: [...spread],
          containers: [container(name, settings)],
        },
      },
    },
  });
}

const overNodes = (matchLabels: Record<string, string>): k8s.TopologySpreadConstraint => ({
  maxSkew: 1,
  topologyKey: "kubernetes.io/hostname",
  whenUnsatisfiable: "ScheduleAnyway",
  labelSelector: { matchLabels },
});

function container(name: string, settings: OperatorSettings): k8s.Container {
  const { image, imagePullPolicy } = settings;
  const env: Record<string, string> = { ...environment(settings.pod?.maxHeapMib ?? MAX_HEAP_MIB), ...settings.env };
  const port = { name: "metrics", containerPort: Number(env[PORT_VARIABLE]), protocol: "TCP" };
  const check = (path: string) => ({
    httpGet: { path, port: k8s.IntOrString.fromString(port.name) },
    timeoutSeconds: 5,
  });
  const { requests, limits } = settings.pod?.resources ?? RESOURCES;
  return {
    name: "operator",
    image,
    ...(imagePullPolicy !== undefined && { imagePullPolicy }),
    args: flags(name, settings),
    env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
    ports: [port],
    resources: { ...(requests && { requests: quantities(requests) }), ...(limits && { limits: quantities(limits) }) },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    terminationMessagePolicy: "FallbackToLogsOnError",
    startupProbe: { ...check("/healthz"), periodSeconds: 2, failureThreshold: 60 },
    livenessProbe: { ...check("/healthz"), periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...check("/readyz"), periodSeconds: 5 },
  };
}

function flags(name: string, settings: OperatorSettings): string[] {
  const {
    image,
    imagePullPolicy,
    leaseName = name,
    namespaces,
    project,
    dataset,
    allowedProjects,
    args = [],
  } = settings;
  const one = (flag: string, value: string | undefined) => (value === undefined ? [] : [`--${flag}=${value}`]);
  const list = (flag: string, values: readonly string[] = []) =>
    values.length > 0 ? [`--${flag}=${values.join(",")}`] : [];
  return [
    "operator",
    `--image=${image}`,
    ...one("image-pull-policy", imagePullPolicy),
    `--metrics-address=:$(${PORT_VARIABLE})`,
    `--lease-name=${leaseName}`,
    ...list("namespaces", namespaces),
    ...one("project", project),
    ...one("dataset", dataset),
    ...list("allowed-projects", allowedProjects),
    ...args,
  ];
}

/**
 * The container's environment, unless settings say otherwise. Left to itself, Node lets new objects fill 48 MiB before it
 * looks which are still needed, and grows its heap fourfold at a time where it thinks that it has the whole node; and the
 * C library keeps a heap for each thread. With these, a thousand feeds take 120 MiB less.
 */
const environment = (maxHeapMib: number) => ({
  [PORT_VARIABLE]: String(PORT),
  NODE_OPTIONS: `--max-semi-space-size=4 --max-old-space-size=${maxHeapMib}`,
  MALLOC_ARENA_MAX: "2",
});
