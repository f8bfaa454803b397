import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FnRunner, startFnRunner, type WorkerConnection } from "../../test/fakes/fn-runner.ts";
import { mapStage, SOURCE } from "../../test/fakes/map-stage.ts";
import { workerFunctions } from "../../test/fakes/worker-functions.ts";
import { LeanWorker } from "./lean-worker.ts";

let runner: FnRunner;
let worker: LeanWorker;
let connection: WorkerConnection;

const bytes = (...values: number[]) => values.map((value) => Uint8Array.of(value));

async function start(fn: (value: Uint8Array) => Uint8Array): Promise<void> {
  runner = await startFnRunner({ stage: (endpoint) => mapStage(endpoint, fn) });
  worker = new LeanWorker("w1", runner.endpoint);
  connection = await runner.worker("w1");
}

beforeEach(() => {
  // The SDK tells of each bundle's start, and at its own end.
  vi.spyOn(console, "debug").mockReturnValue();
  vi.spyOn(console, "warn").mockReturnValue();
});

afterEach(async () => {
  runner.stop();
  await worker.ended;
  vi.restoreAllMocks();
});

describe("a bundle", () => {
  it("goes through the pipeline's function and back to the runner", async () => {
    await start(workerFunctions.double);
    const { response, values } = await connection.run(bytes(1, 2), bytes(3));
    expect(response.error).toBe("");
    expect(values).toEqual(bytes(2, 4, 6));
  });

  it("takes data that came before its instruction", async () => {
    await start(workerFunctions.double);
    await connection.run(bytes(1));
    await connection.send("early", bytes(5));
    await connection.finish("early");
    await vi.waitFor(() => {
      expect(worker.bundlesHeld).toBe(1);
    });
    expect((await connection.begin("early")).values).toEqual(bytes(10));
  });

  it("is not over before the work of every message is done", async () => {
    await start(workerFunctions.slow);
    const result = await connection.run(bytes(80, 80, 80), bytes(1));
    expect(result.values).toEqual(bytes(80, 80, 80, 1));
  });

  it("may be one message of more than 4 MiB", async () => {
    await start(workerFunctions.slow);
    const many = Array.from({ length: 50_000 }, () => new Uint8Array(100));
    const { values } = await connection.run(many);
    expect(values).toHaveLength(50_000);
  });

  it("ends in the function's error, after which the next one is well", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    await start(workerFunctions.picky);
    const { response } = await connection.run(bytes(1, 0, 2), bytes(3));
    expect(response.error).toContain("zero is refused");
    expect((await connection.run(bytes(4))).values).toEqual(bytes(4));
  });

  it("fails where its data stream ends amid its input, and so does every one after it", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    await start(workerFunctions.double);
    await connection.run(bytes(1));
    await connection.send("amid", bytes(2));
    const amid = connection.begin("amid");
    await connection.endData();
    expect((await amid).response.error).toContain("The data channel has ended");
    expect((await connection.begin("after")).response.error).toContain("The data channel has ended");
  });

  it("prints nothing above the level of debugging", async () => {
    const printed = (["log", "info", "warn", "error"] as const).map((method) =>
      vi.spyOn(console, method).mockReturnValue(),
    );
    await start(workerFunctions.double);
    await connection.run(bytes(1));
    await ask("processBundleSplit");
    for (const each of printed) expect(each).not.toHaveBeenCalled();
  });
});

describe("what is kept", () => {
  it("is nothing of a bundle that is over", async () => {
    await start(workerFunctions.double);
    for (let i = 0; i < 50; i++) await connection.run(bytes(i));
    await vi.waitFor(() => {
      expect(worker.bundlesHeld).toBe(0);
    });
  });

  it("is nothing of a bundle that failed, whatever it is still sent", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    await start(workerFunctions.picky);
    const failing = connection.begin("bad");
    await connection.send("bad", bytes(0));
    await failing;
    await connection.send("bad", bytes(1));
    await connection.finish("bad");
    await connection.run(bytes(1));
    await vi.waitFor(() => {
      expect(worker.bundlesHeld).toBe(0);
    });
  });

  it("is no count of the bundle before", async () => {
    await start(workerFunctions.double);
    await connection.run(bytes(1, 2, 3));
    const { response } = await connection.run(bytes(1, 2));
    expect(elementCounts(response)).toEqual([2, 2]);
  });
});

describe("an instruction beside bundles", () => {
  it("tells how far a bundle is", async () => {
    await start(workerFunctions.slow);
    const bundle = connection.begin("b");
    for (const [sent, count] of [
      [3, 3],
      [2, 5],
    ] as const) {
      await connection.send("b", bytes(...Array<number>(sent).fill(1)));
      await vi.waitFor(async () => {
        expect(elementCounts(await ask("processBundleProgress", "b"))).toEqual([count, count]);
      });
    }
    await connection.finish("b");
    expect((await bundle).values).toHaveLength(5);
  });

  it("splits a bundle, which then ends where it was told and leaves the rest to the runner", async () => {
    await start(workerFunctions.slow);
    const bundle = connection.begin("b");
    // The first ones are worked on when the question comes, and the worker looks up every 100 ms.
    await connection.send("b", bytes(110, 110, 110, 110, 1, 1, 1, 1));
    const { response, error } = await ask("processBundleSplit", "b");
    await connection.finish("b");
    const { values } = await bundle;
    expect(error).toBe("");
    const splits = response.oneofKind === "processBundleSplit" ? response.processBundleSplit.channelSplits : [];
    expect(splits).toHaveLength(1);
    expect(values).toHaveLength(Number(splits[0]?.firstResidualElement));
    expect(values.length).toBeLessThan(8);
  });

  it.each(["processBundleProgress", "processBundleSplit"] as const)(
    "answers %s of a bundle that it does not know: nothing",
    async (kind) => {
      await start(workerFunctions.double);
      const { error, response } = await ask(kind, "nobody");
      expect(error).toBe("");
      expect(response.oneofKind).toBe(kind);
    },
  );

  it("tells what a count's short name stands for", async () => {
    await start(workerFunctions.double);
    const { response } = await connection.run(bytes(1));
    const names = response.response.oneofKind === "processBundle" ? response.response.processBundle.monitoringData : {};
    const answer = await connection.instruct("i", {
      oneofKind: "monitoringInfos",
      monitoringInfos: { monitoringInfoId: [...Object.keys(names), "unknown"] },
    });
    const infos = answer.response.oneofKind === "monitoringInfos" ? answer.response.monitoringInfos.monitoringInfo : {};
    expect(Object.keys(infos)).toEqual(Object.keys(names));
    expect(Object.values(infos)[0]?.urn).toBe("beam:metric:element_count:v1");
  });

  it("is refused by name where it is not known", async () => {
    await start(workerFunctions.double);
    const answer = await connection.instruct("i", { oneofKind: "register", register: { processBundleDescriptor: [] } });
    expect(answer.error).toContain("register");
  });
});

describe("its end", () => {
  it("is told as the runner's own where the runner ends the control channel", async () => {
    await start(workerFunctions.double);
    connection.end();
    expect((await worker.ended).code).toBe(0);
  });

  it("is told as a failure where the connection breaks", async () => {
    await start(workerFunctions.double);
    runner.stop();
    expect((await worker.ended).code).not.toBe(0);
  });
});

function ask(kind: "processBundleProgress" | "processBundleSplit", bundleId = "nobody") {
  if (kind === "processBundleProgress")
    return connection.instruct(`about ${bundleId}`, {
      oneofKind: kind,
      processBundleProgress: { instructionId: bundleId },
    });
  const half = { fractionOfRemainder: 0.5, estimatedInputElements: 8n, allowedSplitPoints: [] };
  return connection.instruct(`about ${bundleId}`, {
    oneofKind: kind,
    processBundleSplit: { instructionId: bundleId, desiredSplits: { [SOURCE]: half } },
  });
}

/** The counts of elements in an answer, a variable-length integer each. */
function elementCounts({ response }: Pick<Awaited<ReturnType<typeof ask>>, "response">): number[] {
  const infos =
    response.oneofKind === "processBundle"
      ? response.processBundle.monitoringInfos
      : response.oneofKind === "processBundleProgress"
        ? response.processBundleProgress.monitoringInfos
        : [];
  return infos.map(({ payload }) => payload[0] ?? 0);
}
