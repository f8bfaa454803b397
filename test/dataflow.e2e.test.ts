/**
 * A feed under `engine: Dataflow`, from kubectl apply to rows: the controller makes topics, subscriptions and jobs; the jobs
 * are a fake Dataflow's, but each one's staged pipeline runs, on Prism with the worker image's program, on what the feed's
 * topic gives, and its rows are on the topic `stockfeed-windows`. kube-apiserver, the Pub/Sub emulator and Prism are real.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { windowSpecs } from "../src/api/window-specs.ts";
import { quoteScript } from "./conformance/quote-script.ts";
import { bruteForceRows, type Row, winningRows } from "./conformance/rows.ts";
import { type FakeCloudStorage, startFakeCloudStorage } from "./fakes/cloud-storage-server.ts";
import { type FakeDataflow, startFakeDataflow } from "./fakes/dataflow-server.ts";
import { feedWith } from "./feed.ts";
import { kubectl as runKubectl } from "./kube-tools.ts";
import { withoutPart } from "./missing-part.ts";
import { FEEDS, OperatorWorld, operatorWorldMissing, PROJECT, until } from "./operator-world.ts";
import { type Prism, prismMissing, startPrism } from "./prism/prism.ts";
import { RealRuns } from "./prism/real-runs.ts";
import { callPubsub, publishTexts, takeTexts } from "./pubsub-rest.ts";

const missing = (await operatorWorldMissing()) ?? (await prismMissing());
const ROWS = `projects/${PROJECT}/subscriptions/rows-of-the-test`;
const SYMBOLS = ["AAPL", "MSFT", "GOOG"];
const spec = {
  symbols: SYMBOLS,
  resolutions: [{ window: "1m" }, { window: "5m" }],
  engine: "Dataflow",
  archive: false,
  dataflow: {
    projectIds: [PROJECT],
    region: "europe-west2",
    tempLocation: "gs://acme-dataflow/tmp",
    maxWorkers: 2,
  },
};
const WINDOWS = windowSpecs(feedWith({ spec: { resolutions: spec.resolutions } }).spec);
const START = Date.UTC(2024, 0, 2, 14, 30);
const SCRIPT = quoteScript({ seed: 7, symbols: SYMBOLS, intervalMs: 10_000, start: START, slots: 60, disorder: 8 });

describe.skipIf(withoutPart(missing))("a feed on Dataflow", { timeout: 300_000 }, () => {
  let world: OperatorWorld;
  let prism: Prism;
  let storage: FakeCloudStorage;
  let dataflow: FakeDataflow;
  let runs: RealRuns;
  let directory: string;
  const rows: Row[] = [];

  beforeAll(async () => {
    [world, prism, storage] = await Promise.all([
      OperatorWorld.start(),
      startPrism(),
      startFakeCloudStorage(["acme-dataflow"]),
    ]);
    directory = await mkdtemp(join(tmpdir(), "stockfeed-dataflow-"));
    runs = new RealRuns({ prism, emulatorHost: world.emulator.host, staged: storage.objects });
    dataflow = await startFakeDataflow({
      onState: (job) => {
        runs.onState(job);
      },
    });
    await world.startOperator(["--worker-image", "worker:test"], {
      DATAFLOW_EMULATOR_HOST: dataflow.url,
      STORAGE_EMULATOR_HOST: storage.url,
    });
  }, 600_000);

  afterAll(async () => {
    await runs.close();
    await Promise.all([world.stop(), prism.stop(), dataflow.close(), storage.close()]);
    await rm(directory, { recursive: true, force: true });
  });

  const running = () => dataflow.jobs.all().filter(({ currentState }) => currentState === "JOB_STATE_RUNNING");
  const kubectl = (...args: string[]) => runKubectl(world.plane.kubeconfig, "--namespace=markets", ...args);

  async function publish(messages: readonly { readonly data: string }[]): Promise<void> {
    const [topic = ""] = (await world.pubsub("topics")).filter((name) => name.endsWith("-quotes"));
    const texts = messages.map(({ data }) => data);
    await publishTexts(world.emulator.host, `projects/${PROJECT}/topics/${topic}`, texts);
  }

  /** Takes what is new on the topic of rows. */
  async function takeRows(): Promise<void> {
    for (const text of await takeTexts(world.emulator.host, ROWS)) rows.push(JSON.parse(text) as Row);
  }

  /** The winning rows of all resolutions, by brute force over the script's first messages. */
  function expected(messages: typeof SCRIPT.messages): Map<string, Row> {
    const quotes = messages.flatMap(({ is }) => (typeof is === "string" ? [] : [is]));
    return new Map(WINDOWS.flatMap((window) => [...bruteForceRows(quotes, window)]));
  }

  /** Waits until what the jobs have written comes to what brute force says. */
  async function untilRowsAre(wanted: Map<string, Row>): Promise<void> {
    await until(async () => {
      if (runs.failures.length > 0) throw new Error(runs.failures.join("\n"));
      await takeRows();
      const winners = winningRows(rows);
      return (
        winners.size >= wanted.size &&
        [...wanted].every(([key, row]) => winners.get(key)?.quote_count === row.quote_count)
      );
    }, 120_000);
    expect(winningRows(rows)).toEqual(wanted);
  }

  it("has a job a resolution, launched by the controller after kubectl apply", async () => {
    const file = join(directory, "feed.json");
    await writeFile(file, JSON.stringify(world.manifest("tech", spec)));
    await kubectl("apply", "-f", file);
    await until(async () => (await world.condition("tech", "PipelineReady"))?.status === "True", 90_000);
    expect(running().map(({ labels }) => labels?.["stockfeed-window"])).toEqual(["1m", "5m"]);
    const { status } = await world.feed("tech");
    expect(status).toMatchObject({
      pipelines: running().map(({ id }) => ({ engine: "Dataflow", jobId: id, state: "Running" })),
    });
  });

  it("has on the topic of rows what brute force makes of the quotes on its topic", async () => {
    await callPubsub(world.emulator.host, "PUT", ROWS, { topic: `projects/${PROJECT}/topics/stockfeed-windows` });
    await publish(SCRIPT.messages);
    await untilRowsAre(expected(SCRIPT.messages));
    expect(rows.every(({ engine }) => engine === "Dataflow")).toBe(true);
    expect([...runs.done.keys()].sort()).toEqual(
      running()
        .map(({ id }) => id)
        .sort(),
    );
    expect(prism.workerExits.every((code) => code === 0)).toBe(true);
    console.log(`${winningRows(rows).size} windows of ${SCRIPT.messages.length} messages, each as brute force has it`);
  });

  it("is gone after kubectl delete, its jobs drained and its subscriptions deleted", async () => {
    await kubectl("delete", "stockfeed", "tech", "--wait=false");
    await world.untilGone(`${FEEDS}/tech`, 90_000);
    expect(dataflow.jobs.all().map(({ currentState }) => currentState)).toEqual([
      "JOB_STATE_DRAINED",
      "JOB_STATE_DRAINED",
    ]);
    expect((await world.pubsub("topics")).filter((name) => name.endsWith("-quotes"))).toEqual([]);
    expect(runs.failures).toEqual([]);
  });
});
