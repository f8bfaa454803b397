/** The charts as the real helm renders them, as objects. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../src/api/kube-object.ts";
import { helm, kubeToolMissing } from "./kube-tools.ts";

export const OPERATOR = "charts/stockfeed-operator";
export const FEEDS = "charts/stockfeeds";

/** Whether helm is missing and may be. */
export const isHelmless = kubeToolMissing("helm") !== undefined && process.env.CI === undefined;

/** Every switch on, and every value that is empty by default set. */
export const EVERYTHING = {
  image: { repository: "registry.example.com/stockfeed", tag: "1.2.3", pullSecrets: [{ name: "pull" }] },
  replicas: 2,
  selector: "shard=a",
  leaseName: "shard-a",
  project: "acme-eu",
  dataset: "ticks",
  allowedProjects: ["acme", "acme-eu"],
  clusterId: "c0ffee",
  extraArgs: ["--jobs-per-project=50"],
  env: { STOCKFEED_WORKER_IMAGE: "registry.example.com/worker:1.2.3" },
  serviceAccount: { annotations: { "iam.gke.io/gcp-service-account": "operator@acme.iam.gserviceaccount.com" } },
  podLabels: { team: "markets" },
  podAnnotations: { "example.com/a": "b" },
  nodeSelector: { "kubernetes.io/arch": "amd64" },
  tolerations: [{ key: "spot", operator: "Exists" }],
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { a: "b" } } },
      ],
    },
  },
  priorityClassName: "system-cluster-critical",
  podDisruptionBudget: { enabled: true },
  networkPolicy: { enabled: true, extraEgress: [{ ports: [{ port: 8085 }] }] },
  service: { annotations: { "example.com/c": "d" } },
  monitoring: {
    podMonitor: { enabled: true, labels: { release: "prometheus" } },
    podMonitoring: { enabled: true, interval: "1m" },
    prometheusRule: { enabled: true, labels: { release: "prometheus" } },
    clusterRules: { enabled: true },
  },
  dashboards: { enabled: true },
};

/** Renders charts, with files of its own. */
export class ChartRenderer {
  readonly home = mkdtempSync(join(tmpdir(), "stockfeed-helm-"));
  #files = 0;

  /** @param chart its directory */
  async template(chart: string, values: object = {}, release = "stockfeed-operator"): Promise<KubeObject[]> {
    const file = join(this.home, `values-${this.#files++}.json`);
    writeFileSync(file, JSON.stringify(values));
    const args = [release, chart, "--namespace", "stockfeed-system", "--values", file];
    return parseAllDocuments(await helm(this.home, "template", ...args), { version: "1.1" })
      .map((document) => document.toJS() as KubeObject | null)
      .filter((object) => object !== null);
  }

  remove(): void {
    rmSync(this.home, { recursive: true });
  }
}

/** By kind, namespace and name. */
export function inOrder(objects: readonly KubeObject[]): KubeObject[] {
  const key = ({ kind, metadata }: KubeObject) => [kind, metadata.namespace, metadata.name].join();
  return objects.toSorted((a, b) => key(a).localeCompare(key(b)));
}
