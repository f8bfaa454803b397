/**
 * The operator's install, as objects: its namespace, service account, rights and Deployment. The CRD is apart, since it
 * outlives any install: deleting it would delete every feed.
 *
 * - With `namespaces` the operator has rights in those alone, by a Role in each, and none over the cluster but to read
 *   the UID of kube-system. Without, it has them in every namespace.
 * - One replica does; several take turns by a Lease, so that another goes on within seconds.
 */
import { App, Chart } from "cdk8s";
import * as k8s from "cdk8s-plus-27/lib/imports/k8s.js";
import { Construct } from "constructs";
import type { KubeObject } from "../src/api/kube-object.ts";
import { quantities } from "./feed-pod.ts";
import { CLUSTER_RULES, FEED_RULES, leaseRules, type OperatorRule, policyRules } from "./operator-rules.ts";
import { withoutEmpty } from "./without-empty.ts";

export interface OperatorSettings {
  /** Name of its objects, of the cluster's too; installs side by side each have their own. By default stockfeed-operator. */
  readonly name?: string;
  /** Where the operator runs. */
  readonly namespace: string;
  /** Its image, which is the feeds' Pods' too. */
  readonly image: string;
  readonly imagePullPolicy?: string;
  readonly replicas?: number;
  /** The Lease that replicas take turns by, by default of the install's name. */
  readonly leaseName?: string;
  /** Where it looks for feeds; everywhere where it is left out. */
  readonly namespaces?: readonly string[];
  /** Cloud projects that feeds may use; all where it is left out. */
  readonly allowedProjects?: readonly string[];
  /** More flags of `stockfeed operator`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Annotations of the service account, such as the one that names its Google service account. */
  readonly serviceAccountAnnotations?: Readonly<Record<string, string>>;
}

const NAME = "stockfeed-operator";
const PORT = 8080;
/** As in the containers of feeds. */
const PORT_VARIABLE = "STOCKFEED_METRICS_PORT";
const SHARED_LABELS = {
  "app.kubernetes.io/name": "stockfeed",
  "app.kubernetes.io/component": "operator",
};
const labelsOf = (name: string) => ({ ...SHARED_LABELS, "app.kubernetes.io/instance": name });

/**
 * The container's environment, unless settings say otherwise. Left to itself, Node lets new objects fill 48 MiB before it
 * looks which are still needed, and grows its heap fourfold at a time where it thinks that it has the whole node; and the
 * C library keeps a heap for each thread. With these, a thousand feeds take 120 MiB less.
 */
const ENV = {
  [PORT_VARIABLE]: String(PORT),
  // Of the container's limit, what buffers and code leave.
  NODE_OPTIONS: "--max-semi-space-size=4 --max-old-space-size=768",
  MALLOC_ARENA_MAX: "2",
};

/**
 * The operator and all that it needs. Several may be on a cluster, each with a `name` of its own; by `namespaces` or
 * `--selector` they then share out the feeds, since two that look after one feed would contradict each other.
 */
export class StockFeedOperator extends Construct {
  constructor(scope: Construct, id: string, settings: OperatorSettings) {
    super(scope, id);
    const { namespace, name = NAME, serviceAccountAnnotations } = settings;
    // As with the flag, none named is all of them.
    const namespaces = settings.namespaces?.length === 0 ? undefined : settings.namespaces;
    // Of the namespace it is not said whose it is: installs may share one.
    new k8s.KubeNamespace(this, "namespace", { metadata: { name: namespace, labels: SHARED_LABELS } });
    new k8s.KubeServiceAccount(this, "service-account", {
      metadata: { name, namespace, labels: labelsOf(name), annotations: serviceAccountAnnotations ?? {} },
    });
    const account = { kind: "ServiceAccount", name, namespace };
    const everywhere = namespaces === undefined ? [...CLUSTER_RULES, ...FEED_RULES] : CLUSTER_RULES;
    grantEverywhere(this, name, everywhere, account);
    for (const each of namespaces ?? []) grantIn(this, { name, namespace: each }, FEED_RULES, account);
    grantIn(this, { name: `${name}-lease`, namespace }, leaseRules(settings.leaseName ?? name), account);
    deployment(this, name, settings);
  }
}

/** The objects of an install, in the order in which they can be made. */
export function operatorInstall(settings: OperatorSettings): KubeObject[] {
  const chart = new Chart(new App(), "operator", { disableResourceNameHashes: true });
  new StockFeedOperator(chart, "operator", settings);
  return chart.toJson().map((object) => withoutEmpty(object) as KubeObject);
}

type Rules = readonly OperatorRule[];

function grantEverywhere(scope: Construct, name: string, rules: Rules, account: k8s.Subject): void {
  const metadata = { name, labels: labelsOf(account.name) };
  new k8s.KubeClusterRole(scope, "cluster-role", { metadata, rules: policyRules(rules) as k8s.PolicyRule[] });
  new k8s.KubeClusterRoleBinding(scope, "cluster-role-binding", {
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
    subjects: [account],
  });
}

/** Where a role is, and what it is called. */
interface RolePlace {
  readonly name: string;
  readonly namespace: string;
}

function grantIn(scope: Construct, { name, namespace }: RolePlace, rules: Rules, account: k8s.Subject): void {
  const metadata = { name, namespace, labels: labelsOf(account.name) };
  new k8s.KubeRole(scope, `role-${name}-${namespace}`, { metadata, rules: policyRules(rules) as k8s.PolicyRule[] });
  new k8s.KubeRoleBinding(scope, `role-binding-${name}-${namespace}`, {
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
    subjects: [account],
  });
}

function deployment(scope: Construct, name: string, settings: OperatorSettings): void {
  const labels = labelsOf(name);
  new k8s.KubeDeployment(scope, "deployment", {
    metadata: { name, namespace: settings.namespace, labels },
    spec: {
      replicas: settings.replicas ?? 1,
      revisionHistoryLimit: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 30,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          containers: [container(settings)],
        },
      },
    },
  });
}

function container(settings: OperatorSettings): k8s.Container {
  const { image, imagePullPolicy, name, namespaces, allowedProjects, args = [], env = {} } = settings;
  const leaseName = settings.leaseName ?? name;
  const port = { name: "metrics", containerPort: PORT, protocol: "TCP" };
  const check = (path: string) => ({
    httpGet: { path, port: k8s.IntOrString.fromString(port.name) },
    timeoutSeconds: 5,
  });
  const list = (flag: string, values: readonly string[] | undefined) =>
    values && values.length > 0 ? [`--${flag}=${values.join(",")}`] : [];
  return {
    name: "operator",
    image,
    ...(imagePullPolicy !== undefined && { imagePullPolicy }),
    args: [
      "operator",
      `--image=${image}`,
      ...(imagePullPolicy === undefined ? [] : [`--image-pull-policy=${imagePullPolicy}`]),
      `--metrics-address=:$(${PORT_VARIABLE})`,
      ...(leaseName === undefined ? [] : [`--lease-name=${leaseName}`]),
      ...list("namespaces", namespaces),
      ...list("allowed-projects", allowedProjects),
      ...args,
    ],
    env: Object.entries({ ...ENV, ...env }).map(([name, value]) => ({ name, value })),
    ports: [port],
    // Caches of ten thousand feeds take some 600 MB; a hundred fit into the request.
    resources: { requests: quantities({ cpu: "100m", memory: "256Mi" }), limits: quantities({ memory: "1Gi" }) },
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
