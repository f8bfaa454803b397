/** The charts as the real helm renders them, held equal to what the constructs make. */
import { readFileSync } from "node:fs";
import { App, Chart } from "cdk8s";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { FeedNetworkPolicy, type FeedNetworkPolicyProps } from "../cdk8s/feed-network-policy.ts";
import { operatorInstall } from "../cdk8s/operator.ts";
import type { OperatorSettings } from "../cdk8s/operator-settings.ts";
import type { KubeObject } from "../src/api/kube-object.ts";
import { EVERYTHING_SET, MONITORED_INSTALLS } from "./monitored-installs.ts";
import { pageBlock } from "./page-commands.ts";
import { ChartRenderer, FEEDS, inOrder, isHelmless, OPERATOR } from "./rendered-chart.ts";

const renderer = new ChartRenderer();
afterAll(() => {
  renderer.remove();
});

const SPREAD = [{ maxSkew: 2, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule" }];

interface ValuesSchema {
  readonly properties?: Readonly<Record<string, ValuesSchema>>;
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

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

describe.skipIf(isHelmless)("the chart of the operator", () => {
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
    ...MONITORED_INSTALLS,
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
      "with boards where Grafana looks for them",
      { dashboards: { enabled: true, namespace: "grafana", labels: { a: "b", grafana_dashboard: null } } },
      { dashboards: { namespace: "grafana", labels: { a: "b" } } },
    ],
  ])("makes what the constructs make, %s", async (_, values, more) => {
    const rendered = await renderer.template(OPERATOR, { image, ...values });
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

  it("makes what the constructs make of the same name, under another release's", async () => {
    const rendered = await renderer.template(OPERATOR, { image, crds: { install: false } }, "blue");
    const name = "blue-stockfeed-operator";
    const wanted = operatorInstall({ ...settings, name, leaseName: name }).filter(({ kind }) => kind !== "Namespace");
    const own = rendered.filter(({ kind }) => kind !== "Pod");
    expect(inOrder(own).map(bare)).toEqual(inOrder(wanted).map(bare));
  });
});

describe.skipIf(isHelmless)("the chart of feeds", () => {
  it("makes, where it is told to, what the construct makes: a policy in each namespace that has a feed", async () => {
    const extraEgress = [{ ports: [{ port: 8085, protocol: "TCP" }] }];
    const feed = (name: string, namespace?: string) => ({ name, namespace, spec: { symbols: ["AAPL"] } });
    const feeds = [feed("tech"), feed("energy"), feed("gold", "research")];
    const policies = (networkPolicy: object) =>
      renderer
        .template(FEEDS, { feeds, networkPolicy }, "fleet")
        .then((all) => all.filter(({ kind }) => kind === "NetworkPolicy"));
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
});
