import { execFileSync } from "node:child_process";
import { delimiter, dirname } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { arbitraryManifest } from "../test/arbitrary-feed.ts";
import { type ControlPlane, controlPlaneMissing, startControlPlane } from "../test/control-plane/control-plane.ts";
import { feedWith, symbols } from "../test/feed.ts";
import { installCrd } from "../test/install-crd.ts";
import { KubeClient } from "../test/kube-client.ts";
import { kubectl, kubeTool } from "../test/kube-tools.ts";
import { withoutPart } from "../test/missing-part.ts";
import { EVERYTHING_SET, MONITORED_INSTALLS } from "../test/monitored-installs.ts";
import { monitoringCrds } from "../test/monitoring-crds.ts";
import { pageBlock, runPageBlock } from "../test/page-commands.ts";
import { ChartRenderer, OPERATOR } from "../test/rendered-chart.ts";
import type { KubeObject } from "../src/api/kube-object.ts";
import { type StockFeed, stockFeedSchema } from "../src/api/stockfeed.ts";
import { feedWorkloads } from "./feed-workloads.ts";
import { operatorInstall } from "./operator.ts";

const missing = await controlPlaneMissing();
const crds = (await monitoringCrds()) ?? [];
const crdsMissing = crds.length > 0 ? undefined : "no CRDs for Prometheus; npm run e2e -- --parts gets them";

const PLURALS: Readonly<Record<string, string>> = {
  CronJob: "apis/batch/v1/namespaces/NS/cronjobs",
  Deployment: "apis/apps/v1/namespaces/NS/deployments",
  StatefulSet: "apis/apps/v1/namespaces/NS/statefulsets",
  Namespace: "api/v1/namespaces",
  ServiceAccount: "api/v1/namespaces/NS/serviceaccounts",
  Service: "api/v1/namespaces/NS/services",
  ConfigMap: "api/v1/namespaces/NS/configmaps",
  PodDisruptionBudget: "apis/policy/v1/namespaces/NS/poddisruptionbudgets",
  NetworkPolicy: "apis/networking.k8s.io/v1/namespaces/NS/networkpolicies",
  Role: "apis/rbac.authorization.k8s.io/v1/namespaces/NS/roles",
  RoleBinding: "apis/rbac.authorization.k8s.io/v1/namespaces/NS/rolebindings",
  ClusterRole: "apis/rbac.authorization.k8s.io/v1/clusterroles",
  ClusterRoleBinding: "apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
  PodMonitor: "apis/monitoring.coreos.com/v1/namespaces/NS/podmonitors",
  PrometheusRule: "apis/monitoring.coreos.com/v1/namespaces/NS/prometheusrules",
  PodMonitoring: "apis/monitoring.googleapis.com/v1/namespaces/NS/podmonitorings",
  ClusterPodMonitoring: "apis/monitoring.googleapis.com/v1/clusterpodmonitorings",
  ClusterRules: "apis/monitoring.googleapis.com/v1/clusterrules",
};

const pathOf = ({ kind, metadata }: KubeObject) =>
  `/${PLURALS[kind]?.replace("NS", metadata.namespace ?? "") ?? ""}/${metadata.name}`;

/** The Pods' spec of a workload. */
function podSpecOf(spec: unknown): { readonly serviceAccountName?: string } {
  interface Template {
    readonly spec: { readonly serviceAccountName?: string };
  }
  const { template, jobTemplate } = spec as { template?: Template; jobTemplate?: { spec: { template: Template } } };
  return (template ?? jobTemplate?.spec.template)?.spec ?? {};
}

const settings = {
  image: "registry.example.com/stockfeed:0.2.0",
  imagePullPolicy: "IfNotPresent",
  env: { PUBSUB_EMULATOR_HOST: "127.0.0.1:8085" },
  restart: "2026-01-02",
  owner: {
    apiVersion: "stockfeed.dev/v1alpha1",
    kind: "StockFeed",
    name: "tech",
    uid: "0c9f3c4e-1d1f-4b53-9d2e-2f1f0d3a7a11",
    controller: true,
    blockOwnerDeletion: true,
  },
};

const INSTALL = { namespace: "stockfeed-system", image: settings.image };

describe.skipIf(missing !== undefined && process.env.CI === undefined)(
  "the constructs' objects, to a real API server",
  () => {
    let plane: ControlPlane;
    let client: KubeClient;
    beforeAll(async () => {
      plane = await startControlPlane();
      client = new KubeClient(plane.kubeconfig);
      const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
      await client.create("/api/v1/namespaces", { metadata: { name: "markets", labels } });
    });
    afterAll(() => plane.stop());

    const apply = (object: KubeObject, dryRun = "&dryRun=All") =>
      client.patch<KubeObject>(
        `${pathOf(object)}?fieldManager=stockfeed&fieldValidation=Strict${dryRun}`,
        object,
        "apply",
      );

    it("are valid for any feed, field by field", async () => {
      const shards = fc.integer({ min: 1, max: 3 });
      await fc.assert(
        fc.asyncProperty(arbitraryManifest, shards, async (manifest, wanted) => {
          const feed = stockFeedSchema.parse({ ...manifest, metadata: { ...manifest.metadata, namespace: "markets" } });
          const polling = { ...feed.spec.polling, shards: Math.min(wanted, feed.spec.symbols.length) };
          for (const object of feedWorkloads({ ...feed, spec: { ...feed.spec, polling } }, settings)) {
            expect(await apply(object)).toMatchObject({ kind: object.kind, metadata: { name: object.metadata.name } });
          }
        }),
        { numRuns: 40 },
      );
    });

    it("hold 5,000 symbols", async () => {
      const feed = feedWith({ metadata: { namespace: "markets" }, spec: { symbols: symbols(5_000) } });
      for (const object of feedWorkloads(feed, settings)) await apply(object);
    });

    it("make Pods that the restricted standard lets in", async () => {
      const feeds: StockFeed[] = ["CronJob", "Deployment"].map((workload) =>
        feedWith({ metadata: { namespace: "markets" }, spec: { polling: { workload } } }),
      );
      for (const { spec } of feeds.flatMap((feed) => feedWorkloads(feed, settings))) {
        const { template, jobTemplate } = spec as { template?: object; jobTemplate?: { spec: { template: object } } };
        const pod = { ...(template ?? jobTemplate?.spec.template), apiVersion: "v1", kind: "Pod" };
        const named = { ...pod, metadata: { generateName: "pod-" } };
        const made = await client.create<KubeObject>("/api/v1/namespaces/markets/pods?dryRun=All", named);
        expect(made.kind).toBe("Pod");
      }
    });

    it("keep every field that was set, as the API server has it", async () => {
      const feed = feedWith({ metadata: { namespace: "markets" }, spec: { polling: { shards: 1 } } });
      for (const object of feedWorkloads(feed, settings)) {
        expect(await apply(object, "")).toMatchObject(object);
      }
    });

    it("run under each account that the feed names, and the namespace's own where it names none", async () => {
      const accounts = async (podTemplate: object) => {
        const feed = feedWith({ metadata: { name: "accounts", namespace: "markets" }, spec: { podTemplate } });
        const applied = await Promise.all(feedWorkloads(feed, settings).map((object) => apply(object, "")));
        return Object.fromEntries(applied.map(({ kind, spec }) => [kind, podSpecOf(spec).serviceAccountName]));
      };
      const own = (name: string) => ({ serviceAccountName: name });
      const ofPods = (poller: string, stream: string) => ({ CronJob: poller, StatefulSet: stream });
      expect(await accounts({})).toEqual(ofPods("default", "default"));
      expect(await accounts(own("feeds"))).toEqual(ofPods("feeds", "feeds"));
      expect(await accounts({ ...own("feeds"), stream: own("engine") })).toEqual(ofPods("feeds", "engine"));
      expect(await accounts({ poller: own("poller"), stream: own("stream") })).toEqual(ofPods("poller", "stream"));
      expect(await accounts({ poller: own("poller") })).toEqual(ofPods("poller", "default"));
      expect(await accounts({})).toEqual(ofPods("default", "default"));
    });

    it("install the operator", async () => {
      const extras = { podDisruptionBudget: {}, networkPolicy: {}, dashboards: {}, replicas: 2 };
      for (const more of [{}, { namespaces: ["markets"] }, extras]) {
        for (const object of operatorInstall({ ...INSTALL, ...more }))
          expect(await apply(object, "&force=true")).toMatchObject(object);
      }
    });

    describe.skipIf(withoutPart(crdsMissing))("of kinds that others define", () => {
      const isTheirs = ({ apiVersion }: KubeObject) => apiVersion.startsWith("monitoring.");
      const renderer = new ChartRenderer();
      beforeAll(async () => {
        for (const crd of crds) await installCrd(plane.kubeconfig, crd);
        for (const name of ["stockfeed-system", "markets", "research"]) {
          await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } }, "");
        }
      });
      afterAll(() => {
        renderer.remove();
      });

      it.each(MONITORED_INSTALLS)(
        "are valid to their own CRDs, %s, by construct and chart",
        async (_, values, more) => {
          const made = operatorInstall({ ...INSTALL, ...more }).filter(isTheirs);
          const rendered = (await renderer.template(OPERATOR, values)).filter(isTheirs);
          expect(made.length).toBeGreaterThan(0);
          expect(rendered.map(pathOf).toSorted()).toEqual(made.map(pathOf).toSorted());
          for (const object of [...made, ...rendered]) expect(await apply(object)).toMatchObject(object);
        },
      );

      it("are what the switches of the page on alerts make of the chart, but for a release to upgrade", async () => {
        const path = [dirname(await kubeTool("helm")), process.env.PATH ?? ""].join(delimiter);
        const rendered = await runPageBlock("docs/runbooks/README.md", "cluster", "monitoring", {
          env: { ...process.env, PATH: path },
          adapt: (script) => script.replace("helm upgrade", "helm template").replace(" --reset-then-reuse-values", ""),
        });
        const objects = parseAllDocuments(rendered).flatMap((document) => (document.toJS() as KubeObject | null) ?? []);
        const theirs = objects.filter(isTheirs);
        expect(new Set(theirs.map(({ kind }) => kind))).toEqual(new Set(["PodMonitor", "PrometheusRule"]));
        for (const object of theirs) {
          expect(object.metadata.labels).toMatchObject({ release: "kube-prometheus-stack" });
          expect(await apply(object)).toMatchObject(object);
        }
      });

      it("are refused with a field that there is not", async () => {
        const objects = operatorInstall({ ...INSTALL, ...EVERYTHING_SET }).filter(isTheirs);
        expect(new Set(objects.map(({ kind }) => kind)).size).toBe(5);
        for (const { spec, ...rest } of objects) {
          const misspelt = { ...rest, spec: { ...(spec as object), selektor: {} } };
          await expect(apply(misspelt)).rejects.toThrow("field not declared in schema");
        }
      });
    });

    it("apply as npm run synth writes them, feeds and operator", async () => {
      await installCrd(plane.kubeconfig);
      execFileSync(process.execPath, ["examples/cdk8s/fleet.ts"], { stdio: "inherit" });
      // The install of the test above is another manager's, so the page's flags are needed here too.
      const [program, ...args] = (await pageBlock("docs/cdk8s.md", "cluster", "apply")).trim().split(" ");
      expect(program).toBe("kubectl");
      const said = await kubectl(plane.kubeconfig, ...args);
      expect(said).toContain("deployment.apps/stockfeed-operator serverside-applied");
      const names = await kubectl(plane.kubeconfig, "get", "stockfeeds", "--namespace", "default", "--output", "name");
      expect(names.trim().split("\n").toSorted()).toEqual(
        ["energy", "gold", "tech"].map((name) => `stockfeed.stockfeed.dev/${name}`),
      );
    });
  },
);
