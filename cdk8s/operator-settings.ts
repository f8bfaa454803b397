/**
 * What an install of the operator is told: the values of the chart `stockfeed-operator`, by the names that people know them
 * by there. What is a switch there is here a setting that is given, be it empty, or left out; none is needed but the
 * namespace and the image.
 */
import type * as k8s from "cdk8s-plus-27/lib/imports/k8s.js";

/** Something of Kubernetes' own, whose fields the API server checks. */
export type RawObject = Readonly<Record<string, unknown>>;
type Texts = Readonly<Record<string, string>>;

export interface OperatorSettings {
  /** Name of its objects, of the cluster's too; installs side by side each have their own. By default stockfeed-operator. */
  readonly name?: string;
  /** Where the operator runs. */
  readonly namespace: string;
  /** Its image, which is the feeds' Pods' too. */
  readonly image: string;
  readonly imagePullPolicy?: string;
  /** Names of Secrets to pull it with; the operator's alone, for feeds see podTemplate. */
  readonly imagePullSecrets?: readonly string[];
  readonly replicas?: number;
  /** The Lease that replicas take turns by, by default of the install's name. */
  readonly leaseName?: string;
  /** Where it looks for feeds; everywhere where it is left out. */
  readonly namespaces?: readonly string[];
  /** Google Cloud project of feeds that name none. */
  readonly project?: string;
  /** BigQuery dataset, in that project, of feeds that name none. */
  readonly dataset?: string;
  /** Cloud projects that feeds may use; all where it is left out. */
  readonly allowedProjects?: readonly string[];
  /** More flags of `stockfeed operator`. */
  readonly args?: readonly string[];
  readonly env?: Texts;
  readonly serviceAccount?: {
    /** False where it is there already; it has to be named then. */
    readonly create?: boolean;
    /** By default the install's name. */
    readonly name?: string;
    /** Such as the one that names its Google service account. */
    readonly annotations?: Texts;
  };
  /** False where somebody else gives it its rights. */
  readonly rbac?: boolean;
  readonly pod?: OperatorPod;
  /** Drains of nodes leave `maxUnavailable` at a time, by default one; of use with several replicas. */
  readonly podDisruptionBudget?: { readonly maxUnavailable?: number };
  /** Denies all traffic of the operator but what it needs. */
  readonly networkPolicy?: {
    /** Ports of the API server and of Google's APIs, by default 443 and 6443. */
    readonly apiServerPorts?: readonly number[];
    /** More rules, such as for emulators. */
    readonly extraEgress?: readonly RawObject[];
  };
  /** A Service of the metrics port; false for none. */
  readonly service?: false | { readonly annotations?: Texts };
  readonly monitoring?: MonitoringSettings;
  readonly alerts?: AlertSettings;
  /** Grafana's boards, each in a ConfigMap that the sidecar of Grafana's chart finds by its label. */
  readonly dashboards?: {
    /** By default the operator's. */
    readonly namespace?: string;
    /** Labels by which the sidecar finds them. */
    readonly labels?: Texts;
    /** Annotations by which the sidecar picks their folder. */
    readonly annotations?: Texts;
  };
}

/** The operator's Pods, and where they run. */
export interface OperatorPod {
  readonly labels?: Texts;
  readonly annotations?: Texts;
  /** The container's, instead of those that it has by default. */
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string | number>>;
    readonly limits?: Readonly<Record<string, string | number>>;
  };
  /** The most that Node's heap takes, in MiB: some three quarters of the memory limit. */
  readonly maxHeapMib?: number;
  readonly nodeSelector?: Texts;
  readonly tolerations?: readonly k8s.Toleration[];
  readonly affinity?: k8s.Affinity;
  /** By default several are spread over nodes. */
  readonly topologySpreadConstraints?: readonly k8s.TopologySpreadConstraint[];
  readonly priorityClassName?: string;
}

/** Who scrapes metrics, and who holds them to the alerts. */
export interface MonitoringSettings {
  /** PodMonitors of the Prometheus Operator, for the operator, for engines and for Deployments of pollers. */
  readonly podMonitor?: { readonly interval?: string; readonly labels?: Texts };
  /** The same for Google Cloud Managed Service for Prometheus. */
  readonly podMonitoring?: { readonly interval?: string };
  /** The alerts, as a PrometheusRule of the Prometheus Operator. */
  readonly prometheusRule?: { readonly labels?: Texts };
  /** The same as ClusterRules of Google Cloud Managed Service for Prometheus, evaluated each 30 s by default. */
  readonly clusterRules?: { readonly interval?: string };
}

export interface AlertSettings {
  /** The address of your copy of docs/runbooks, before /StockFeedNotReady.md. */
  readonly runbookUrl?: string;
  /** More labels of every alert. */
  readonly labels?: Texts;
  /** More groups of rules, as Prometheus has them. */
  readonly additionalGroups?: readonly RawObject[];
  /** What an alert has instead of its own, by its name. */
  readonly rules?: Readonly<Record<string, AlertChange>>;
}

export interface AlertChange {
  /** False for none of that name. */
  readonly enabled?: boolean;
  readonly severity?: string;
  readonly for?: string;
  readonly threshold?: number;
}
