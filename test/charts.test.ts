/** The charts as the real helm renders them, held to the constructs and to the schema of manifests. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Chart } from "cdk8s";
import { afterAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import { FeedNetworkPolicy, type FeedNetworkPolicyProps } from "../cdk8s/feed-network-policy.ts";
import { operatorInstall } from "../cdk8s/operator.ts";
import type { OperatorSettings } from "../cdk8s/operator-settings.ts";
import type { KubeObject } from "../src/api/kube-object.ts";
import { parseManifests } from "../src/api/parse.ts";
import type { BoardFile } from "./grafana/committed-boards.ts";
import { helm, kubeToolMissing } from "./kube-tools.ts";
import { pageBlock, runPageBlock } from "./page-commands.ts";

const missing = kubeToolMissing("helm");
const OPERATOR = "charts/stockfeed-operator";
const FEEDS = "charts/stockfeeds";

const home = mkdtempSync(join(tmpdir(), "stockfeed-helm-"));
afterAll(() => {
  rmSync(home, { recursive: true });
});

/** Every switch on, and every value that is empty by default set. */
const EVERYTHING = {
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

/** The same, as the constructs are told it. */
const EVERYTHING_SET: Partial<OperatorSettings> = {
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
const SPREAD = [{ maxSkew: 2, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule" }];

interface ValuesSchema {
  readonly properties?: Readonly<Record<string, ValuesSchema>>;
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

let files = 0;
async function template(chart: string, values: object = {}, release = "stockfeed-operator"): Promise<KubeObject[]> {
  const file = join(home, `values-${files++}.json`);
  writeFileSync(file, JSON.stringify(values));
  const text = await helm(home, "template", release, chart, "--namespace", "stockfeed-system", "--values", file);
  return parseAllDocuments(text, { version: "1.1" })
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
}
const kindsOf = (objects: readonly KubeObject[]) => objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
const find = (objects: readonly KubeObject[], kind: string) => {
  const found = objects.find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`There is no ${kind}.`);
  return found;
};

/** An object without what only a release has: labels of Helm's, and the order of flags and of variables. */
function bare(object: KubeObject): unknown {
  const text = JSON.stringify(object, (key, value: unknown) => {
    if (key === "args") return (value as string[]).toSorted();
    if (key === "env") return (value as Variable[]).toSorted((a, b) => a.name.localeCompare(b.name));
    if (!["labels", "matchLabels", "selector"].includes(key)) return value;
    const own = Object.entries(value as Record<string, string>).filter(
      ([name]) => !/^helm\.sh\/|\/(managed-by|version|instance)$/.test(name),
    );
    return Object.fromEntries(own);
  });
  return JSON.parse(text);
}

describe.skipIf(missing !== undefined && process.env.CI === undefined)("the chart of the operator", () => {
  const settings: OperatorSettings = {
    namespace: "stockfeed-system",
    image: "registry.example.com/stockfeed:1.2.3",
    imagePullPolicy: "Always",
    leaseName: "stockfeed-operator",
    args: ["--concurrency=16", "--drift-interval=5m"],
  };
  const image = { repository: "registry.example.com/stockfeed", tag: "1.2.3", pullPolicy: "Always" };

  it.each<[string, object, Partial<OperatorSettings>]>([
    ["as it comes", {}, {}],
    ["for some namespaces", { namespaces: ["markets", "research"] }, { namespaces: ["markets", "research"] }],
    [
      "for a shard that may use one project alone",
      { selector: "shard=a", leaseName: "shard-a", allowedProjects: ["acme"], replicas: 1 },
      { leaseName: "shard-a", allowedProjects: ["acme"], args: [...(settings.args ?? []), "--selector=shard=a"] },
    ],
    [
      "with an account of Google's and variables",
      { serviceAccount: { annotations: { "iam.gke.io/gcp-service-account": "a@b" } }, env: { A: "1" } },
      { serviceAccount: { annotations: { "iam.gke.io/gcp-service-account": "a@b" } }, env: { A: "1" } },
    ],
    [
      "with a variable that has a value of its own",
      { env: { MALLOC_ARENA_MAX: "", NODE_OPTIONS: "--max-old-space-size=3000", STOCKFEED_METRICS_PORT: "9090" } },
      { env: { MALLOC_ARENA_MAX: "", NODE_OPTIONS: "--max-old-space-size=3000", STOCKFEED_METRICS_PORT: "9090" } },
    ],
    [
      "without what others make",
      {
        rbac: { create: false },
        serviceAccount: { create: false, name: "mine" },
        service: { enabled: false },
      },
      { rbac: false, serviceAccount: { create: false, name: "mine" }, service: false },
    ],
    ["under an account of another name", { serviceAccount: { name: "mine" } }, { serviceAccount: { name: "mine" } }],
    ["with every switch on", EVERYTHING, EVERYTHING_SET],
    [
      "with every switch on, for some namespaces",
      { ...EVERYTHING, namespaces: ["markets", "research"] },
      { ...EVERYTHING_SET, namespaces: ["markets", "research"] },
    ],
    [
      "with its Pods as somebody wants them",
      {
        replicas: 3,
        maxHeapMib: 1500,
        resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { memory: "2Gi" } },
        topologySpreadConstraints: SPREAD,
        podDisruptionBudget: { enabled: true, maxUnavailable: 2 },
        networkPolicy: { enabled: true, apiServerPorts: [8443] },
      },
      {
        replicas: 3,
        pod: {
          maxHeapMib: 1500,
          resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { memory: "2Gi" } },
          topologySpreadConstraints: SPREAD,
        },
        podDisruptionBudget: { maxUnavailable: 2 },
        networkPolicy: { apiServerPorts: [8443] },
      },
    ],
    [
      "with alerts of its own, scraped by other means",
      {
        monitoring: { prometheusRule: { enabled: true }, clusterRules: { enabled: true } },
        alerts: {
          runbookUrl: "https://example.com/runbooks/",
          labels: { team: "markets", severity: "page" },
          additionalGroups: [{ name: "ours", rules: [{ alert: "A", expr: "vector(1)" }] }],
          rules: {
            StockFeedNotReady: { enabled: false },
            StockFeedSlotsMissed: { threshold: 0.2, for: "1h" },
            StockFeedNoLeader: { severity: "warning" },
          },
        },
      },
      {
        monitoring: { prometheusRule: {}, clusterRules: {} },
        alerts: {
          runbookUrl: "https://example.com/runbooks/",
          labels: { team: "markets", severity: "page" },
          additionalGroups: [{ name: "ours", rules: [{ alert: "A", expr: "vector(1)" }] }],
          rules: {
            StockFeedNotReady: { enabled: false },
            StockFeedSlotsMissed: { threshold: 0.2, for: "1h" },
            StockFeedNoLeader: { severity: "warning" },
          },
        },
      },
    ],
    [
      "with boards where Grafana looks for them",
      { dashboards: { enabled: true, namespace: "grafana", labels: { a: "b", grafana_dashboard: null } } },
      { dashboards: { namespace: "grafana", labels: { a: "b" } } },
    ],
  ])("makes what the constructs make, %s", async (_, values, more) => {
    const rendered = await template(OPERATOR, { image, ...values });
    // The CRD is apart in the constructs, the Pod is helm test's, and Helm makes the namespace.
    const own = rendered.filter(({ kind }) => !["CustomResourceDefinition", "Pod"].includes(kind));
    const wanted = operatorInstall({ ...settings, ...more }).filter(({ kind }) => kind !== "Namespace");
    expect(inOrder(own).map(bare)).toEqual(inOrder(wanted).map(bare));
  });

  it("is held to the constructs with every switch that it has", () => {
    // Else a new switch of the chart could be left out of the constructs, and no case would tell.
    const { properties = {} } = JSON.parse(readFileSync(`${OPERATOR}/values.schema.json`, "utf8")) as ValuesSchema;
    const switches = Object.entries(properties).flatMap(([name, schema]) => [
      ...("enabled" in (schema.properties ?? {}) ? [name] : []),
      ...Object.entries(schema.properties ?? {}).flatMap(([inner, { properties: own = {} }]) =>
        "enabled" in own ? [`${name}.${inner}`] : [],
      ),
    ]);
    const on = (path: string) =>
      path
        .split(".")
        .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], EVERYTHING_SET);
    expect(switches.filter((path) => path !== "service" && on(path) === undefined)).toEqual([]);
  });

  it("holds the CRD as it is committed, kept when the release goes, or leaves it out", async () => {
    const committed = parseAllDocuments(readFileSync("crds/stockfeeds.stockfeed.dev.yaml", "utf8"), {
      version: "1.1",
    })[0]?.toJS() as KubeObject;
    const kept = find(await template(OPERATOR), "CustomResourceDefinition");
    expect(kept.metadata.annotations).toEqual({ "helm.sh/resource-policy": "keep" });
    expect(kept.spec).toEqual(committed.spec);
    const notKept = find(await template(OPERATOR, { crds: { keep: false } }), "CustomResourceDefinition");
    expect(notKept).toEqual(committed);
    expect(kindsOf(await template(OPERATOR, { crds: { install: false } })).join()).not.toContain("CustomResource");
  });

  it("makes what its switches say, and not what they don't", async () => {
    const all = await template(OPERATOR, {
      podDisruptionBudget: { enabled: true },
      networkPolicy: { enabled: true, extraEgress: [{ ports: [{ port: 8085 }] }] },
      monitoring: {
        podMonitor: { enabled: true, labels: { release: "prometheus" } },
        podMonitoring: { enabled: true },
      },
      namespaces: ["markets"],
    });
    const made = kindsOf(all);
    for (const kind of ["PodDisruptionBudget", "NetworkPolicy", "PodMonitor", "PodMonitoring", "Service"]) {
      expect(made).toContain(`${kind} stockfeed-operator`);
    }
    expect(made.filter((name) => name.startsWith("PodMonitor "))).toHaveLength(3);
    const engines = all.find(({ kind, metadata }) => kind === "PodMonitor" && metadata.name.endsWith("-streams"));
    expect(engines?.metadata.labels).toMatchObject({ release: "prometheus" });
    expect(engines?.spec).toMatchObject({
      namespaceSelector: { matchNames: ["markets"] },
      selector: { matchLabels: { "app.kubernetes.io/component": "stream" } },
    });
    // A release for some namespaces looks at the Pods of those alone, as Google's kinds have it too.
    expect(made).toContain("PodMonitoring stockfeed-operator-streams");
    expect(made.join()).not.toContain("ClusterPodMonitoring");
    const none = await template(OPERATOR, {
      crds: { install: false },
      rbac: { create: false },
      service: { enabled: false },
      serviceAccount: { create: false, name: "mine" },
    });
    expect(kindsOf(none)).toEqual(["Deployment stockfeed-operator"]);
    expect(JSON.stringify(none)).toContain('"serviceAccountName":"mine"');
  });

  it.each<[string, object]>([
    ["operator", {}],
    [
      "operator-of-two-namespaces",
      {
        image: { digest: `sha256:${"0".repeat(64)}` },
        namespaces: ["markets", "research"],
        monitoring: { podMonitor: { enabled: true }, podMonitoring: { enabled: true } },
      },
    ],
    ["operator-with-everything", EVERYTHING],
  ])("renders golden/%s.yaml, which a person has looked at", async (name, values) => {
    // What has tests of its own is left out: the CRD, boards and alerts.
    const apart = ["CustomResourceDefinition", "ConfigMap", "PrometheusRule", "ClusterRules"];
    const rendered = (await template(OPERATOR, values)).filter(({ kind }) => !apart.includes(kind));
    const text = rendered
      .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
      .join("---\n");
    await expect(text).toMatchFileSnapshot(`golden/${name}.yaml`);
  });

  it("makes what the constructs make of the same name, under another release's", async () => {
    const rendered = await template(OPERATOR, { image, crds: { install: false } }, "blue");
    const name = "blue-stockfeed-operator";
    const wanted = operatorInstall({ ...settings, name, leaseName: name }).filter(({ kind }) => kind !== "Namespace");
    const own = rendered.filter(({ kind }) => kind !== "Pod");
    expect(inOrder(own).map(bare)).toEqual(inOrder(wanted).map(bare));
  });

  it("holds Grafana's boards for its sidecar, where somebody wants them", async () => {
    expect(kindsOf(await template(OPERATOR)).join()).not.toContain("ConfigMap");
    const labels = { grafana_dashboard: "yes" };
    const annotations = { grafana_folder: "Feeds" };
    const dashboards = { enabled: true, namespace: "grafana", labels, annotations };
    const maps = (await template(OPERATOR, { dashboards })).filter(({ kind }) => kind === "ConfigMap");
    expect(maps.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).toSorted()).toEqual(
      ["dataflow", "feed", "market", "operator"].map((board) => `grafana/stockfeed-operator-board-${board}`),
    );
    for (const map of maps) {
      expect(map.metadata).toMatchObject({ labels, annotations });
      const [file, text] = Object.entries(map.data as Record<string, string>)[0] ?? ["", ""];
      const committed = readFileSync(`${OPERATOR}/dashboards/${file.replace("stockfeed-", "")}`, "utf8");
      expect(JSON.parse(text)).toEqual(JSON.parse(committed));
    }
  });

  it("has boards begin with the project and the dataset of feeds that name none", async () => {
    const beginningsOf = async (values: object) => {
      const maps = (await template(OPERATOR, { dashboards: { enabled: true }, ...values })).filter(
        ({ kind }) => kind === "ConfigMap",
      );
      const boards = maps.flatMap(({ data }) => Object.values(data as Record<string, string>));
      return boards.flatMap((text) =>
        (JSON.parse(text) as BoardFile).templating.list
          .filter(({ type }) => type === "textbox")
          .map(({ name, query }) => [name, query]),
      );
    };
    // Of two boards.
    const all = (project: string, dataset: string) => [1, 2].flatMap(() => Object.entries({ project, dataset }));
    expect(await beginningsOf({ project: "stocks-1", dataset: "ticks" })).toEqual(all("stocks-1", "ticks"));
    expect(await beginningsOf({ project: "stocks-1" })).toEqual(all("stocks-1", "markets"));
  });

  it("asks the port that a variable names", async () => {
    const env = { STOCKFEED_METRICS_PORT: "9090" };
    const deployment = JSON.stringify(find(await template(OPERATOR, { env }), "Deployment"));
    expect(deployment).toContain('"ports":[{"name":"metrics","containerPort":9090,"protocol":"TCP"}]');
    expect(deployment.match(/"name":"STOCKFEED_METRICS_PORT"/g)).toHaveLength(1);
  });

  it("runs its test where the operator may run, with the same requests and limits", async () => {
    const { nodeSelector, tolerations } = EVERYTHING;
    const resources = { requests: { cpu: "50m" }, limits: { memory: "512Mi" } };
    const pod = find(await template(OPERATOR, { nodeSelector, tolerations, resources }), "Pod");
    expect(pod.spec).toMatchObject({ nodeSelector, tolerations, containers: [{ resources }] });
  });

  it.each<[string[], string]>([
    [
      ["--set=project=acme", "--set=dataset=markets"],
      "stockfeed ddl --dataset acme.markets | bq query --project_id=acme",
    ],
    [["--set=project=acme"], "stockfeed ddl -f feed.yaml | bq query"],
  ])("says with %j how tables are made", async (set, command) => {
    const flags = ["--dry-run=client", ...set];
    const said = await helm(home, "install", "stockfeed-operator", OPERATOR, ...flags);
    expect(said.slice(said.indexOf("NOTES:"))).toContain(`     ${command}`);
  });

  it("names everything after the release, so that two may be side by side", async () => {
    const names = (await template(OPERATOR, { crds: { install: false } }, "blue")).map(({ metadata }) => metadata.name);
    for (const name of names) expect(name).toMatch(/^blue-stockfeed-operator/);
    const other = await template(OPERATOR, {}, "blue");
    expect(JSON.stringify(find(other, "Deployment"))).toContain("--lease-name=blue-stockfeed-operator");
  });

  it.each<[object, string]>([
    [{ replica: 2 }, "replica"],
    [{ image: { tags: "1" } }, "tags"],
    [{ replicas: "two" }, "replicas"],
    [{ driftInterval: "soon" }, "driftInterval"],
    [{ driftInterval: "0s" }, "driftInterval"],
    [{ concurrency: 300 }, "concurrency"],
    [{ dataset: "markets" }, "project is empty"],
    [{ networkPolicy: { apiServerPorts: [] } }, "apiServerPorts"],
    [{ serviceAccount: { create: false } }, "serviceAccount.name is empty"],
  ])("refuses %j, and names it", async (values, named) => {
    await expect(template(OPERATOR, values)).rejects.toThrow(named);
  });

  it("passes helm lint without a warning", async () => {
    expect(await helm(home, "lint", "--strict", OPERATOR, FEEDS)).toContain("0 chart(s) failed");
  });
});

describe.skipIf(missing !== undefined && process.env.CI === undefined)("the chart of feeds", () => {
  const values = {
    defaults: { pubsub: { projectId: "acme" }, polling: { session: "NYSE", interval: "20s" } },
    feeds: [
      { name: "tech", spec: { symbols: ["AAPL"], provider: { type: "Simulated" }, polling: { interval: "10s" } } },
      {
        name: "gold",
        namespace: "research",
        labels: { a: "b" },
        spec: { symbols: ["GLD"], provider: { type: "Simulated" } },
      },
    ],
  };

  it("makes feeds that are valid, with what all have unless they say otherwise", async () => {
    const feeds = await template(FEEDS, values, "fleet");
    const text = feeds.map((feed) => JSON.stringify(feed)).join("\n---\n");
    expect(parseManifests([{ source: "helm", text }])).toMatchObject({ ok: true });
    expect(feeds.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([
      "stockfeed-system/tech",
      "research/gold",
    ]);
    expect(feeds.map(({ spec }) => (spec as { polling: object }).polling)).toEqual([
      { session: "NYSE", interval: "10s" },
      { session: "NYSE", interval: "20s" },
    ]);
    expect(feeds[1]?.metadata.labels).toMatchObject({ a: "b", "app.kubernetes.io/instance": "fleet" });
  });

  it("takes provider and sink of a feed whole, and a feed that has everything from the defaults", async () => {
    const iex = { type: "IEX", baseUrl: "http://127.0.0.1:8181", credentialsSecretRef: { name: "iex" } };
    const [own, common] = await template(FEEDS, {
      defaults: { symbols: ["AAPL"], provider: iex },
      feeds: [{ name: "own", spec: { provider: { type: "Simulated" } } }, { name: "common" }],
    });
    expect(own?.spec).toEqual({ symbols: ["AAPL"], provider: { type: "Simulated" } });
    expect(common?.spec).toEqual({ symbols: ["AAPL"], provider: iex });
  });

  it("takes the feeds of the page on GKE as it writes them", async () => {
    for (const part of ["feeds", "real"]) {
      await runPageBlock("docs/quickstart-gke.md", "gke", part, { cwd: home, env: process.env });
    }
    const written = parse(readFileSync(join(home, "feeds.yaml"), "utf8")) as object;
    const feeds = await template(FEEDS, { defaults: { podTemplate: { serviceAccountName: "feeds" } }, ...written });
    expect(kindsOf(feeds)).toEqual(["StockFeed ten-stocks", "StockFeed real"]);
    const text = feeds.map((feed) => JSON.stringify(feed)).join("\n---\n");
    expect(parseManifests([{ source: "helm", text }])).toMatchObject({ ok: true });
  });

  it("makes, where it is told to, what the construct makes: a policy in each namespace that has a feed", async () => {
    const extraEgress = [{ ports: [{ port: 8085, protocol: "TCP" }] }];
    const names = ["tech", "energy"].map((name) => ({ ...values.feeds[0], name }));
    const feeds = [...names, ...values.feeds.slice(1)];
    const policies = (networkPolicy: object) =>
      template(FEEDS, { ...values, feeds, networkPolicy }, "fleet").then((all) =>
        all.filter(({ kind }) => kind === "NetworkPolicy"),
      );
    const constructed = (more: FeedNetworkPolicyProps) =>
      ["research", "stockfeed-system"].map((namespace) => {
        const chart = new Chart(new App(), namespace);
        const metadata = { name: "fleet-pods", namespace };
        return new FeedNetworkPolicy(chart, "policy", { metadata, ...more }).toJson() as KubeObject;
      });
    const bareOf = (objects: KubeObject[]) =>
      inOrder(objects).map(({ metadata: { name, namespace }, ...rest }) => ({ ...rest, name, namespace }));
    expect(await policies({})).toEqual([]);
    expect(bareOf(await policies({ enabled: true }))).toEqual(bareOf(constructed({})));
    expect(bareOf(await policies({ enabled: true, extraEgress }))).toEqual(bareOf(constructed({ extraEgress })));
    const page = parse(await pageBlock("docs/security.md", "cluster", "policy")) as KubeObject;
    expect(page.spec).toEqual(constructed({})[0]?.spec);
  });

  it("refuses a field that no feed has, before anything is applied", async () => {
    const feeds = [{ name: "tech", spec: { symbol: ["AAPL"] } }];
    await expect(template(FEEDS, { feeds })).rejects.toThrow("symbol");
    await expect(template(FEEDS, { feeds: [{ spec: {} }] })).rejects.toThrow("name");
  });
});

describe.skipIf(missing !== undefined && process.env.CI === undefined)("a chart that has both as parts", () => {
  it("takes each or leaves it, by conditions", async () => {
    const parent = join(home, "parent");
    mkdirSync(join(parent, "charts"), { recursive: true });
    const charts = [OPERATOR, FEEDS].map((path) => ({ path, name: path.replace("charts/", "") }));
    for (const { path, name } of charts) cpSync(path, join(parent, "charts", name), { recursive: true });
    const dependencies = charts.map(({ name }) => ({ name, version: "*", condition: `${name}.enabled` }));
    const chart = { apiVersion: "v2", name: "parent", version: "1.0.0", dependencies };
    writeFileSync(join(parent, "Chart.yaml"), stringify(chart));
    const feeds = [{ name: "tech", spec: { symbols: ["AAPL"], provider: { type: "Simulated" } } }];
    const kinds = async (operator: object, fleet: object) => {
      const values = { "stockfeed-operator": operator, stockfeeds: { ...fleet, feeds }, global: { a: "b" } };
      return (await template(parent, values)).map(({ kind }) => kind);
    };
    expect(await kinds({ enabled: false }, { enabled: true })).toEqual(["StockFeed"]);
    const without = await kinds({ enabled: true }, { enabled: false });
    expect(without).toContain("Deployment");
    expect(without).not.toContain("StockFeed");
    expect(await kinds({}, {})).toEqual(expect.arrayContaining(["Deployment", "StockFeed"]));
  });
});

function inOrder(objects: readonly KubeObject[]): KubeObject[] {
  const key = ({ kind, metadata }: KubeObject) => [kind, metadata.namespace, metadata.name].join();
  return objects.toSorted((a, b) => key(a).localeCompare(key(b)));
}
