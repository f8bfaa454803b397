import { describe, expect, it } from "vitest";
import { runCommand } from "../../test/run-command.ts";
import { planCommand } from "./plan.ts";

const TEN = "examples/ten-stocks.yaml";

describe("stockfeed plan", () => {
  it("shows what a feed would create, call and make in a day", async () => {
    const { stdout, exitCode } = await runCommand(planCommand, { args: ["-f", TEN] });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Simulated, which is not called");
    expect(stdout).toContain("8,640 slots, 86,400 quotes");
    expect(stdout).toContain("259,200 (86,400 of 1m, 86,400 of 5m, 86,400 of 15m)");
    expect(stdout).toContain("86,400 published, 172,800 delivered");
    expect(stdout).toMatch(/Kubernetes +CronJob +ten-stocks-poll +default +polls, 1 Pod at/);
    expect(stdout).toMatch(/Pub\/Sub +Topic +stockfeed-default-ten-stocks-[0-9a-z]{8}-quotes/);
    expect(stdout).not.toContain("Warnings");
  });

  it("prices the windows under each engine, and says which to choose", async () => {
    const { stdout } = await runCommand(planCommand, { args: ["-f", TEN] });
    expect(stdout).toMatch(/windows a month +choose Embedded; an estimate by list prices in us-central1, of 2025-08/);
    expect(stdout).toMatch(/ {3}Embedded \$\d+: 1 Pod \$\d+\n/);
    expect(stdout).toMatch(/ {3}Dataflow \$\d{3}: 3 jobs of 1 worker \$\d{3}; Streaming Engine \$\d\n/);
  });

  it("chooses no engine by price where one Pod may not do", async () => {
    const symbols = Array.from({ length: 2500 }, (_, index) => `S${index}`).join(", ");
    const feed = `apiVersion: stockfeed.dev/v1alpha1
kind: StockFeed
metadata: {name: all}
spec:
  symbols: [${symbols}]
  polling: {interval: 1s}
  provider: {type: Simulated}
`;
    const { stdout } = await runCommand(planCommand, { args: ["-f", "-"], input: feed });
    expect(stdout).toMatch(/windows a month +measure before you choose, one Pod may not do;/);
    expect(stdout).toContain("2,500 quotes a second may be more than one Pod takes");
  });

  it("warns where a feed has all that a laptop needs and not what a cluster does", async () => {
    const { stdout } = await runCommand(planCommand, { args: ["-f", "examples/iex.yaml"] });
    expect(stdout).toContain("Runs on a laptop as it is; a cluster also needs pubsub and sink.");
  });

  it("warns of a provider's limit with the figures, and still ends with 0", async () => {
    const feed = `apiVersion: stockfeed.dev/v1alpha1
kind: StockFeed
metadata: {name: tech}
spec:
  symbols: [AAPL]
  provider: {type: Tiingo, credentialsSecretRef: {name: tiingo}}
`;
    const { stdout, exitCode } = await runCommand(planCommand, { args: ["-f", "-"], input: feed });
    expect(stdout).toContain("Tiingo, 1 call a slot, 6 a minute, of 0.83 on its free plan");
    expect(stdout).toContain("default/tech: 360 calls an hour of Tiingo; its free plan allows 50. Poll every 2m");
    expect(exitCode).toBe(0);
  });

  it("prints the plan for programs", async () => {
    const { stdout } = await runCommand(planCommand, { args: ["-f", TEN, "--json"] });
    expect(JSON.parse(stdout)).toMatchObject({
      feeds: [{ feed: "default/ten-stocks", calls: { perSlot: 0 }, daily: { quotes: 86_400 } }],
      quotas: [],
    });
  });

  it("ends with 2 and the problems where a manifest is not valid", async () => {
    const { stdout, stderr, exitCode } = await runCommand(planCommand, { args: ["-f", "-"], input: "kind: Pod\n" });
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^-:1:7: kind is "Pod" but must be StockFeed/);
    expect(exitCode).toBe(2);
  });
});
