/**
 * Installs of the operator that are scraped and have alerts, each as the chart's values say it and as the constructs'
 * settings do: all forms that objects of the Prometheus Operator's and of Google's kinds come in.
 */
import type { OperatorSettings } from "../cdk8s/operator-settings.ts";
import { EVERYTHING } from "./rendered-chart.ts";

/** Every switch on, as the constructs are told it. */
export const EVERYTHING_SET: Partial<OperatorSettings> = {
  image: "registry.example.com/stockfeed:1.2.3",
  imagePullPolicy: "IfNotPresent",
  imagePullSecrets: ["pull"],
  replicas: 2,
  leaseName: "shard-a",
  project: "acme-eu",
  dataset: "ticks",
  allowedProjects: ["acme", "acme-eu"],
  args: [
    ...["--concurrency=16", "--drift-interval=5m", "--selector=shard=a", "--cluster-id=c0ffee"],
    "--jobs-per-project=50",
  ],
  env: EVERYTHING.env,
  serviceAccount: EVERYTHING.serviceAccount,
  pod: {
    labels: EVERYTHING.podLabels,
    annotations: EVERYTHING.podAnnotations,
    nodeSelector: EVERYTHING.nodeSelector,
    tolerations: EVERYTHING.tolerations,
    affinity: EVERYTHING.affinity,
    priorityClassName: EVERYTHING.priorityClassName,
  },
  podDisruptionBudget: {},
  networkPolicy: { extraEgress: EVERYTHING.networkPolicy.extraEgress },
  service: EVERYTHING.service,
  monitoring: {
    podMonitor: { labels: { release: "prometheus" } },
    podMonitoring: { interval: "1m" },
    prometheusRule: { labels: { release: "prometheus" } },
    clusterRules: {},
  },
  dashboards: {},
};

const RULES = [{ alert: "A", expr: "vector(1)" }];
const OUR_GROUPS = [
  { name: "ours", rules: RULES },
  { name: "slow", interval: "5m", rules: RULES },
];
/** Chart and constructs are told of alerts in the same words. */
const OUR_ALERTS = {
  runbookUrl: "https://example.com/runbooks/",
  labels: { team: "markets", severity: "page" },
  additionalGroups: OUR_GROUPS,
  rules: {
    StockFeedNotReady: { enabled: false },
    StockFeedSlotsMissed: { threshold: 0.2, for: "1h" },
    StockFeedNoLeader: { severity: "warning" as const },
  },
};

/** What it is, the chart's values, and the constructs' settings, but for those that every install has. */
export const MONITORED_INSTALLS: [name: string, values: object, settings: Partial<OperatorSettings>][] = [
  ["with every switch on", EVERYTHING, EVERYTHING_SET],
  [
    "with every switch on, for some namespaces",
    { ...EVERYTHING, namespaces: ["markets", "research"] },
    { ...EVERYTHING_SET, namespaces: ["markets", "research"] },
  ],
  [
    "with alerts of its own, scraped by other means",
    {
      monitoring: { prometheusRule: { enabled: true }, clusterRules: { enabled: true, interval: "1m" } },
      alerts: OUR_ALERTS,
    },
    {
      monitoring: { prometheusRule: {}, clusterRules: { interval: "1m" } },
      alerts: OUR_ALERTS,
    },
  ],
];
