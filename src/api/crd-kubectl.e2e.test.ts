import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ControlPlane, controlPlaneMissing, startControlPlane } from "../../test/control-plane/control-plane.ts";
import { installCrd } from "../../test/install-crd.ts";
import { KubeClient } from "../../test/kube-client.ts";
import { kubectl, kubeToolMissing } from "../../test/kube-tools.ts";
import { withoutPart } from "../../test/missing-part.ts";

const missing = (await controlPlaneMissing()) ?? kubeToolMissing("kubectl");

describe.skipIf(withoutPart(missing))("kubectl", () => {
  let plane: ControlPlane;
  const run = (...args: string[]) => kubectl(plane.kubeconfig, ...args);
  beforeAll(async () => {
    plane = await startControlPlane();
    await installCrd(plane.kubeconfig);
  });
  afterAll(() => plane.stop());

  it("applies an example twice, the second time without a change", async () => {
    expect(await run("apply", "-f", "examples/ten-stocks.yaml")).toBe("stockfeed.stockfeed.dev/ten-stocks created\n");
    expect(await run("apply", "-f", "examples/ten-stocks.yaml")).toBe("stockfeed.stockfeed.dev/ten-stocks unchanged\n");
    expect(await run("diff", "-f", "examples/ten-stocks.yaml")).toBe("");
  });

  it("lists feeds by their short name, with what counts", async () => {
    const condition = { type: "Ready", status: "False", reason: "SinkUnavailable", message: "No table." };
    await new KubeClient(plane.kubeconfig).patch(
      "/apis/stockfeed.dev/v1alpha1/namespaces/default/stockfeeds/ten-stocks/status",
      {
        status: {
          symbols: 10,
          marketState: "Open",
          conditions: [{ ...condition, lastTransitionTime: "2026-01-05T14:30:00Z" }],
        },
      },
    );
    const cells = (table: string) =>
      table
        .trim()
        .split("\n")
        .map((line) => line.trim().split(/\s+/));
    const [header, row] = cells(await run("get", "sf"));
    expect(header).toEqual(["NAME", "PROVIDER", "SYMBOLS", "EVERY", "ENGINE", "READY", "MARKET", "AGE"]);
    expect(row?.slice(0, -1)).toEqual(["ten-stocks", "Simulated", "10", "10s", "Embedded", "False", "Open"]);
    const [wideHeader, wideRow] = cells(await run("get", "stockfeeds", "-o", "wide"));
    expect(wideHeader).toContain("REASON");
    expect(wideRow).toContain("SinkUnavailable");
    expect(await run("get", "all")).toMatch(/stockfeed\.stockfeed\.dev\/ten-stocks/);
  });

  it("explains a field in the words of the reference", async () => {
    const polling = await run("explain", "stockfeed.spec.polling");
    expect(polling).toMatch(/When and how often quotes are polled\./);
    expect(polling).toMatch(/session\s+<string>\s+enum: Always, NYSE\s+When to poll: Always, or only/);
    const provider = await run("explain", "sf.spec.provider");
    expect(provider).toMatch(/type\s+<string> -required-/);
    expect(provider).toMatch(/Under type Simulated: seed of the prices/);
  });

  it("shows each mend where a manifest is refused", async () => {
    const file = join(plane.dataDir, "broken.yaml");
    await writeFile(
      file,
      `apiVersion: stockfeed.dev/v1alpha1
kind: StockFeed
metadata: {name: broken}
spec:
  symbols: [aapl]
  provider: {type: Alpaca}
  polling: {interval: 7s, extendedHours: true}
`,
    );
    const { stderr } = await run("apply", "-f", file).then(
      () => ({ stderr: "" }),
      (error: unknown) => error as { stderr: string },
    );
    expect(stderr).toMatch(
      /spec\.symbols\[0\]: Invalid value: "aapl": must be a symbol.*Write it as the exchange does/,
    );
    expect(stderr).toMatch(/spec\.provider\.credentialsSecretRef: Required value: .*Add credentialsSecretRef/);
    expect(stderr).toMatch(/spec\.polling\.interval: Invalid value: "7s": must divide a minute/);
    expect(stderr).toMatch(/spec\.polling\.extendedHours: .*needs session NYSE\. Write session: NYSE/);
  });

  it("refuses a field that is not known", async () => {
    const file = join(plane.dataDir, "unknown.yaml");
    const spec = "spec: {symbols: [AAPL], provider: {type: Simulated}, colour: red}";
    await writeFile(file, `apiVersion: stockfeed.dev/v1alpha1\nkind: StockFeed\nmetadata: {name: unknown}\n${spec}\n`);
    await expect(run("apply", "-f", file)).rejects.toThrow(/unknown field "spec\.colour"/);
  });
});
