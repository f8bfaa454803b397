import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  type ControlPlane,
  controlPlaneMissing,
  startControlPlane,
} from "../../../test/control-plane/control-plane.ts";
import { type AnyObject, KubeClient } from "../../../test/kube-client.ts";

const missing = await controlPlaneMissing();

describe.skipIf(missing !== undefined && process.env.CI === undefined)("two electors, as processes", () => {
  let plane: ControlPlane;
  let admin: KubeClient;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    plane = await startControlPlane();
    admin = new KubeClient(plane.kubeconfig);
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await plane.stop();
  });

  const start = (namespace: string, identity: string) => {
    const child = spawn(process.execPath, ["test/leader-process.ts", plane.kubeconfig, namespace, identity], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    children.push(child);
    const lines: string[] = [];
    createInterface(child.stdout).on("line", (line) => lines.push(line));
    const says = (line: string) => vi.waitUntil(() => lines.includes(line), { timeout: 30_000 });
    return { child, lines, says, leads: () => says("leads") };
  };
  const writesOf = async (namespace: string, identity: string) => {
    const { items } = await admin.list<{ metadata: { name: string; resourceVersion: string } }>(
      `/api/v1/namespaces/${namespace}/configmaps`,
    );
    return items.find(({ metadata }) => metadata.name === identity)?.metadata.resourceVersion;
  };

  /** Resolves after a hundred more writes of the second: what the first had on its way would be done by then. */
  const writesOfSecond = async (namespace: string) => {
    const count = async () => {
      const { data } = await admin.get<{ data: { count: string } } & AnyObject>(
        `/api/v1/namespaces/${namespace}/configmaps/second`,
      );
      return Number(data.count);
    };
    const before = await count();
    await vi.waitUntil(async () => (await count()) > before + 100, { timeout: 20_000 });
  };

  it("of which one is stopped past its lease and goes on: not one more write from it", async () => {
    await admin.create("/api/v1/namespaces", { metadata: { name: "pause" } });
    const first = start("pause", "first");
    await first.leads();
    const second = start("pause", "second");
    await second.says("asked");
    await vi.waitUntil(async () => (await writesOf("pause", "first")) !== undefined);
    first.child.kill("SIGSTOP");
    const stoppedAt = performance.now();
    await second.leads();
    expect(performance.now() - stoppedAt).toBeLessThan(20_000);
    const before = await writesOf("pause", "first");
    first.child.kill("SIGCONT");
    await first.says("lost");
    await writesOfSecond("pause");
    expect(await writesOf("pause", "first")).toBe(before);
  });

  it("of which one stands still with writes begun, and begins more before it looks at anything: not one is sent", async () => {
    await admin.create("/api/v1/namespaces", { metadata: { name: "block" } });
    const first = start("block", "first");
    await first.leads();
    const second = start("block", "second");
    await second.says("asked");
    first.child.stdin.write("25000\n");
    await second.leads();
    const before = await writesOf("block", "first");
    await first.says("lost");
    await writesOfSecond("block");
    expect(await writesOf("block", "first")).toBe(before);
  });

  it("of which one is killed: the other leads in less than 20 s; told to stop, at once", async () => {
    await admin.create("/api/v1/namespaces", { metadata: { name: "kill" } });
    const first = start("kill", "first");
    await first.leads();
    const [second, third] = [start("kill", "second"), start("kill", "third")];
    await Promise.all([second.says("asked"), third.says("asked")]);
    first.child.kill("SIGKILL");
    const killedAt = performance.now();
    await Promise.race([second.leads(), third.leads()]);
    expect(performance.now() - killedAt).toBeLessThan(20_000);
    const [leader, other] = second.lines.includes("leads") ? [second, third] : [third, second];
    expect(other.lines).not.toContain("leads");
    leader.child.kill("SIGTERM");
    const toldAt = performance.now();
    await other.leads();
    expect(performance.now() - toldAt).toBeLessThan(10_000);
  });
});
