import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeadLetter } from "../../quotes/quote.ts";
import { QueryError } from "../../ports.ts";
import { openStore, type Store } from "./store.ts";

/** Runs for hours. */
const ENDLESS = "SELECT SUM(a.range * b.range) FROM range(10000000) a, range(10000000) b";
const letter: DeadLetter = { feed: "f", reason: "Malformed", detail: "d", payload: "p", receivedAt: 0 };

let directory: string;
const stores: Store[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stockfeed-queries-"));
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map(async (store) => store.close()));
  await rm(directory, { recursive: true });
});

async function open(queryMs?: number): Promise<Store> {
  const store = await openStore(join(directory, "store.duckdb"), { ...(queryMs !== undefined && { queryMs }) });
  stores.push(store);
  return store;
}

describe("long queries", () => {
  it("leave room for writes, however many there are", async () => {
    const store = await open();
    const outcomes = Promise.allSettled(Array.from({ length: 8 }, async () => store.query(ENDLESS)));
    for (let i = 0; i < 20; i++) await store.putDeadLetters([letter]);
    expect(await store.newestWindowEnd("f")).toBeUndefined();
    await store.close();
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { fault: "Closed" } });
  });

  it("end after the time that one may take, and the next ones run", async () => {
    const store = await open(200);
    const outcomes = Promise.allSettled([store.query(ENDLESS), store.query(ENDLESS), store.query("SELECT 1")]);
    const [first, second, third] = await outcomes;
    for (const outcome of [first, second]) {
      expect(outcome).toMatchObject({ status: "rejected" });
      const reason: unknown = outcome.status === "rejected" && outcome.reason;
      expect(reason).toBeInstanceOf(QueryError);
      expect(String(reason)).toContain("broken off after 0.2 s");
    }
    expect(third).toMatchObject({ status: "fulfilled", value: { rows: [[1]] } });
  });

  it("end when those who asked leave, running or waiting, and the next ones run", async () => {
    const store = await open();
    const leave = new AbortController();
    const left = Promise.allSettled(Array.from({ length: 6 }, async () => store.query(ENDLESS, leave.signal)));
    const next = store.query("SELECT 1");
    leave.abort(new Error("left"));
    for (const outcome of await left) expect(outcome).toMatchObject({ reason: { message: "left" } });
    expect((await next).rows).toEqual([[1]]);
  });

  it("are refused once too many wait", async () => {
    const store = await open();
    const outcomes = Promise.allSettled(Array.from({ length: 66 }, async () => store.query(ENDLESS)));
    await expect(store.query("SELECT 1")).rejects.toMatchObject({ fault: "Busy" });
    await store.close();
    await outcomes;
  });
});
