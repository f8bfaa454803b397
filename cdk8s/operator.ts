/**
 * The operator's install, as objects: its namespace, service account, rights and Deployment, and what settings ask for
 * beside them. A test holds it equal to what the chart `stockfeed-operator` renders. The CRD is apart, since it outlives
 * any install: deleting it would delete every feed.
 *
 * - With `namespaces` the operator has rights in those alone, by a Role in each, and none over the cluster but to read
 *   the UID of kube-system. Without, it has them in every namespace.
 * - One replica does; several take turns by a Lease, so that another goes on within seconds.
 */
import { App, Chart } from "cdk8s";
import * as k8s from "cdk8s-plus-27/lib/imports/k8s.js";
import { Construct } from "constructs";
import type { KubeObject } from "../src/api/kube-object.ts";
import { boards } from "./operator-boards.ts";
import { deployment } from "./operator-deployment.ts";
import { operatorLabels, SHARED_LABELS } from "./operator-labels.ts";
import { monitoring } from "./operator-monitoring.ts";
import { CLUSTER_RULES, FEED_RULES, leaseRules, type OperatorRule, policyRules } from "./operator-rules.ts";
import type { OperatorSettings } from "./operator-settings.ts";
import { networkPolicy, podDisruptionBudget, service } from "./operator-traffic.ts";
import { withoutEmpty } from "./without-empty.ts";

const NAME = "stockfeed-operator";

/**
 * The operator and all that it needs. Several may be on a cluster, each with a `name` of its own; by `namespaces` or
 * `--selector` they then share out the feeds, since two that look after one feed would contradict each other.
 */
export class StockFeedOperator extends Construct {
  constructor(scope: Construct, id: string, settings: OperatorSettings) {
    super(scope, id);
    const { namespace, name = NAME } = settings;
    if (settings.dataset !== undefined && settings.project === undefined) {
      throw new Error(
        `dataset is ${settings.dataset}, and project is left out. Name the project that the dataset is in.`,
      );
    }
    // Of the namespace it is not said whose it is: installs may share one.
    new k8s.KubeNamespace(this, "namespace", { metadata: { name: namespace, labels: SHARED_LABELS } });
    const serviceAccountName = serviceAccount(this, name, settings);
    if (settings.rbac !== false) rights(this, { name, serviceAccountName }, settings);
    deployment(this, { name, serviceAccountName }, settings);
    service(this, name, settings);
    podDisruptionBudget(this, name, settings);
    networkPolicy(this, name, settings);
    monitoring(this, name, settings);
    boards(this, name, settings);
  }
}

/** The objects of an install, in the order in which they can be made. */
export function operatorInstall(settings: OperatorSettings): KubeObject[] {
  const chart = new Chart(new App(), "operator", { disableResourceNameHashes: true });
  new StockFeedOperator(chart, "operator", settings);
  return chart.toJson().map((object) => withoutEmpty(object) as KubeObject);
}

/** @returns its name */
function serviceAccount(scope: Construct, install: string, settings: OperatorSettings): string {
  const { namespace, serviceAccount: { create = true, name, annotations = {} } = {} } = settings;
  if (!create) {
    if (name !== undefined) return name;
    throw new Error("serviceAccount.create is false, and serviceAccount.name is left out. Name the account to run as.");
  }
  const metadata = { name: name ?? install, namespace, labels: operatorLabels(install), annotations };
  new k8s.KubeServiceAccount(scope, "service-account", { metadata });
  return metadata.name;
}

type Rules = readonly OperatorRule[];

/** What an install is called, and its account. */
interface Names {
  readonly name: string;
  readonly serviceAccountName: string;
}

function rights(scope: Construct, { name, serviceAccountName }: Names, settings: OperatorSettings): void {
  const { namespace, leaseName = name } = settings;
  // As with the flag, none named is all of them.
  const namespaces = settings.namespaces?.length === 0 ? undefined : settings.namespaces;
  const account = { kind: "ServiceAccount", name: serviceAccountName, namespace };
  const labels = operatorLabels(name);
  const everywhere = namespaces === undefined ? [...CLUSTER_RULES, ...FEED_RULES] : CLUSTER_RULES;
  grantEverywhere(scope, { name, labels }, everywhere, account);
  for (const each of namespaces ?? []) grantIn(scope, { name, namespace: each, labels }, FEED_RULES, account);
  grantIn(scope, { name: `${name}-lease`, namespace, labels }, leaseRules(leaseName), account);
}

/** What a role is called, and where it is. */
interface RoleMetadata {
  readonly name: string;
  readonly labels: Record<string, string>;
}

function grantEverywhere(scope: Construct, metadata: RoleMetadata, rules: Rules, account: k8s.Subject): void {
  new k8s.KubeClusterRole(scope, "cluster-role", { metadata, rules: policyRules(rules) as k8s.PolicyRule[] });
  new k8s.KubeClusterRoleBinding(scope, "cluster-role-binding", {
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: metadata.name },
    subjects: [account],
  });
}

function grantIn(
  scope: Construct,
  metadata: RoleMetadata & { readonly namespace: string },
  rules: Rules,
  account: k8s.Subject,
): void {
  const { name, namespace } = metadata;
  new k8s.KubeRole(scope, `role-${name}-${namespace}`, { metadata, rules: policyRules(rules) as k8s.PolicyRule[] });
  new k8s.KubeRoleBinding(scope, `role-binding-${name}-${namespace}`, {
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
    subjects: [account],
  });
}
