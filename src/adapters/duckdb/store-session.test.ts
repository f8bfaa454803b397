import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSession, removeSession, sessionPath, writeSession } from "./store-session.ts";

const session = { url: "http://127.0.0.1:8080", token: "secret", pid: process.pid };
let directory: string;
let store: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stockfeed-session-"));
  store = join(directory, "store.duckdb");
});
afterEach(async () => rm(directory, { recursive: true }));

describe("a store's session file", () => {
  it("gives the session back while its process lives", async () => {
    await writeSession(store, session);
    expect(await readSession(store)).toEqual(session);
    expect(await readdir(directory)).toEqual(["store.duckdb.session.json"]);
  });

  it.skipIf(process.platform === "win32")("is readable by its user alone, also where an open one was", async () => {
    await writeFile(sessionPath(store), "{}", { mode: 0o644 });
    await writeSession(store, session);
    expect((await stat(sessionPath(store))).mode & 0o777).toBe(0o600);
  });

  it("is nothing once its process is dead", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    await writeSession(store, { ...session, pid: child.pid! });
    expect(await readSession(store)).toBeUndefined();
  });

  it.each([
    "",
    "{",
    "[]",
    '{"url": "nowhere", "token": "t", "pid": 1}',
    '{"url": "http://a", "token": "t", "pid": -1}',
  ])("is nothing when it holds %j", async (content) => {
    await writeFile(sessionPath(store), content);
    expect(await readSession(store)).toBeUndefined();
  });

  it("is nothing when there is none", async () => {
    expect(await readSession(store)).toBeUndefined();
    await removeSession(store, process.pid);
  });

  it("is removed by its own process alone", async () => {
    await writeSession(store, session);
    await removeSession(store, process.pid + 1);
    expect(await readSession(store)).toEqual(session);
    await removeSession(store, process.pid);
    expect(await readSession(store)).toBeUndefined();
  });
});
