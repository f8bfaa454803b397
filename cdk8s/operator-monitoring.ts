/**
 * What scrapes an install and holds it to its alerts. Their kinds are of the Prometheus Operator's and of Google's, which a
 * cluster has or has not: each is made only where it is asked for.
 */
import { ApiObject } from "cdk8s";
import type { Construct } from "constructs";
import { alertGroups } from "./operator-alert-groups.ts";
import { operatorLabels, SHARED_LABELS } from "./operator-labels.ts";
import type { OperatorSettings } from "./operator-settings.ts";

/** Pods that serve metrics. A CronJob's pollers leave a summary instead, which the operator counts. */
interface Scraped {
  readonly suffix: string;
  readonly matchLabels: Readonly<Record<string, string>>;
  /** Whether they are in the namespaces of feeds. */
  readonly ofFeeds: boolean;
}

const scraped = (name: string): Scraped[] => [
  { suffix: "", matchLabels: operatorLabels(name), ofFeeds: false },
  ...["stream", "poller"].map((component) => ({
    suffix: `-${component}s`,
    matchLabels: { ...SHARED_LABELS, "app.kubernetes.io/component": component },
    ofFeeds: true,
  })),
];

const port = (interval = "30s") => ({ port: "metrics", interval });

export function monitoring(scope: Construct, name: string, settings: OperatorSettings): void {
  for (const pods of scraped(name)) {
    podMonitor(scope, name, pods, settings);
    podMonitoring(scope, name, pods, settings);
  }
  const { namespace, monitoring: { podMonitor: monitors, podMonitoring: google, prometheusRule, clusterRules } = {} } =
    settings;
  const labels = operatorLabels(name);
  const groups = (job: string | undefined) => alertGroups(name, settings, job);
  if (prometheusRule !== undefined) {
    new ApiObject(scope, "prometheus-rule", {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "PrometheusRule",
      metadata: { name, namespace, labels: { ...labels, ...prometheusRule.labels } },
      spec: { groups: groups(monitors && `${namespace}/${name}`) },
    });
  }
  if (clusterRules !== undefined) {
    // Google's kind wants the interval of each group; the Prometheus Operator's has a default of the whole Prometheus.
    const { interval = "30s" } = clusterRules;
    new ApiObject(scope, "cluster-rules", {
      apiVersion: "monitoring.googleapis.com/v1",
      kind: "ClusterRules",
      metadata: { name, labels },
      spec: { groups: groups(google && name).map((group) => ({ interval, ...group })) },
    });
  }
}

function podMonitor(scope: Construct, name: string, pods: Scraped, settings: OperatorSettings): void {
  const { namespace, namespaces = [], monitoring: { podMonitor: own } = {} } = settings;
  if (own === undefined) return;
  const namespaceSelector = namespaces.length > 0 ? { matchNames: namespaces } : { any: true };
  new ApiObject(scope, `pod-monitor${pods.suffix}`, {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: { name: name + pods.suffix, namespace, labels: { ...operatorLabels(name), ...own.labels } },
    spec: {
      ...(pods.ofFeeds && { namespaceSelector }),
      selector: { matchLabels: pods.matchLabels },
      podMetricsEndpoints: [port(own.interval)],
    },
  });
}

/** Google's kinds know one namespace or all of them. */
function podMonitoring(scope: Construct, name: string, pods: Scraped, settings: OperatorSettings): void {
  const { namespace, namespaces = [], monitoring: { podMonitoring: own } = {} } = settings;
  if (own === undefined) return;
  const everywhere = pods.ofFeeds && namespaces.length === 0;
  const places = everywhere ? [undefined] : pods.ofFeeds ? namespaces : [namespace];
  for (const place of places) {
    new ApiObject(scope, `pod-monitoring${pods.suffix}-${place ?? ""}`, {
      apiVersion: "monitoring.googleapis.com/v1",
      kind: place === undefined ? "ClusterPodMonitoring" : "PodMonitoring",
      metadata: {
        name: name + pods.suffix,
        ...(place !== undefined && { namespace: place }),
        labels: operatorLabels(name),
      },
      spec: { selector: { matchLabels: pods.matchLabels }, endpoints: [port(own.interval)] },
    });
  }
}
