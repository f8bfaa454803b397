/**
 * Values of the chart `stockfeed-operator`: the one place that their names, types, defaults and descriptions come from.
 * `values.yaml`, `values.schema.json` and the chart's README are made of it.
 */
import { z } from "zod";
import { type Alert, ALERTS } from "../../cdk8s/operator-alerts.ts";
import {
  affinity,
  containerResources,
  egressRule,
  ruleGroup,
  secretName,
  toleration,
  topologySpread,
} from "./kubernetes-values.ts";

const text = (description: string) => z.string().default("").describe(description);
const flag = (fallback: boolean, description: string) => z.boolean().default(fallback).describe(description);
const texts = (description: string) => z.array(z.string().min(1)).default([]).describe(description);
const mapOfText = (description: string) => z.record(z.string(), z.string()).default({}).describe(description);
const listOf = <Item extends z.ZodType>(item: Item, description: string) =>
  z.array(item).default([]).describe(description);
const duration = (fallback: string, description: string) =>
  z
    .string()
    .regex(/^([1-9]\d*h)?([1-9]\d*m)?([1-9]\d*s)?$/, "a duration such as 30s or 5m")
    .min(2)
    .default(fallback)
    .describe(description);

const image = z
  .strictObject({
    repository: z.string().min(1).default("stockfeed").describe("The image of operator, pollers and engines."),
    tag: text("Its tag; the chart's appVersion where it is empty."),
    digest: text("Its digest, such as sha256:…; the tag has no meaning then."),
    pullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).default("IfNotPresent").describe("When nodes pull it."),
    pullSecrets: listOf(
      secretName,
      "Secrets to pull it with, as [{name: …}]; the operator's alone, for feeds see podTemplate.",
    ),
  })
  .prefault({});

const monitoring = z
  .strictObject({
    podMonitor: z
      .strictObject({
        enabled: flag(
          false,
          "PodMonitors of the Prometheus Operator, for the operator, for engines and for Deployments of pollers.",
        ),
        interval: duration("30s", "How often they are scraped."),
        labels: mapOfText("Labels by which a Prometheus finds its monitors, such as release: kube-prometheus-stack."),
      })
      .prefault({}),
    podMonitoring: z
      .strictObject({
        enabled: flag(false, "The same for Google Cloud Managed Service for Prometheus."),
        interval: duration("30s", "How often they are scraped."),
      })
      .prefault({}),
    prometheusRule: z
      .strictObject({
        enabled: flag(false, "The alerts, as a PrometheusRule of the Prometheus Operator."),
        labels: mapOfText("Labels by which a Prometheus finds its rules, such as release: kube-prometheus-stack."),
      })
      .prefault({}),
    clusterRules: z
      .strictObject({
        enabled: flag(false, "The same as ClusterRules of Google Cloud Managed Service for Prometheus."),
        interval: duration("30s", "How often those are evaluated, but for groups that have an interval of their own."),
      })
      .prefault({}),
  })
  .prefault({});

const alerts = z
  .strictObject({
    runbookUrl: z
      .string()
      .min(1)
      .default("docs/runbooks")
      .describe(
        "Where people find the runbooks: the address of your copy of docs/runbooks, before /StockFeedNotReady.md.",
      ),
    labels: mapOfText("More labels of every alert, such as team: markets."),
    additionalGroups: listOf(ruleGroup, "More groups of rules, as Prometheus has them: [{name: …, rules: […]}]."),
    rules: z.strictObject(Object.fromEntries(ALERTS.map((alert) => [alert.alert, alertValues(alert)]))).prefault({}),
  })
  .prefault({});

function alertValues({ alert, severity, for: lasts, threshold }: Alert) {
  const common = {
    enabled: flag(true, `Whether there is ${alert}; its page in docs/runbooks says what it means.`),
    severity: z.string().min(1).default(severity).describe("Its label severity."),
    for: duration(lasts, "How long it has to be so before it fires."),
  };
  if (threshold === undefined) return z.strictObject(common).prefault({});
  const limit = z.number().min(0).default(threshold.value).describe(`It fires above: ${threshold.meaning}.`);
  return z.strictObject({ ...common, threshold: limit }).prefault({});
}

const dashboards = z
  .strictObject({
    enabled: flag(
      false,
      "Grafana's boards, each in a ConfigMap that the sidecar of Grafana's chart finds by its label.",
    ),
    namespace: text("Namespace of the ConfigMaps; the release's where it is empty."),
    labels: z
      .record(z.string(), z.string())
      .default({ grafana_dashboard: "1" })
      .describe("Labels by which the sidecar finds them."),
    annotations: z
      .record(z.string(), z.string())
      .default({ grafana_folder: "StockFeed" })
      .describe("Annotations by which the sidecar picks their folder."),
  })
  .prefault({});

/** All values, by the names that people set them by. */
export const operatorValues = z.strictObject({
  nameOverride: text("Name of the chart in names of objects."),
  fullnameOverride: text("Name of all objects, whatever the release is called."),
  image,
  replicas: z.int().min(0).default(1).describe("Operators that take turns by a Lease: one works, the others stand by."),
  namespaces: texts("Namespaces to watch, with rights in those alone; every one where it is empty."),
  selector: text("Only feeds with these labels, such as shard=a; then set leaseName too."),
  leaseName: text("The Lease that replicas take turns by; the release's name where it is empty."),
  concurrency: z.int().min(1).max(256).default(16).describe("Feeds that are reconciled at once."),
  driftInterval: duration("5m", "How often what has no watch is checked."),
  project: text("Google Cloud project of feeds that name none."),
  dataset: text("BigQuery dataset, in that project, of feeds that name none."),
  allowedProjects: texts("Google Cloud projects that feeds may use; every one where it is empty."),
  clusterId: text(
    "Tells this cluster's cloud objects from others'; the UID of kube-system where it is empty. Must never change.",
  ),
  extraArgs: texts("More flags of stockfeed operator."),
  env: mapOfText("More variables of the operator's environment."),
  crds: z
    .strictObject({
      install: flag(true, "Whether the release holds the CustomResourceDefinition, and upgrades it."),
      keep: flag(
        true,
        "Whether it stays when the release goes. Without it every feed goes too: delete all feeds before, while the operator can free them.",
      ),
    })
    .prefault({}),
  serviceAccount: z
    .strictObject({
      create: flag(true, "Whether to make one."),
      name: text("Its name; the release's where it is empty and one is made."),
      annotations: mapOfText("Such as iam.gke.io/gcp-service-account, for Workload Identity."),
    })
    .prefault({}),
  rbac: z.strictObject({ create: flag(true, "Whether to make roles and bindings.") }).prefault({}),
  resources: containerResources
    .default({ requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "1Gi" } })
    .describe("The container's requests and limits."),
  maxHeapMib: z
    .int()
    .min(64)
    .default(768)
    .describe("The most that Node's heap takes, in MiB: some three quarters of the memory limit."),
  podLabels: mapOfText("More labels of the operator's Pods."),
  podAnnotations: mapOfText("Annotations of the operator's Pods."),
  nodeSelector: mapOfText("Nodes that the operator may run on, by labels."),
  tolerations: listOf(toleration, "Taints that it tolerates."),
  affinity: affinity.default({}).describe("Where its Pods want to be."),
  topologySpreadConstraints: listOf(
    topologySpread,
    "How its Pods are spread; over nodes where it is empty and there are several.",
  ),
  priorityClassName: text("Its priority; feeds poll on while it is away."),
  podDisruptionBudget: z
    .strictObject({
      enabled: flag(false, "Whether drains of nodes leave one at a time; of use with several replicas."),
      maxUnavailable: z.int().min(1).default(1).describe("How many may be away at once."),
    })
    .prefault({}),
  networkPolicy: z
    .strictObject({
      enabled: flag(
        false,
        "Denies all traffic of the operator but what it needs: DNS, the API server, Google's APIs, pollers without end, scrapes.",
      ),
      apiServerPorts: z
        .array(z.int())
        .min(1)
        .default([443, 6443])
        .describe("Ports of the API server and of Google's APIs."),
      extraEgress: listOf(egressRule, "More rules, such as for emulators; each has ports or to."),
    })
    .prefault({}),
  service: z
    .strictObject({
      enabled: flag(true, "A Service of the metrics port, which helm test asks."),
      annotations: mapOfText("Its annotations."),
    })
    .prefault({}),
  monitoring,
  alerts,
  dashboards,
  enabled: flag(true, "What a parent chart's condition asks, such as stockfeed-operator.enabled; by itself not used."),
  global: z.record(z.string(), z.unknown()).default({}).describe("Values that a parent chart sets for all; not used."),
});
