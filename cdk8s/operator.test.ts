import { describe, expect, it } from "vitest";
import type { KubeObject } from "../src/api/kube-object.ts";
import { operatorInstall } from "./operator.ts";
import type { OperatorSettings } from "./operator-settings.ts";

const settings: OperatorSettings = { namespace: "stockfeed-system", image: "stockfeed:0.2.0" };

/** What a role grants, as `verb group/resource` lines. */
function grants(objects: readonly KubeObject[], kind: string): string[] {
  return objects
    .filter((object) => object.kind === kind)
    .flatMap(({ metadata, rules }) =>
      (rules as { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }[]).flatMap(
        (rule) =>
          rule.resources.flatMap((resource) =>
            rule.verbs.map((verb) => {
              const only = rule.resourceNames === undefined ? "" : ` ${rule.resourceNames.join(",")}`;
              return `${metadata.namespace ?? "*"}: ${verb} ${rule.apiGroups.join(",")}/${resource}${only}`;
            }),
          ),
      ),
    );
}

const argsOf = (objects: readonly KubeObject[]) => JSON.stringify(objects.find(({ kind }) => kind === "Deployment"));

describe("the operator's install", () => {
  it("is made in an order that works, and names what belongs together", () => {
    const kinds = operatorInstall(settings).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(kinds[0]).toBe("Namespace stockfeed-system");
    expect(kinds.toSorted()).toEqual([
      "ClusterRole stockfeed-operator",
      "ClusterRoleBinding stockfeed-operator",
      "Deployment stockfeed-operator",
      "Namespace stockfeed-system",
      "Role stockfeed-operator-lease",
      "RoleBinding stockfeed-operator-lease",
      "Service stockfeed-operator",
      "ServiceAccount stockfeed-operator",
    ]);
  });

  it("may not write Secrets, Pods or roles, nor use a wildcard", () => {
    const all = [...grants(operatorInstall(settings), "ClusterRole"), ...grants(operatorInstall(settings), "Role")];
    expect(all.filter((grant) => grant.includes("secrets")).toSorted()).toEqual([
      "*: list /secrets",
      "*: watch /secrets",
    ]);
    expect(all.filter((grant) => grant.includes("pods")).toSorted()).toEqual(["*: list /pods", "*: watch /pods"]);
    expect(all.filter((grant) => /rbac|escalate|bind|impersonate|: \*/.test(grant))).toEqual([]);
  });

  it("has rights in the namespaces that it is given, and of the cluster only the name", () => {
    const objects = operatorInstall({ ...settings, namespaces: ["markets", "research"] });
    expect(grants(objects, "ClusterRole")).toEqual(["*: get /namespaces kube-system"]);
    const where = new Set(grants(objects, "Role").map((grant) => grant.split(":")[0]));
    expect(where).toEqual(new Set(["markets", "research", "stockfeed-system"]));
    expect(argsOf(objects)).toContain("--namespaces=markets,research");
  });

  it("shares no object but the namespace with an install of another name, nor any Pod", () => {
    const one = operatorInstall(settings);
    const other = operatorInstall({ ...settings, name: "blue", namespaces: ["markets"], args: ["--selector=shard=b"] });
    const keys = (objects: readonly KubeObject[]) =>
      objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);
    expect(keys(other).filter((key) => keys(one).includes(key))).toEqual(["Namespace /stockfeed-system"]);
    const selector = (objects: readonly KubeObject[]) =>
      (objects.find(({ kind }) => kind === "Deployment")?.spec as { selector: { matchLabels: object } }).selector;
    const pods = (objects: readonly KubeObject[]) =>
      (objects.find(({ kind }) => kind === "Deployment")?.spec as { template: { metadata: { labels: object } } })
        .template.metadata.labels;
    expect(pods(other)).toMatchObject(selector(other).matchLabels);
    expect(pods(other)).not.toMatchObject(selector(one).matchLabels);
    expect(argsOf(other)).toContain("--lease-name=blue");
    expect(grants(other, "Role")).toContain("stockfeed-system: update coordination.k8s.io/leases blue");
  });

  it.each<[Partial<OperatorSettings>, string]>([
    [{ dataset: "markets" }, "dataset is markets, and project is left out"],
    [{ serviceAccount: { create: false } }, "serviceAccount.name is left out"],
    [{ pod: { labels: { "app.kubernetes.io/name": "mine" } } }, "pod.labels has app.kubernetes.io/name"],
    [
      { monitoring: { prometheusRule: {} }, alerts: { rules: { StockFeedLate: {} } } },
      "StockFeedLate, which is no alert",
    ],
    [
      { monitoring: { prometheusRule: {} }, alerts: { rules: { StockFeedNotReady: { threshold: 1 } } } },
      "StockFeedNotReady.threshold is 1, but StockFeedNotReady has none",
    ],
  ])("refuses %j, and names it", (more, named) => {
    expect(() => operatorInstall({ ...settings, ...more })).toThrow(named);
  });

  it("gives a shard a Lease of its own, and the right to it", () => {
    const objects = operatorInstall({ ...settings, leaseName: "stockfeed-a", args: ["--selector=shard=a"] });
    expect(grants(objects, "Role")).toContain("stockfeed-system: update coordination.k8s.io/leases stockfeed-a");
    expect(argsOf(objects)).toContain("--lease-name=stockfeed-a");
  });
});
