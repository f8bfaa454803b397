import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  type ControlPlane,
  controlPlaneMissing,
  startControlPlane,
} from "../../../test/control-plane/control-plane.ts";
import { type Fault, FaultProxy } from "../../../test/fakes/fault-proxy.ts";
import { KubeClient } from "../../../test/kube-client.ts";
import { reflectCollection, versionsOf } from "../../../test/reflected.ts";

const missing = await controlPlaneMissing();
/** The promise: from here on, a change is in the cache within this time. */
const SEEN_MS = 35_000;

/** Faults, and what the log says of each. */
const FAULTS: readonly [Fault, string][] = [
  ["watch-410", "410 Expired"],
  ["watch-410-event", "410 Expired"],
  ["list-410", "410 Expired"],
  ["429", "429 TooManyRequests"],
  ["500", "500 InternalError"],
  ["reset", "ECONNRESET"],
  ["half-open", "not ended after"],
  ["malformed-event", "an event that can't be read"],
  ["cut-event", "ended inside a line"],
  ["early-end", "before its time"],
  ["slow-list", "ECONNRESET"],
  ["stalled-list", "silent for 10 s"],
  ["html", "no JSON"],
];

describe.skipIf(missing !== undefined && process.env.CI === undefined)("the reflector, on a real server", () => {
  let plane: ControlPlane;
  let admin: KubeClient;
  beforeAll(async () => {
    plane = await startControlPlane();
    admin = new KubeClient(plane.kubeconfig);
  });
  afterAll(() => plane.stop());

  const pathOf = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`;
  const makeNamespace = (name: string) => admin.create("/api/v1/namespaces", { metadata: { name } });
  const put = (namespace: string, name: string) => admin.create(pathOf(namespace), { metadata: { name } });
  const serverVersions = async (namespace: string) => versionsOf((await admin.list(pathOf(namespace))).items);
  const direct = () => {
    const config = new KubeConfig();
    config.loadFromFile(plane.kubeconfig);
    return config;
  };

  it.concurrent.each(FAULTS)("sees within 35 s what is made during and after %s", async (fault, said) => {
    const namespace = `fault-${fault}`;
    await makeNamespace(namespace);
    for (let i = 0; i < 7; i++) await put(namespace, `before-${i}`);
    const proxy = await FaultProxy.start(plane.kubeconfig);
    const reflected = await reflectCollection(pathOf(namespace), () => proxy.config());
    await vi.waitUntil(() => proxy.openWatches === 1);
    proxy.takeRequests();
    proxy.set(fault);
    await put(namespace, "during");
    await admin.delete(`${pathOf(namespace)}/before-3`);
    // A dead connection is found in its own time, after the fault; each other fault is met before it ends.
    const isMet = () => reflected.problems.join().includes(said);
    if (fault !== "half-open") await vi.waitUntil(isMet, { timeout: 20_000 });
    proxy.set(undefined);
    await put(namespace, "after");
    await vi.waitUntil(() => reflected.has("after") && reflected.has("during"), { timeout: SEEN_MS });
    expect(isMet()).toBe(true);
    expect(reflected.versions()).toEqual(await serverVersions(namespace));
    const deleted = reflected.changes.filter(({ type }) => type === "deleted");
    expect(deleted.map(({ object }) => object.metadata.name)).toEqual(["before-3"]);
    expect(proxy.takeRequests().length).toBeLessThan(40);
    await reflected.close();
    await proxy.close();
  });

  it.concurrent("goes on after a rotation of its token once the new one is on disk, and names neither", async () => {
    await makeNamespace("rotation");
    const proxy = await FaultProxy.start(plane.kubeconfig);
    let token = "first";
    const reflected = await reflectCollection(pathOf("rotation"), () => proxy.config(token));
    proxy.rotate("second");
    await vi.waitUntil(() => reflected.problems.some((problem) => problem.includes("401")), { timeout: 30_000 });
    token = "second";
    await put("rotation", "after");
    await vi.waitUntil(() => reflected.has("after"), { timeout: SEEN_MS });
    expect(reflected.problems.join()).not.toMatch(/first|second/);
    await reflected.close();
    await proxy.close();
  });

  it.concurrent("costs a quiet collection one request in 20 to 25 s, and no list", async () => {
    await makeNamespace("quiet");
    const proxy = await FaultProxy.start(plane.kubeconfig);
    const reflected = await reflectCollection(pathOf("quiet"), () => proxy.config());
    const requests = proxy.takeRequests();
    await vi.waitUntil(() => (requests.push(...proxy.takeRequests()), requests.length >= 4), { timeout: 90_000 });
    expect(requests.slice(1).every((line) => line.startsWith("watch "))).toBe(true);
    expect(reflected.problems).toEqual([]);
    await put("quiet", "after");
    await vi.waitUntil(() => reflected.has("after"), { timeout: 2_000 });
    await reflected.close();
    await proxy.close();
  });

  it.concurrent("has what the server has, after any operations and faults in any order", async () => {
    await makeNamespace("walk");
    const proxy = await FaultProxy.start(plane.kubeconfig);
    const reflected = await reflectCollection(pathOf("walk"), () => proxy.config());
    const faults = FAULTS.map(([fault]) => fault).filter((fault) => !["half-open", "stalled-list"].includes(fault));
    const step = fc.record({
      name: fc.nat(8).map((n) => `object-${n}`),
      what: fc.constantFrom("put", "put", "edit", "delete"),
      fault: fc.option(fc.constantFrom(...faults, "heal" as const), { freq: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
        for (const { name, what, fault } of steps) {
          if (fault !== null) proxy.set(fault === "heal" ? undefined : fault);
          const path = `${pathOf("walk")}/${name}`;
          const work = {
            put: () => put("walk", name),
            edit: () => admin.patch(path, { data: { a: String(Math.random()) } }),
            delete: () => admin.delete(path),
          }[what];
          await work().catch(() => undefined); // there already, or gone already
        }
        proxy.set(undefined);
        const wanted = await serverVersions("walk");
        const isSame = () => {
          expect(reflected.versions()).toEqual(wanted);
        };
        await vi.waitFor(isSame, { timeout: SEEN_MS });
      }),
      { numRuns: 8, endOnFailure: true },
    );
    await reflected.close();
    await proxy.close();
  });

  it("sees what is made after the server was killed and started again", async () => {
    await makeNamespace("restart");
    await put("restart", "before");
    const reflected = await reflectCollection(pathOf("restart"), direct);
    await plane.restart();
    await put("restart", "after");
    await vi.waitUntil(() => reflected.has("after"), { timeout: SEEN_MS });
    expect(reflected.versions()).toEqual(await serverVersions("restart"));
    await reflected.close();
  });

  it("follows the server back to an older snapshot, where a plain watch would be deaf", async () => {
    await makeNamespace("snapshot");
    await put("snapshot", "kept");
    const directory = join(await mkdtemp(join(tmpdir(), "stockfeed-snapshot-")), "data");
    await plane.kill();
    await plane.snapshot(directory);
    await plane.restart();
    const reflected = await reflectCollection(pathOf("snapshot"), direct);
    for (let i = 0; i < 50; i++) await put("snapshot", `lost-${i}`);
    await vi.waitUntil(() => reflected.has("lost-49"), { timeout: SEEN_MS });
    await plane.kill();
    await plane.restore(directory);
    await plane.restart();
    await put("snapshot", "after");
    await vi.waitUntil(() => reflected.has("after"), { timeout: SEEN_MS });
    expect(reflected.versions()).toEqual(await serverVersions("snapshot"));
    expect(reflected.has("lost-0")).toBe(false);
    await reflected.close();
    await rm(directory, { recursive: true });
  });
});
