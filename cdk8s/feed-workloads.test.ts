import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { arbitraryManifest } from "../test/arbitrary-feed.ts";
import { feedWith, symbols } from "../test/feed.ts";
import type { KubeObject } from "../src/api/kube-object.ts";
import { type StockFeed, stockFeedSchema } from "../src/api/stockfeed.ts";
import { PROVIDER_LIMITS } from "../src/quotes/provider-limits.ts";
import { feedWorkloads, type WorkloadSettings } from "./feed-workloads.ts";

const settings: WorkloadSettings = {
  image: "registry.example.com/stockfeed:0.2.0",
  env: {},
  owner: {
    apiVersion: "stockfeed.dev/v1alpha1",
    kind: "StockFeed",
    name: "tech",
    uid: "0c9f3c4e-1d1f-4b53-9d2e-2f1f0d3a7a11",
    controller: true,
    blockOwnerDeletion: true,
  },
};

/** The parts of a workload that tests look at. */
interface Workload extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly suspend?: boolean;
    readonly selector?: { readonly matchLabels: Record<string, string> };
    readonly template?: Template;
    readonly jobTemplate?: {
      readonly metadata: { readonly labels: Record<string, string> };
      readonly spec: { readonly template: Template; readonly [field: string]: unknown };
    };
  };
}

interface Template {
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec: {
    readonly containers: readonly {
      readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
      readonly resources: object;
    }[];
    readonly [field: string]: unknown;
  };
}

const render = (feed: StockFeed, more: Partial<WorkloadSettings> = {}) =>
  feedWorkloads(feed, { ...settings, ...more }) as Workload[];

function templateOf({ spec }: Workload): Template {
  const template = spec.template ?? spec.jobTemplate?.spec.template;
  if (template === undefined) throw new Error("a workload without a Pod");
  return template;
}

const envOf = (workload: Workload) => templateOf(workload).spec.containers[0]?.env ?? [];
const valueIn = (workload: Workload, name: string) => envOf(workload).find((entry) => entry.name === name)?.value;

/** Any feed, also with several shards. */
const anyFeed = fc.tuple(arbitraryManifest, fc.integer({ min: 1, max: 5 })).map(([manifest, wanted]) => {
  const feed = stockFeedSchema.parse(manifest);
  const shards = Math.min(wanted, feed.spec.symbols.length);
  return { ...feed, spec: { ...feed.spec, polling: { ...feed.spec.polling, shards } } };
});

const alpaca = { type: "Alpaca", credentialsSecretRef: { name: "alpaca" } };
const cloud = { pubsub: { projectId: "acme" }, sink: { bigQuery: { projectId: "acme", dataset: "markets" } } };
const ten = ["AAPL", "MSFT", "GOOG", "AMZN", "NVDA", "META", "TSLA", "NFLX", "INTC", "IBM"];

describe("the workloads of a feed", () => {
  it.each<[string, Parameters<typeof feedWith>[0], Partial<WorkloadSettings>]>([
    ["session-and-keys", { spec: { symbols: ten, provider: alpaca, polling: { session: "NYSE" }, ...cloud } }, {}],
    [
      "deployment-of-two-shards",
      {
        metadata: { name: "tech.eu", namespace: "markets" },
        spec: {
          symbols: ten,
          polling: { workload: "Deployment", shards: 2, interval: "1s" },
          ...cloud,
          engine: "Dataflow",
          dataflow: { projectIds: ["acme"], region: "europe-west2", tempLocation: "gs://acme/tmp" },
        },
      },
      { env: { PUBSUB_EMULATOR_HOST: "127.0.0.1:8085" }, imagePullPolicy: "Always" },
    ],
    [
      "pod-template",
      {
        spec: {
          ...cloud,
          suspend: true,
          polling: { interval: "5m" },
          resolutions: [{ window: "30m" }],
          podTemplate: {
            serviceAccountName: "feeds",
            stream: { serviceAccountName: "engine" },
            resources: { requests: { cpu: 1 }, limits: { memory: "512Mi" } },
            nodeSelector: { pool: "feeds" },
            tolerations: [{ key: "feeds", operator: "Equal", value: "yes", effect: "NoSchedule" }],
            labels: { team: "markets", "app.kubernetes.io/component": "theirs" },
            annotations: { "example.com/note": "hourly" },
          },
        },
      },
      { restart: "2026-01-02" },
    ],
  ])("are as written down: %s", async (name, changes, more) => {
    const text = render(feedWith(changes), more).map((each) => stringify(each, { lineWidth: 0 }));
    await expect(text.join("---\n")).toMatchFileSnapshot(`golden/${name}.yaml`);
  });

  it("are the same for the same feed, and plain JSON", () => {
    fc.assert(
      fc.property(anyFeed, (feed) => {
        const made = render(feed);
        expect(render(feed)).toStrictEqual(made);
        expect(JSON.parse(JSON.stringify(made))).toStrictEqual(made);
      }),
    );
  });

  it("hold no empty list or mapping, which the API server would not keep", () => {
    fc.assert(
      fc.property(anyFeed, (feed) => {
        const bare = { ...feed.spec, podTemplate: { nodeSelector: {}, tolerations: [], resources: { limits: {} } } };
        expect(JSON.stringify(render({ ...feed, spec: bare }))).not.toMatch(/\{\}|\[\]/);
      }),
    );
  });

  it("have names that Kubernetes takes, labels that find them, and the feed as owner", () => {
    fc.assert(
      fc.property(anyFeed, (feed) => {
        const made = render(feed);
        expect(new Set(made.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).size).toBe(made.length);
        for (const each of made) {
          expect(each.metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])$/);
          expect(each.metadata.namespace).toBe(feed.metadata.namespace);
          expect(each.metadata.ownerReferences).toEqual([settings.owner]);
          const { labels } = templateOf(each).metadata;
          expect(labels).toMatchObject(each.metadata.labels ?? {});
          expect(labels).toMatchObject(each.spec.selector?.matchLabels ?? {});
          expect(each.metadata.labels).toMatchObject({
            "app.kubernetes.io/name": "stockfeed",
            "app.kubernetes.io/managed-by": "stockfeed",
            "app.kubernetes.io/component": each.kind === "StatefulSet" ? "stream" : "poller",
          });
        }
      }),
    );
  });

  it("tell the container of the whole feed, save what is the operator's business", () => {
    fc.assert(
      fc.property(anyFeed, (feed) => {
        for (const each of render(feed)) {
          const read = stockFeedSchema.parse(JSON.parse(valueIn(each, "STOCKFEED_MANIFEST") ?? ""));
          const operators = { podTemplate: undefined, deletionPolicy: "Drain", suspend: false };
          expect(read.spec).toEqual({ ...feed.spec, ...operators });
          expect(read.metadata).toEqual({ name: feed.metadata.name, namespace: feed.metadata.namespace });
        }
      }),
    );
  });

  it("hold nothing that Kubernetes would put another variable's value into", () => {
    const baseUrl = "https://quotes.example.com/$(ALPACA_KEY_ID)/$$";
    const feed = feedWith({ spec: { provider: { ...alpaca, baseUrl } } });
    for (const each of render(feed, { env: { PLAIN: "$(ALPACA_KEY_ID)" } })) {
      expect(valueIn(each, "STOCKFEED_MANIFEST")).not.toContain("$");
      expect(JSON.parse(valueIn(each, "STOCKFEED_MANIFEST") ?? "")).toMatchObject({ spec: { provider: { baseUrl } } });
      expect(valueIn(each, "PLAIN")).toBe("$$(ALPACA_KEY_ID)");
    }
  });

  it("take the provider's keys from the Secret by reference, and only to the pollers", () => {
    fc.assert(
      fc.property(anyFeed, (feed) => {
        const { provider } = feed.spec;
        const secret = "credentialsSecretRef" in provider ? provider.credentialsSecretRef?.name : undefined;
        const { environment, secretKeys } = PROVIDER_LIMITS[provider.type];
        for (const each of render(feed)) {
          const keys = envOf(each).filter(({ name }) => environment.includes(name));
          const wanted =
            secret === undefined || each.kind === "StatefulSet"
              ? []
              : environment.map((name, index) => ({
                  name,
                  valueFrom: { secretKeyRef: { name: secret, key: secretKeys[index], optional: true } },
                }));
          expect(keys).toEqual(wanted);
        }
      }),
    );
  });

  it("run under the restricted Pod security standard, without a token", () => {
    fc.assert(
      fc.property(anyFeed, (feed) => {
        for (const each of render(feed)) {
          expect(templateOf(each).spec).toMatchObject({
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
            containers: [
              {
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ["ALL"] },
                },
              },
            ],
          });
        }
      }),
    );
  });
});

describe("a change of the manifest", () => {
  const templates = (feed: StockFeed, more?: Partial<WorkloadSettings>) => render(feed, more).map(templateOf);
  const before = templates(feedWith());

  it.each([{ deletionPolicy: "Orphan" }, { suspend: true }])("to %o restarts no Pod", (spec) => {
    expect(templates(feedWith({ spec }))).toEqual(before);
  });

  it.each([
    ["all Pods", { serviceAccountName: "other" }, ["CronJob", "StatefulSet"]],
    ["pollers", { poller: { serviceAccountName: "other" } }, ["CronJob"]],
    ["the engine", { stream: { serviceAccountName: "other" } }, ["StatefulSet"]],
  ])("of the account of %s restarts those alone", (_, change, restarted) => {
    const common = { serviceAccountName: "feeds" };
    const of = (podTemplate: object) => render(feedWith({ spec: { podTemplate } }));
    const were = of(common).map(templateOf);
    const changed = of({ ...common, ...change }).filter((each, index) => {
      return JSON.stringify(templateOf(each)) !== JSON.stringify(were[index]);
    });
    expect(changed.map(({ kind }) => kind)).toEqual(restarted);
    for (const each of changed) expect(templateOf(each).spec.serviceAccountName).toBe("other");
  });

  it("of the engine's account restarts nothing of a feed on Dataflow, whose pollers have theirs", () => {
    const of = (podTemplate: object) => {
      const dataflow = { projectIds: ["acme"], region: "europe-west2", tempLocation: "gs://acme/tmp" };
      return render(feedWith({ spec: { ...cloud, engine: "Dataflow", dataflow, podTemplate } }));
    };
    const poller = { serviceAccountName: "poller" };
    const [cronJob, ...others] = of({ poller, stream: { serviceAccountName: "stream" } });
    expect(others).toEqual([]);
    expect(cronJob).toEqual(of({ poller })[0]);
    expect(cronJob && templateOf(cronJob).spec.serviceAccountName).toBe("poller");
  });

  it("of the restart annotation restarts all", () => {
    const after = templates(feedWith(), { restart: "again" });
    for (const template of after) expect(template.metadata.annotations?.["stockfeed.dev/restart"]).toBe("again");
    expect(after).toHaveLength(2);
  });
});

describe("the account of a feed's Pods", () => {
  it("is the component's own, else the feed's, else the namespace's", () => {
    fc.assert(
      fc.property(anyFeed, (feed) => {
        for (const each of render(feed)) {
          const { podTemplate } = feed.spec;
          const own = each.kind === "StatefulSet" ? podTemplate?.stream : podTemplate?.poller;
          const expected = [own?.serviceAccountName, podTemplate?.serviceAccountName, "default"].find(Boolean);
          expect(templateOf(each).spec.serviceAccountName).toBe(expected);
        }
      }),
    );
  });
});

describe("a suspended feed", () => {
  it.each(["CronJob", "Deployment"])("has its %s and its engine, and runs neither", (workload) => {
    const [poller, engine] = render(feedWith({ spec: { suspend: true, polling: { workload } } }));
    expect(workload === "CronJob" ? poller?.spec.suspend : poller?.spec.replicas).toBe(
      workload === "CronJob" ? true : 0,
    );
    expect(engine?.spec.replicas).toBe(0);
  });
});

describe("a feed of several shards", () => {
  const spec = { symbols: symbols(7), polling: { shards: 3 } };

  it("is a Job of as many indexes, whose crash is the shard's own", () => {
    const [cronJob] = render(feedWith({ spec }));
    expect(cronJob?.spec.jobTemplate?.spec).toMatchObject({
      completionMode: "Indexed",
      completions: 3,
      parallelism: 3,
      backoffLimitPerIndex: 1,
    });
  });

  it("is as many Deployments, each told its index", () => {
    const feed = feedWith({ spec: { ...spec, polling: { shards: 3, workload: "Deployment" } } });
    const pollers = render(feed).filter(({ kind }) => kind === "Deployment");
    expect(pollers.map((each) => [each.metadata.name, valueIn(each, "JOB_COMPLETION_INDEX")])).toEqual([
      ["tech-poll-0", "0"],
      ["tech-poll-1", "1"],
      ["tech-poll-2", "2"],
    ]);
  });
});

describe("the engine's memory", () => {
  const memory = (spec: object) =>
    (
      templateOf(render(feedWith({ spec }))[1]!).spec.containers[0]?.resources as {
        requests: Record<string, string>;
      }
    ).requests.memory;

  it("is little for few symbols", () => {
    expect(memory({ symbols: ten })).toBe("257Mi");
  });

  it("grows with the cells that the windows hold", () => {
    // 5,000 symbols x 8,646 slots x 16 bytes, for the ring and for the one window over it: 1,320 MiB.
    expect(memory({ symbols: symbols(5_000), resolutions: [{ window: "24h" }], polling: { interval: "10s" } })).toBe(
      "1576Mi",
    );
  });
});
