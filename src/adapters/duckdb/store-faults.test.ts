import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeadLetter } from "../../quotes/quote.ts";
import { openStore } from "./store.ts";
import { StoreError } from "./store-error.ts";

const SCRIPT = fileURLToPath(new URL("../../../test/store-process.ts", import.meta.url));
const letter: DeadLetter = { feed: "a/b", reason: "Malformed", detail: "", payload: "", receivedAt: 0 };

let directory: string;
let path: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stockfeed-faults-"));
  path = join(directory, "store.duckdb");
});
afterEach(async () => {
  for (const child of children.splice(0)) await end(child);
  await rm(directory, { recursive: true, force: true });
});

/** Opens, and gives the error that must come. */
async function faultOf(file: string, options?: { readOnly: boolean }): Promise<StoreError> {
  const error = await openStore(file, options).then(
    async (store) => store.close(),
    (error: unknown) => error,
  );
  if (!(error instanceof StoreError)) throw new Error(`${file} opened, or failed otherwise: ${String(error)}`);
  expect(error.message).toContain(`Store ${file}`);
  return error;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

/** Runs the store's test process until its line of JSON. */
async function run(
  args: string[],
  options: { uid?: number; wrap?: string[] } = {},
): Promise<{ child: ChildProcess; said: unknown }> {
  const [command = "", ...rest] = [...(options.wrap ?? []), process.execPath, SCRIPT, ...args];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"], uid: options.uid });
  children.push(child);
  let text = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  return { child, said: JSON.parse(text) as unknown };
}

async function filled(): Promise<void> {
  const store = await openStore(path);
  await store.putDeadLetters(Array.from({ length: 5_000 }, (_, i) => ({ ...letter, payload: `${Math.sqrt(i)}` })));
  await store.close();
}

describe("a store that another process has open", () => {
  it("is refused with that process's id, and opens once it has ended, with all that was written", async () => {
    const { child } = await run(["hold", path]);
    for (const readOnly of [false, true]) {
      const error = await faultOf(path, { readOnly });
      expect(error.fault).toBe("Locked");
      expect(error.message).toContain(`process ${child.pid}`);
    }
    await end(child);
    for (const readOnly of [true, false]) {
      const store = await openStore(path, { readOnly });
      expect((await store.query("SELECT COUNT(*) FROM dead_letters")).rows).toEqual([[1]]);
      await store.close();
    }
  });

  it("is not opened twice by one process, which would give up the lock", async () => {
    const store = await openStore(path);
    expect((await faultOf(path)).fault).toBe("Locked");
    await symlink(directory, `${directory}-link`);
    expect((await faultOf(join(`${directory}-link`, "store.duckdb"))).fault).toBe("Locked");
    await rm(`${directory}-link`);
    const { said } = await run(["try", path]);
    expect(said).toMatchObject({ fault: "Locked" });
    await store.close();
    expect((await run(["try", path])).said).toEqual({ ok: true });
  });
});

describe("a file that is no store of ours is left alone, and named", () => {
  it("when there is none to read", async () => {
    expect((await faultOf(path, { readOnly: true })).fault).toBe("Missing");
  });

  it("when its directory is missing, but for the last part", async () => {
    const error = await faultOf(join(directory, "a", "b", "store.duckdb"));
    expect(error.fault).toBe("Missing");
    expect(error.message).toContain(`there is no directory ${join(directory, "a")}. Make it`);
  });

  it.each([
    ["of text", "price,symbol\n1,AAPL\n".repeat(1_000)],
    ["that is empty", ""],
    ["of a few bytes", "DUCK"],
  ])("when it is a file %s", async (_, content) => {
    await writeFile(path, content);
    expect((await faultOf(path)).fault).toBe("NotAStore");
    expect(await readFile(path, "utf8")).toBe(content);
  });

  it("when it is a directory", async () => {
    await mkdir(path);
    expect((await faultOf(path)).fault).toBe("NotAStore");
  });

  it("when it is a DuckDB file of something else", async () => {
    await alter("CREATE TABLE invoices (i INTEGER)");
    const error = await faultOf(path);
    expect(error.fault).toBe("NotAStore");
    expect(error.message).toContain("invoices");
  });

  it("when its tables are of another version", async () => {
    await filled();
    await alter("UPDATE store_schema SET version = 99");
    for (const readOnly of [false, true]) {
      const error = await faultOf(path, { readOnly });
      expect(error.fault).toBe("OtherVersion");
      expect(error.message).toContain("version 99, and this stockfeed knows version 1");
    }
  });

  it("when it is of a newer DuckDB", async () => {
    await filled();
    const bytes = await readFile(path);
    bytes.writeUInt8(200, 12);
    bytes.writeBigUInt64LE(checksum(bytes.subarray(8, 4096)), 0);
    await writeFile(path, bytes);
    expect(await faultOf(path)).toMatchObject({ fault: "OtherVersion" });
  });

  it.each([5_000, 200_000])("when it is cut off after %i bytes", async (length) => {
    await filled();
    await truncate(path, length);
    expect((await faultOf(path)).fault).toBe("Corrupt");
  });

  it("when its first blocks are overwritten", async () => {
    await filled();
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill("x", 4_096, 8_192));
    expect((await faultOf(path)).fault).toBe("Corrupt");
  });
});

async function alter(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

/** The checksum that DuckDB keeps of each block, for blocks of whole words. */
function checksum(block: Buffer): bigint {
  let sum = 5381n;
  for (let at = 0; at < block.length; at += 8) {
    sum ^= BigInt.asUintN(64, block.readBigUInt64LE(at) * 0xbf58476d1ce4e5b9n);
  }
  return sum;
}

describe("a block that went bad in the middle", () => {
  it("fails the queries that read it, with the mend, and not the others", async () => {
    await filled();
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill("x", 300_000, 340_000));
    const store = await openStore(path, { readOnly: true });
    const outcomes = await Promise.allSettled([
      store.query("SELECT SUM(LENGTH(payload)), SUM(LENGTH(detail)) FROM dead_letters"),
      store.query("SELECT COUNT(*) FROM quotes"),
    ]);
    await store.close();
    expect(outcomes[0]).toMatchObject({ status: "rejected", reason: { fault: "Corrupt" } });
    expect(outcomes[1]).toMatchObject({ status: "fulfilled" });
  });
});

describe("a store that may not be written", () => {
  // Root may write everything, so root's tests run as nobody.
  const uid = process.getuid?.() === 0 ? 65_534 : undefined;

  it.skipIf(process.platform === "win32" || !readableByOthers())(
    "says so, for a file and for a directory (skipped where nobody can't read this checkout)",
    async () => {
      await filled();
      await chmod(directory, 0o755);
      await chmod(path, 0o444);
      expect((await run(["try", path], { uid })).said).toMatchObject({ fault: "ReadOnly" });
      await copyFile(path, `${path}2`);
      await chmod(`${path}2`, 0o666);
      await chmod(directory, 0o555);
      expect((await run(["try", `${path}2`], { uid })).said).toMatchObject({ fault: "ReadOnly" });
      expect((await run(["try", join(directory, "new.duckdb")], { uid })).said).toMatchObject({ fault: "ReadOnly" });
      await chmod(directory, 0o755);
    },
  );

  function readableByOthers(): boolean {
    return uid === undefined || spawnSync(process.execPath, ["-e", ""], { uid, cwd: import.meta.dirname }).status === 0;
  }
});

describe("a disk without space", () => {
  const mount = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"];
  const canMount = spawnSync(mount[0] ?? "", [...mount.slice(1), "mount -t tmpfs tmpfs /mnt"]).status === 0;

  it.skipIf(!canMount).each(["8m", "40m"])(
    "of %s fails what can't be stored, keeps what could, and is written again once there is space (skipped where no tmpfs can be mounted)",
    async (size) => {
      const ballast = join(directory, "ballast");
      const script = `mount -t tmpfs -o size=${size} tmpfs "${directory}" && dd if=/dev/zero of="${ballast}" bs=1M count=4 status=none && exec "$@"`;
      const { said } = await run(["fill", path, ballast], { wrap: [...mount, script, "sh"] });
      const { faults, written, stored } = said as { faults: string[]; written: number; stored: number };
      expect(new Set(faults)).toEqual(new Set(["NoSpace"]));
      expect(written).toBeGreaterThan(1);
      expect(stored).toBe(written);
    },
  );
});
