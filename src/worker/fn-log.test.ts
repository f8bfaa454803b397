import { afterEach, describe, expect, it, vi } from "vitest";
import { type FnRunner, startFnRunner } from "../../test/fakes/fn-runner.ts";
import { mapStage } from "../../test/fakes/map-stage.ts";
import { workerFunctions } from "../../test/fakes/worker-functions.ts";
import { LogEntry_Severity_Enum as Severity, loggingLocalStorage } from "./beam-sdk.ts";
import { consoleToLog } from "./console-log.ts";
import { FnLog } from "./fn-log.ts";

let runner: FnRunner | undefined;

async function startRunner(): Promise<FnRunner> {
  runner = await startFnRunner({ stage: (endpoint) => mapStage(endpoint, workerFunctions.double) });
  return runner;
}

function logTo(endpoint: string | undefined, stderr: (line: string) => void = () => undefined): FnLog {
  return new FnLog({ workerId: "w1", endpoint, level: "INFO", now: () => 1_700_000_000_250, stderr });
}

afterEach(() => {
  runner?.stop();
});

describe("a worker's log", () => {
  it("reaches the runner with level, time and the work it is about", async () => {
    const { endpoint, logged } = await startRunner();
    const log = logTo(endpoint);
    log.write("WARN", "slow", { instructionId: "bundle-7", transformId: "parse" });
    await log.close();
    expect(logged).toMatchObject([
      {
        workerId: "w1",
        severity: Severity.WARN,
        message: "slow",
        timestamp: { seconds: 1_700_000_000n, nanos: 250_000_000 },
        instructionId: "bundle-7",
        transformId: "parse",
      },
    ]);
  });

  it("leaves out what is below its level", async () => {
    const { endpoint, logged } = await startRunner();
    const log = logTo(endpoint);
    log.write("DEBUG", "detail");
    log.write("INFO", "fact");
    await log.close();
    expect(logged.map(({ message }) => message)).toEqual(["fact"]);
  });

  it("sends all that waits before it ends, in order", async () => {
    const { endpoint, logged } = await startRunner();
    const log = logTo(endpoint);
    const messages = Array.from({ length: 5_000 }, (_, i) => `line ${i}`);
    for (const message of messages) log.write("INFO", message);
    await log.close();
    await vi.waitFor(() => {
      expect(logged.map(({ message }) => message)).toEqual(messages);
    });
  });

  it("keeps a bounded number of entries while the runner does not read, and says how many it left out", async () => {
    const { endpoint, logged } = await startRunner();
    const log = logTo(endpoint);
    for (let i = 0; i < 30_000; i++) log.write("INFO", "x".repeat(200));
    await log.close();
    const said = logged.map(({ message }) => /^(\d+) log entries were left out/.exec(message)?.[1]);
    const left = said.reduce((sum, count) => sum + Number(count ?? 0), 0);
    expect(left).toBeGreaterThan(15_000);
    expect(logged.filter(({ message }) => message.startsWith("x")).length + left).toBe(30_000);
  });

  it("goes to standard error where there is no logging service, and where it goes away", async () => {
    const lines: string[] = [];
    const without = logTo(undefined, (line) => lines.push(line));
    without.write("ERROR", "one");
    const { endpoint, stop } = await startRunner();
    const log = logTo(endpoint, (line) => lines.push(line));
    stop();
    await vi.waitFor(() => {
      log.write("ERROR", "two");
      expect(lines).toContain("ERROR w1: two\n");
    });
    expect(lines[0]).toBe("ERROR w1: one\n");
    await log.close();
  });
});

describe("the console", () => {
  it("becomes entries with its methods' levels, at the work that the SDK is at", () => {
    const target = { ...console };
    const before = { ...target };
    const write = vi.fn();
    const restore = consoleToLog({ takes: (level) => level !== "DEBUG", write }, target);
    loggingLocalStorage.run({ instructionId: "b", transformId: "t" }, () => {
      target.warn("price of %s is", "AAPL", { low: 1 });
    });
    target.debug("nothing");
    target.log("plain");
    expect(write.mock.calls).toEqual([
      ["WARN", "price of AAPL is { low: 1 }", { instructionId: "b", transformId: "t" }],
      ["INFO", "plain", undefined],
    ]);
    restore();
    expect(target).toEqual(before);
  });
});
