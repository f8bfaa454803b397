import { readdir, readFile } from "node:fs/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { arbitraryManifest, type Manifest } from "../../test/arbitrary-feed.ts";
import { BREAKS, broken } from "../../test/broken-feeds.ts";
import { type ControlPlane, controlPlaneMissing, startControlPlane } from "../../test/control-plane/control-plane.ts";
import { installCrd } from "../../test/install-crd.ts";
import { type AnyObject, KubeClient, KubeRefusal } from "../../test/kube-client.ts";
import { withoutPart } from "../../test/missing-part.ts";
import { mutatedManifest } from "../../test/mutated-feed.ts";
import { stockFeedCrd } from "./crd.ts";
import { parseFeeds } from "./parse.ts";
import { formatProblem } from "./problem.ts";

interface Feed extends AnyObject {
  readonly spec: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
}

const FEEDS = "/apis/stockfeed.dev/v1alpha1/namespaces/default/stockfeeds";
const DRY = "dryRun=All&fieldValidation=Strict";
const SIMULATED = { symbols: ["AAPL"], provider: { type: "Simulated" } };
const HEAD = { apiVersion: "stockfeed.dev/v1alpha1", kind: "StockFeed" };

const missing = await controlPlaneMissing();

describe.skipIf(withoutPart(missing))("the CRD on an API server", () => {
  let plane: ControlPlane;
  let client: KubeClient;
  beforeAll(async () => {
    plane = await startControlPlane();
    client = new KubeClient(plane.kubeconfig);
    await installCrd(plane.kubeconfig);
  });
  afterAll(() => plane.stop());

  const inDefault = (manifest: Manifest) => ({ ...manifest, metadata: { ...manifest.metadata, namespace: "default" } });
  const feed = (name: string, spec: object) => ({ ...HEAD, metadata: { name }, spec });
  const make = (name: string, spec: object) => client.create<Feed>(FEEDS, feed(name, spec));
  const apply = (manager: string, name: string, spec: object, force = false) =>
    client.patch<Feed>(`${FEEDS}/${name}?fieldManager=${manager}&force=${force}`, feed(name, spec), "apply");
  const remove = (name: string) => client.delete(`${FEEDS}/${name}`);

  /** What the server refuses of a manifest; undefined where it would take it. */
  async function refusal(manifest: unknown): Promise<string | undefined> {
    const { namespace = "default" } = (manifest as Manifest).metadata;
    try {
      await client.create(`${FEEDS.replace("default", namespace)}?${DRY}`, manifest as object);
      return undefined;
    } catch (error) {
      if (error instanceof KubeRefusal) return error.message;
      throw error;
    }
  }

  describe("takes", () => {
    it("every example", async () => {
      const names = (await readdir("examples")).filter((name) => name.endsWith(".yaml"));
      expect(names.length).toBeGreaterThan(6);
      for (const name of names) {
        const manifest = parse(await readFile(`examples/${name}`, "utf8")) as Manifest;
        expect([name, await refusal(inDefault(manifest))]).toEqual([name, undefined]);
      }
    });

    it("any valid feed, and fills in what a laptop would", async () => {
      await fc.assert(
        fc.asyncProperty(arbitraryManifest, async (generated) => {
          const manifest = inDefault(generated);
          const there = await client.create<Feed>(`${FEEDS}?${DRY}`, manifest);
          const here = parseFeeds(stringify(manifest, { compat: "yaml-1.1" }), { source: "here" });
          if (!here.ok) throw new Error(here.problems.map(formatProblem).join("\n"));
          // What one type of provider alone has, and an entry of a list, the server can't fill in.
          const provider = { ...here.feeds[0]!.spec.provider, ...(there.spec.provider as object) };
          const resolutions = (there.spec.resolutions as object[]).map((each) => ({ allowedLateness: "60s", ...each }));
          expect({ ...there.spec, provider, resolutions }).toEqual(here.feeds[0]!.spec);
        }),
        { numRuns: 150 },
      );
    });

    it("5,000 symbols with every part there is, within the cost that rules may have", async () => {
      const symbols = Array.from({ length: 5_000 }, (_, i) => `S${i}`);
      const resolutions = Array.from({ length: 10 }, (_, i) => ({ window: `${i + 1}m`, offset: "3s" }));
      expect(await refusal(feed("large", { ...SIMULATED, symbols, resolutions }))).toBeUndefined();
    });
  });

  describe("refuses what breaks a rule, and says how to mend it:", () => {
    it.each(BREAKS)("$rule", async ({ set, server }) => {
      const samples = fc.sample(arbitraryManifest, { numRuns: 2, seed: 1 });
      for (const manifest of samples) expect(await refusal(broken(inDefault(manifest), set))).toMatch(server);
    });

    it("an address with a key in it, which is not shown", async () => {
      const provider = { type: "IEX", baseUrl: "https://me:hunter2@a.b/?token=hunter3" };
      const message = await refusal(feed("keys", { ...SIMULATED, provider }));
      expect(message).toMatch(/spec\.provider\.baseUrl: Forbidden: .*keys belong in credentialsSecretRef/);
      expect(message).not.toMatch(/hunter/);
    });

    it("and nothing else, where one field alone is wrong", async () => {
      const polling = { interval: "7s" };
      const message = await refusal(feed("one", { ...SIMULATED, polling, resolutions: [{ window: "1m" }] }));
      expect(message).toBe(
        'StockFeed.stockfeed.dev "one" is invalid: spec.polling.interval: Invalid value: "7s": ' +
          "must divide a minute or be whole minutes. " +
          "Write 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60 s, or whole minutes.",
      );
    });
  });

  it("refuses what the manifest's reader refuses, and the reverse", async () => {
    await fc.assert(
      fc.asyncProperty(mutatedManifest, async (mutated) => {
        const manifest = inDefault(mutated);
        const text = stringify(manifest, { compat: "yaml-1.1", aliasDuplicateObjects: false });
        const here = parseFeeds(text, { source: "here" });
        const there = await refusal(manifest);
        const problems = here.ok ? [] : here.problems.map(formatProblem);
        expect({ refused: there !== undefined, there, problems }).toMatchObject({ refused: !here.ok });
      }),
      { numRuns: 600 },
    );
  });

  describe("keeps", () => {
    const pubsub = { projectId: "acme" };

    it("the project of the topic, once it is there", async () => {
      await make("project", SIMULATED);
      await apply("user", "project", { ...SIMULATED, pubsub }, true);
      await expect(apply("user", "project", { ...SIMULATED, pubsub: { projectId: "other" } })).rejects.toThrow(
        /spec\.pubsub: Forbidden: must stay as it is.*Write it back, or delete the feed and apply it again/,
      );
      await expect(client.patch(`${FEEDS}/project`, { spec: { pubsub: null } })).rejects.toThrow(/must stay as it is/);
      await remove("project");
    });

    it("nothing else: provider, engine, windows and all the rest may change", async () => {
      const parts = { pubsub, sink: { bigQuery: { projectId: "acme", dataset: "a" } } };
      await make("changing", { ...SIMULATED, ...parts });
      const after = await apply(
        "user",
        "changing",
        {
          symbols: ["IBM"],
          provider: { type: "Alpaca", credentialsSecretRef: { name: "alpaca" } },
          polling: { interval: "1m", session: "NYSE", workload: "Deployment" },
          resolutions: [{ window: "2m" }],
          engine: "Dataflow",
          archive: false,
          pubsub,
          sink: { bigQuery: { projectId: "other", dataset: "b" } },
          dataflow: { projectIds: ["acme"], region: "europe-west2", tempLocation: "gs://acme" },
          deletionPolicy: "Orphan",
          suspend: true,
        },
        true,
      );
      expect(after.spec).toMatchObject({ engine: "Dataflow", suspend: true });
      await remove("changing");
    });
  });

  describe("merges, under server-side apply,", () => {
    it("symbols and windows of two managers, each of whom takes back its own alone", async () => {
      await apply("a", "merged", { ...SIMULATED, resolutions: [{ window: "1m" }] });
      await apply("b", "merged", { symbols: ["MSFT"], resolutions: [{ window: "5m", allowedLateness: "2m" }] });
      const { spec } = await apply("a", "merged", { ...SIMULATED, symbols: ["IBM"], resolutions: [{ window: "2m" }] });
      expect(new Set(spec.symbols as string[])).toEqual(new Set(["IBM", "MSFT"]));
      expect(spec.resolutions).toEqual(
        expect.arrayContaining([{ window: "2m" }, { window: "5m", allowedLateness: "2m" }]),
      );
      expect(spec.resolutions).toHaveLength(2);
      await remove("merged");
    });

    it("a provider as a whole, so that no field of another type stays behind", async () => {
      await apply("a", "whole", { ...SIMULATED, provider: { type: "Simulated", seed: 7 } });
      const provider = { type: "IEX", baseUrl: "http://a.b" };
      await expect(apply("b", "whole", { provider })).rejects.toThrow(/conflict/);
      const { spec } = await apply("b", "whole", { provider }, true);
      expect(spec.provider).toEqual(provider);
      await remove("whole");
    });

    it("labels of Pods one by one", async () => {
      await apply("a", "labels", { ...SIMULATED, podTemplate: { labels: { team: "a" } } });
      const { spec } = await apply("b", "labels", { podTemplate: { labels: { cost: "b" } } });
      expect(spec.podTemplate).toEqual({ labels: { team: "a", cost: "b" } });
      await remove("labels");
    });

    it("conditions and pipelines of the status by what they speak of", async () => {
      await make("status", SIMULATED);
      const condition = (type: string, status: string) => ({
        type,
        status,
        reason: "Testing",
        message: "It is a test.",
        lastTransitionTime: "2026-01-05T14:30:00Z",
      });
      const say = (manager: string, status: object) =>
        client.patch<Feed>(
          `${FEEDS}/status/status?fieldManager=${manager}`,
          { ...HEAD, metadata: { name: "status" }, status },
          "apply",
        );
      await say("a", { symbols: 1, conditions: [condition("Ready", "True")] });
      const { status } = await say("b", { conditions: [condition("SinkReady", "False")] });
      expect(status).toMatchObject({ symbols: 1, conditions: [{ type: "Ready" }, { type: "SinkReady" }] });
      await remove("status");
    });
  });

  it("keeps the status apart: a manifest's is dropped, and the status's writer can't touch the spec", async () => {
    const made = await client.create<Feed>(FEEDS, { ...feed("apart", SIMULATED), status: { marketState: "Open" } });
    expect(made.status).toBeUndefined();
    const said = await client.patch<Feed>(`${FEEDS}/apart/status`, {
      spec: { suspend: true },
      status: { marketState: "Closed" },
    });
    expect(said).toMatchObject({ spec: { suspend: false }, status: { marketState: "Closed" } });
    await remove("apart");
  });

  it("comes back from the server with each of its rules and defaults", async () => {
    const crd = await client.get<{ spec: unknown }>(
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/stockfeeds.stockfeed.dev",
    );
    expect(crd.spec).toMatchObject(stockFeedCrd().spec as object);
  });
});
