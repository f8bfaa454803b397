/** The charts as the real helm renders them, held to values, schemas and pages. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import type { KubeObject } from "../src/api/kube-object.ts";
import { parseManifests } from "../src/api/parse.ts";
import type { BoardFile } from "./grafana/committed-boards.ts";
import { helm } from "./kube-tools.ts";
import { pageBlock, runPageBlock } from "./page-commands.ts";
import { ChartRenderer, EVERYTHING, FEEDS, inOrder, isHelmless, OPERATOR } from "./rendered-chart.ts";

const renderer = new ChartRenderer();
const { home } = renderer;
const template = renderer.template.bind(renderer);
afterAll(() => {
  renderer.remove();
});

const kindsOf = (objects: readonly KubeObject[]) => objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
const find = (objects: readonly KubeObject[], kind: string) => {
  const found = objects.find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`There is no ${kind}.`);
  return found;
};

const goldenText = (objects: readonly KubeObject[]) =>
  objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join("---\n");

/** Rules that would let out everything, or everything to some address or port, since a field of theirs has a typo or is empty. */
const LETS_OUT_ALL = [{}, { port: [{ port: 8085 }] }, { ports: [] }, { ports: [{}] }, { to: [] }, { to: [{}] }];

describe.skipIf(isHelmless)("the chart of the operator", () => {
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
    await expect(goldenText(rendered)).toMatchFileSnapshot(`golden/${name}.yaml`);
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

  it("says how to see the release ready, as its Deployment is called, and how to wait for a first feed", async () => {
    const said = await helm(home, "install", "blue", OPERATOR, "--dry-run=client", "--namespace=feeds");
    const notes = said.slice(said.indexOf("NOTES:"));
    const deployment = find(await template(OPERATOR, {}, "blue"), "Deployment").metadata.name;
    expect(notes).toContain(`     kubectl rollout status deployment/${deployment} --namespace feeds\n`);
    // Of the file, since feeds may be of any namespace.
    expect(notes).toMatch(
      /^ {5}kubectl apply -f feed\.yaml && kubectl wait -f feed\.yaml --for=condition=Ready --timeout=5m$/m,
    );
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
    [{ resources: { limit: { memory: "1Gi" } } }, "'limit'"],
    [{ image: { pullSecrets: [{ nam: "pull" }] } }, "'nam'"],
    [{ tolerations: [{ keys: "spot" }] }, "'keys'"],
    [{ affinity: { nodeAfinity: {} } }, "'nodeAfinity'"],
    [{ affinity: { podAffinity: { required: [] } } }, "'required'"],
    [{ topologySpreadConstraints: [{ maxskew: 1 }] }, "'maxskew'"],
    [{ alerts: { additionalGroups: [{ nam: "mine", rules: [] }] } }, "'nam'"],
    [{ alerts: { additionalGroups: [{ name: "mine", rules: [{ alerts: "A", expr: "1" }] }] } }, "'alerts'"],
    ...LETS_OUT_ALL.map((rule): [object, string] => [{ networkPolicy: { extraEgress: [rule] } }, "extraEgress"]),
    [{ podLabels: { "app.kubernetes.io/name": "mine" } }, "app.kubernetes.io/name: mine, which the chart sets itself"],
    [{ podLabels: { "app.kubernetes.io/component": "a" } }, "app.kubernetes.io/component: a"],
    [{ podLabels: { "app.kubernetes.io/instance": "a" } }, "app.kubernetes.io/instance: a"],
  ])("refuses %j, and names it", async (values, named) => {
    await expect(template(OPERATOR, values)).rejects.toThrow(named);
  });

  it("passes helm lint without a warning", async () => {
    expect(await helm(home, "lint", "--strict", OPERATOR, FEEDS)).toContain("0 chart(s) failed");
  });
});

describe.skipIf(isHelmless)("the chart of feeds", () => {
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

  it("renders golden/feeds.yaml, which a person has looked at", async () => {
    const networkPolicy = { enabled: true, extraEgress: [{ ports: [{ port: 8085, protocol: "TCP" }] }] };
    const rendered = inOrder(await template(FEEDS, { ...values, networkPolicy }, "fleet"));
    await expect(goldenText(rendered)).toMatchFileSnapshot("golden/feeds.yaml");
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
    const feeds = await template(FEEDS, {
      defaults: { podTemplate: { poller: { serviceAccountName: "poller" } } },
      ...written,
    });
    expect(kindsOf(feeds)).toEqual(["StockFeed ten-stocks", "StockFeed real"]);
    const text = feeds.map((feed) => JSON.stringify(feed)).join("\n---\n");
    expect(parseManifests([{ source: "helm", text }])).toMatchObject({ ok: true });
  });

  it("takes the values of the page on Helm as it writes them", async () => {
    const feeds = await template(FEEDS, parse(await pageBlock("docs/helm.md", "cluster", "values")) as object);
    expect(kindsOf(feeds)).toEqual(["StockFeed tech", "StockFeed energy"]);
    const text = feeds.map((feed) => JSON.stringify(feed)).join("\n---\n");
    expect(parseManifests([{ source: "helm", text }])).toMatchObject({ ok: true });
  });

  it("refuses a field that no feed has, before anything is applied", async () => {
    const feeds = [{ name: "tech", spec: { symbol: ["AAPL"] } }];
    await expect(template(FEEDS, { feeds })).rejects.toThrow("symbol");
    await expect(template(FEEDS, { feeds: [{ spec: {} }] })).rejects.toThrow("name");
    const labels = { "helm.sh/chart": "mine" };
    await expect(template(FEEDS, { feeds: [{ name: "tech", labels }] })).rejects.toThrow(
      "feed tech: labels has helm.sh",
    );
    for (const rule of LETS_OUT_ALL) {
      const networkPolicy = { enabled: true, extraEgress: [rule] };
      await expect(template(FEEDS, { networkPolicy }), JSON.stringify(rule)).rejects.toThrow("extraEgress");
    }
  });
});

describe.skipIf(isHelmless)("a chart that has both as parts", () => {
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
