/**
 * What the operator may do on a cluster, as data: each rule with what it is for. It runs under exactly these; a test takes
 * each away in turn and sees it missed. Nothing here can read what a person could not also give: no Pods are made, no
 * roles, no Secrets written.
 */

/** A rule as RBAC has it. https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** A rule and what would fail without it. */
export interface OperatorRule extends PolicyRule {
  readonly why: string;
}

/** In every namespace that it watches. */
export const FEED_RULES: readonly OperatorRule[] = [
  {
    why: "feeds are what it works on",
    apiGroups: ["stockfeed.dev"],
    resources: ["stockfeeds"],
    verbs: ["list", "watch"],
  },
  {
    why: "its finalizer is a field of the feed",
    apiGroups: ["stockfeed.dev"],
    resources: ["stockfeeds"],
    verbs: ["patch"],
  },
  {
    why: "conditions and the market's state are the feed's status",
    apiGroups: ["stockfeed.dev"],
    resources: ["stockfeeds/status"],
    verbs: ["patch"],
  },
  {
    why: "workloads name the feed as an owner whose deletion waits for them, which some clusters let nobody do without this",
    apiGroups: ["stockfeed.dev"],
    resources: ["stockfeeds/finalizers"],
    verbs: ["update"],
  },
  {
    why: "pollers are CronJobs; get looks at one that another owner has by the same name",
    apiGroups: ["batch"],
    resources: ["cronjobs"],
    verbs: ["get", "list", "watch", "create", "patch", "delete"],
  },
  {
    why: "pollers without end are Deployments, and the engine is a StatefulSet",
    apiGroups: ["apps"],
    resources: ["deployments", "statefulsets"],
    verbs: ["get", "list", "watch", "create", "patch", "delete"],
  },
  {
    why: "pollers leave their summaries in their Pods",
    apiGroups: [""],
    resources: ["pods"],
    verbs: ["list", "watch"],
  },
  {
    why: "a feed that waits for its Secret goes on once it is there; of Secrets the names of their keys are kept, no value",
    apiGroups: [""],
    resources: ["secrets"],
    verbs: ["list", "watch"],
  },
  {
    why: "what happens to a feed is told in events, counted up where it happens again",
    apiGroups: ["events.k8s.io"],
    resources: ["events"],
    verbs: ["create", "patch"],
  },
];

/** On the cluster as a whole. */
export const CLUSTER_RULES: readonly OperatorRule[] = [
  {
    why: "the UID of kube-system tells this cluster's cloud objects from another's; not needed with --cluster-id",
    apiGroups: [""],
    resources: ["namespaces"],
    verbs: ["get"],
    resourceNames: ["kube-system"],
  },
];

/** In the operator's own namespace. @param leaseName the Lease that its replicas take turns by */
export const leaseRules = (leaseName: string): readonly OperatorRule[] => [
  {
    why: "replicas take turns by a Lease; one that is not there yet has no name to be allowed by",
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["create"],
  },
  {
    why: "the leader renews its Lease, and the others watch it grow old",
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["get", "update"],
    resourceNames: [leaseName],
  },
];

/** The rules as Kubernetes takes them. */
export function policyRules(rules: readonly OperatorRule[]): PolicyRule[] {
  return rules.map(({ apiGroups, resources, verbs, resourceNames }) => ({
    apiGroups,
    resources,
    verbs,
    ...(resourceNames && { resourceNames }),
  }));
}
