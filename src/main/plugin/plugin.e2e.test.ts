import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ControlPlane,
  controlPlaneMissing,
  startControlPlane,
} from "../../../test/control-plane/control-plane.ts";
import { installCrd } from "../../../test/install-crd.ts";
import { KubeClient } from "../../../test/kube-client.ts";
import type { KubeObject } from "../../api/kube-object.ts";

const FEEDS = "/apis/stockfeed.dev/v1alpha1/namespaces/markets/stockfeeds";
const LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const FINALIZER = "stockfeed.dev/cloud-objects";

const missing = await controlPlaneMissing();

describe.skipIf(missing !== undefined && process.env.CI === undefined)("kubectl stockfeed", () => {
  let plane: ControlPlane;
  let client: KubeClient;
  let folder: string;
  beforeAll(async () => {
    plane = await startControlPlane();
    client = new KubeClient(plane.kubeconfig);
    await installCrd(plane.kubeconfig);
    await client.create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "markets" } });
    // kubectl looks for its plugins on the path, by their names.
    folder = await mkdtemp(join(tmpdir(), "stockfeed-plugin-"));
    const plugin = join(folder, "kubectl-stockfeed");
    const program = join(import.meta.dirname, "..", "kubectl-stockfeed.ts");
    await writeFile(plugin, `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
    await chmod(plugin, 0o755);
  });
  afterAll(async () => {
    await plane.stop();
    await rm(folder, { recursive: true });
  });

  async function kubectl(...args: readonly string[]) {
    const path = `${folder}${delimiter}${process.env.PATH ?? ""}`;
    const child = spawn("kubectl", args, {
      env: { ...process.env, PATH: path, KUBECONFIG: plane.kubeconfig },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = once(child, "exit") as Promise<[number]>;
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { stdout, stderr, code };
  }
  const stockfeed = (...args: readonly string[]) => kubectl("stockfeed", ...args, "-n", "markets");

  async function make(name: string, metadata: object = {}): Promise<void> {
    await client.create(FEEDS, {
      apiVersion: "stockfeed.dev/v1alpha1",
      kind: "StockFeed",
      metadata: { name, ...metadata },
      spec: {
        symbols: ["AAPL", "MSFT"],
        provider: { type: "Simulated" },
        pubsub: { projectId: "acme" },
        sink: { bigQuery: { projectId: "acme", dataset: "markets" } },
      },
    });
  }
  const read = (name: string) => client.get<KubeObject>(`${FEEDS}/${name}`);

  it("says that a namespace has no feed, and how to make one", async () => {
    const { stdout, code } = await kubectl("stockfeed", "status", "-n", "default");
    expect([stdout, code]).toEqual([
      "Namespace default has no StockFeed. Apply one with kubectl apply -f feed.yaml.\n",
      0,
    ]);
  });

  it("shows a feed that no operator has seen as unknown, and ends with 1", async () => {
    await make("unseen");
    const { stdout, code } = await stockfeed("status");
    expect(stdout).toMatch(/^NAMESPACE +NAME +PROVIDER +SYMBOLS +EVERY +ENGINE +READY +MARKET +REASON\n/);
    expect(stdout).toMatch(/^markets +unseen +Simulated +2 +10s +Embedded +Unknown$/m);
    expect(code).toBe(1);
  });

  it("shows one feed's conditions, pipelines and events", async () => {
    await make("full");
    const lastTransitionTime = "2026-03-02T12:00:00Z";
    const condition = { status: "True", reason: "AllParts", message: "It runs.", lastTransitionTime };
    await client.patch(
      `${FEEDS}/full/status?fieldManager=test`,
      {
        apiVersion: "stockfeed.dev/v1alpha1",
        kind: "StockFeed",
        metadata: { name: "full" },
        status: {
          conditions: [{ ...condition, type: "Ready" }],
          marketState: "Open",
          pipelines: [
            { window: "15m", engine: "Embedded", state: "Running", specHash: "x" },
            { window: "1m", engine: "Embedded", state: "Running", specHash: "x" },
          ],
        },
      },
      "apply",
    );
    const { uid } = (await read("full")).metadata;
    await client.create("/apis/events.k8s.io/v1/namespaces/markets/events", {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: "full.1" },
      eventTime: "2026-03-02T12:00:01.000000Z",
      reportingController: "stockfeed.dev/operator",
      reportingInstance: "test",
      action: "Reconcile",
      reason: "Created",
      type: "Normal",
      note: "The feed's parts were made.",
      regarding: { kind: "StockFeed", namespace: "markets", name: "full", uid, apiVersion: "stockfeed.dev/v1alpha1" },
    });

    const { stdout, code } = await stockfeed("status", "full");

    expect(code).toBe(0);
    expect(stdout).toContain("markets/full\n  2 symbols from Simulated every 10s, engine Embedded, market Open\n");
    expect(stdout).toMatch(/^Ready +True +AllParts +2026-03-02T12:00:00Z +It runs\.$/m);
    expect(stdout.indexOf("\n1m ")).toBeLessThan(stdout.indexOf("\n15m "));
    expect(stdout).toMatch(/Normal +Created +The feed's parts were made\.$/m);
  });

  it("pauses, resumes and restarts feeds", async () => {
    await make("paused");
    expect((await stockfeed("pause", "paused")).stdout).toContain("markets/paused is suspended.");
    expect((await read("paused")).spec).toMatchObject({ suspend: true });
    await stockfeed("resume", "paused");
    expect((await read("paused")).spec).toMatchObject({ suspend: false });
    await stockfeed("restart", "paused");
    const first = (await read("paused")).metadata.annotations?.["stockfeed.dev/restart"] ?? "";
    expect(Date.parse(first)).toBeGreaterThan(Date.now() - 60_000);
  });

  it("names the feeds that are there where one is not", async () => {
    const { stderr, code } = await stockfeed("pause", "fulll");
    expect([stderr.trim(), code]).toEqual(["There is no StockFeed fulll in namespace markets. Did you mean full?", 1]);
  });

  describe("orphan", () => {
    const finalizers = { finalizers: [FINALIZER] };

    it("shows what would stay and changes nothing without --yes", async () => {
      await make("kept", finalizers);
      const { stdout, code } = await stockfeed("orphan", "kept");
      expect(stdout).toMatch(/Pub\/Sub +Topic +stockfeed-markets-kept-[0-9a-z]{8}-quotes +acme/);
      expect(code).toBe(2);
      expect((await read("kept")).metadata.finalizers).toEqual([FINALIZER]);
    });

    it("frees a deleted feed whose operator is gone", async () => {
      await make("freed", finalizers);
      await client.delete(`${FEEDS}/freed`);
      expect((await read("freed")).metadata.deletionTimestamp).toBeDefined();
      const { stdout, code } = await stockfeed("orphan", "freed", "--yes");
      expect([stdout.split("\n").at(-2), code]).toEqual(["markets/freed is gone; what is listed above stays.", 0]);
      await expect(read("freed")).rejects.toThrow("not found");
    });

    it("refuses while an operator holds its lease", async () => {
      await make("held", finalizers);
      await client.create(LEASES, {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: "stockfeed-operator" },
        spec: {
          holderIdentity: "operator-1",
          leaseDurationSeconds: 15,
          renewTime: new Date().toISOString().replace("Z", "000Z"),
        },
      });
      const { stderr, code } = await stockfeed("orphan", "held", "--yes");
      expect([stderr, code]).toEqual([expect.stringContaining("The operator operator-1 is at work"), 1]);
      expect((await read("held")).metadata.finalizers).toEqual([FINALIZER]);
      expect((await stockfeed("orphan", "held", "--yes", "--force")).code).toBe(0);
    });
  });
});
