import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  type ControlPlane,
  controlPlaneMissing,
  startControlPlane,
} from "../../../test/control-plane/control-plane.ts";
import { KubeClient } from "../../../test/kube-client.ts";

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
      stdio: ["ignore", "pipe", "inherit"],
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

  it("of which one is stopped past its lease and goes on: not one more write from it", async () => {
    await admin.create("/api/v1/namespaces", { metadata: { name: "pause" } });
    const first = start("pause", "first");
    await first.leads();
    const second = start("pause", "second");
    await second.says("asked");
    await vi.waitUntil(async () => (await writesOf("pause", "first")) !== undefined);
    for (const [leader, leaderName, other] of [
      [first, "first", second],
      [second, "second", first],
    ] as const) {
      other.lines.length = 0;
      leader.child.kill("SIGSTOP");
      const stoppedAt = performance.now();
      await other.leads();
      expect(performance.now() - stoppedAt).toBeLessThan(20_000);
      const before = await writesOf("pause", leaderName);
      leader.lines.length = 0;
      leader.child.kill("SIGCONT");
      await vi.waitUntil(() => leader.lines.includes("lost"), { timeout: 10_000 });
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(await writesOf("pause", leaderName)).toBe(before);
    }
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
    expect(performance.now() - toldAt).toBeLessThan(5_000);
  });
});
