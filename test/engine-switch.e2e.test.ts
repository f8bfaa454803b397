/**
 * A feed whose engine goes from Embedded to Dataflow and back, each time with both at work for a while: whatever the
 * engines write on the way, the rows that count are those of brute force over all quotes. Rows in part, of an engine that
 * ended amid its windows, are there and lose; those of a drain also where they are written last.
 *
 * - The quotes are of the five minutes before the test, in five parts; with `allowedLateness: 30m` none is late.
 * - An engine that begins has nothing of the past but what it rewinds its subscription to, and needs some of it: windows that
 *   reach back over the change. All was published minutes before, so how far it rewinds is not seen.
 * - What a job leaves when it is drained is a run of its own pipeline on Prism over the quotes that it has had. When
 *   Dataflow itself would write those rows, and which, nobody has seen here.
 */
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { windowSpecs } from "../src/api/window-specs.ts";
import { withoutZetasql } from "./bigquery/require-zetasql.ts";
import { quoteScript, type ScriptMessage } from "./conformance/quote-script.ts";
import { bruteForceRows, keyOf, type Row } from "./conformance/rows.ts";
import { stepsOfOneCourse } from "./course.ts";
import { byKey, EngineSwitchWorld, plain } from "./engine-switch-world.ts";
import { feedWith } from "./feed.ts";
import { withoutPart } from "./missing-part.ts";
import { FEEDS, operatorWorldMissing, PROJECT, until } from "./operator-world.ts";
import { prismMissing } from "./prism/prism.ts";

const missing = (await operatorWorldMissing()) ?? (await prismMissing());
const without = withoutPart(missing) || withoutZetasql();
const PATIENCE_MS = 120_000;
const INTERVAL_MS = 5_000;
const SYMBOLS = ["AAPL", "MSFT", "GOOG"];
const SPEC = {
  symbols: SYMBOLS,
  polling: { interval: "5s" },
  resolutions: ["30s", "1m"].map((window) => ({ window, allowedLateness: "30m" })),
  archive: false,
  engine: "Embedded",
  dataflow: {
    projectIds: [PROJECT],
    region: "europe-west2",
    tempLocation: "gs://acme-dataflow/tmp",
    maxWorkers: 2,
  },
};
const { polling, resolutions } = SPEC;
const WINDOWS = windowSpecs(feedWith({ spec: { polling, resolutions } }).spec);
const SLOTS = 60;
const START = (Math.floor(Date.now() / INTERVAL_MS) - SLOTS) * INTERVAL_MS;
const { messages } = quoteScript({
  seed: 11,
  symbols: SYMBOLS,
  intervalMs: INTERVAL_MS,
  start: START,
  slots: SLOTS,
  disorder: 8,
});
/** The messages' parts, in the order of the test's steps. */
const PARTS = [0.4, 0.55, 0.7, 0.85, 1].map((end) => Math.round(end * messages.length));

/** By key, the rows of brute force over the first messages. */
function wantedOf(first: readonly ScriptMessage[]): Map<string, Row> {
  const quotes = first.flatMap(({ is }) => (typeof is === "string" ? [] : [is]));
  return byKey(WINDOWS.flatMap((window) => [...bruteForceRows(quotes, window).values()]).map(plain));
}

describe.skipIf(without)("a feed whose engine is changed there and back", { timeout: 400_000, retry: 0 }, () => {
  let world: EngineSwitchWorld;
  let published = 0;

  beforeAll(async () => {
    world = await EngineSwitchWorld.start();
  }, 600_000);
  afterAll(() => world.stop());
  stepsOfOneCourse();

  const jobStates = () => world.dataflow.jobs.all().map(({ currentState }) => currentState.replace("JOB_STATE_", ""));
  const both = (state: string) => [state, state];
  const inState = (state: string) => jobStates().join() === both(state).join();

  async function publishPart(): Promise<void> {
    const end = PARTS[PARTS.findIndex((each) => each > published)] ?? 0;
    await world.publish(messages.slice(published, end));
    published = end;
  }

  /** Waits until the view has the rows of brute force over all that was published so far, and nothing else. */
  async function untilRowsAreRight(): Promise<Map<string, Row>> {
    const wanted = wantedOf(messages.slice(0, published));
    let winners = new Map<string, Row>();
    await until(async () => {
      if (world.runs.failures.length > 0) throw new Error(world.runs.failures.join("\n"));
      await world.deliverRows();
      winners = await world.winners();
      return [...wanted].every(([key, { quote_count }]) => winners.get(key)?.quote_count === quote_count);
    }, PATIENCE_MS).catch((error: unknown) => {
      // What is not right is said below.
      if (!String(error).includes("It is not so")) throw error;
    });
    const different = [...new Set([...wanted.keys(), ...winners.keys()])]
      .map((key) => ({ wanted: wanted.get(key), is: contentOf(winners.get(key)) }))
      .filter(({ wanted, is }) => !isDeepStrictEqual(wanted, is));
    expect(different.slice(0, 2), `${different.length} of ${wanted.size} windows differ`).toEqual([]);
    return winners;
  }

  /** Of an engine's rows those that say less than the row that counts, where that is another engine's. */
  function beaten(engine: string, winners: Map<string, Row>): [lost: Row, to: Row][] {
    return world.rows().flatMap((row): [Row, Row][] => {
      const winner = winners.get(keyOf(row));
      if (row.engine !== engine || winner === undefined || winner.engine === engine) return [];
      return Number(row.quote_count) < Number(winner.quote_count) ? [[row, winner]] : [];
    });
  }

  it("has rows of the embedded engine, from quotes that were there before it", async () => {
    await world.cluster.kube.create(FEEDS, world.cluster.manifest("tech", SPEC));
    await until(async () => (await world.streams()) === 1 && (await world.topic()) !== undefined);
    await publishPart();
    await world.startNode();
    await untilRowsAreRight();
    await until(async () => (await world.cluster.condition("tech", "PipelineReady"))?.status === "True", PATIENCE_MS);
    expect(jobStates()).toEqual([]);
  });

  it("goes on with it until jobs run on Dataflow, which then write what it no longer does", async () => {
    world.dataflow.jobs.delays.start = Infinity;
    // The first launch fails, so that whatever is rewound for it is rewound again for the next.
    world.dataflow.failNext("create", { status: 503, reason: "UNAVAILABLE", message: "The service is unavailable." });
    const goOn = world.dataflow.hold("create");
    await world.patch("tech", { engine: "Dataflow" });
    await until(() => Promise.resolve(world.dataflow.newCalls().includes("create")), PATIENCE_MS);
    await world.forgetThePast("Dataflow");
    goOn();
    await until(() => Promise.resolve(inState("PENDING")), PATIENCE_MS);
    await publishPart();
    const before = await untilRowsAreRight();
    expect(new Set([...before.values()].map(({ engine }) => engine))).toEqual(new Set(["Embedded"]));

    for (const { id } of world.dataflow.jobs.all()) world.dataflow.jobs.advance(id);
    await until(async () => (await world.streams()) === 0, PATIENCE_MS);
    await publishPart();
    const winners = await untilRowsAreRight();
    const lost = beaten("Embedded", winners);
    expect(lost.length).toBeGreaterThan(0);
    expect(new Set(lost.map(([, { engine }]) => engine))).toEqual(new Set(["Dataflow"]));
    console.log(`${lost.length} rows in part of the embedded engine lost to the jobs' among ${winners.size} windows`);
  });

  it("keeps its jobs until the embedded engine runs again, and what they leave in part loses to that one's rows", async () => {
    world.dataflow.jobs.delays.drain = Infinity;
    await world.stopNode();
    await world.patch("tech", { engine: "Embedded" });
    await until(async () => (await world.streams()) === 1, PATIENCE_MS);
    await publishPart();
    await untilRowsAreRight();
    expect(jobStates()).toEqual(both("RUNNING"));
    await world.forgetThePast("Embedded");

    await world.startNode();
    await until(() => Promise.resolve(inState("DRAINING")), PATIENCE_MS);
    await publishPart();
    const before = await untilRowsAreRight();

    const drainedAt = new Date().toISOString();
    await Promise.all(world.dataflow.jobs.all().map(({ id }) => world.runs.drain(id)));
    const winners = await untilRowsAreRight();
    const left = beaten("Dataflow", winners).filter(([{ written_at }]) => String(written_at) >= drainedAt);
    expect(left.length).toBeGreaterThan(0);
    for (const [row] of left) expect(before.get(keyOf(row))).toMatchObject({ engine: "Embedded" });
    console.log(`${left.length} rows in part of the drain, written last, lost to the embedded engine's`);
  });

  it("ends with the embedded engine alone", async () => {
    for (const { id } of world.dataflow.jobs.all()) world.dataflow.jobs.advance(id);
    expect(jobStates()).toEqual(both("DRAINED"));
    await until(async () => (await world.readers()).length === 1, PATIENCE_MS);
    expect(await world.streams()).toBe(1);
    await untilRowsAreRight();
  });
});

/** What a row says of its window. */
function contentOf(row: Row | undefined): Row | undefined {
  if (row === undefined) return undefined;
  return Object.fromEntries(Object.entries(row).filter(([field]) => field !== "engine" && field !== "written_at"));
}
