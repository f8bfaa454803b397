/**
 * A process of its own for tests of the store: `node test/store-process.ts hold|try|fill PATH …`. It says what happened
 * in one line of JSON.
 *
 * - `hold PATH` opens the store, writes a row and keeps it open until killed.
 * - `try PATH` opens the store, writes a row and closes it.
 * - `fill PATH BALLAST` writes until the disk is full and a while on, removes the file BALLAST, writes again, and
 *   counts what is there afterwards.
 */
import { rmSync } from "node:fs";
import { openStore, type Store } from "../src/adapters/duckdb/store.ts";
import { StoreError } from "../src/adapters/duckdb/store-error.ts";
import type { DeadLetter } from "../src/quotes/quote.ts";

const BATCH = 2_000;
const FAILURES = 5;

function letters(count: number): DeadLetter[] {
  // Text that does not compress, so that the disk fills soon.
  const payload = () => crypto.getRandomValues(Buffer.alloc(512)).toString("hex");
  return Array.from({ length: count }, () => {
    return { feed: "default/ten", reason: "Malformed", detail: "a test", payload: payload(), receivedAt: 0 };
  });
}

async function fill(path: string, ballast: string): Promise<object> {
  const store = await openStore(path);
  const faults: string[] = [];
  let written = 0;
  while (faults.length < FAILURES) {
    await store.putDeadLetters(letters(BATCH)).then(
      () => (written += BATCH),
      (error: unknown) => faults.push(error instanceof StoreError ? error.fault : String(error)),
    );
  }
  rmSync(ballast);
  await store.putDeadLetters(letters(1));
  await store.close();
  const again = await openStore(path);
  const stored = await countLetters(again);
  await again.close();
  return { faults, written: written + 1, stored };
}

async function countLetters(store: Store): Promise<unknown> {
  return (await store.query("SELECT COUNT(*) FROM dead_letters")).rows[0]?.[0];
}

async function main([action, path = "", ballast = ""]: readonly string[]): Promise<object> {
  if (action === "fill") return fill(path, ballast);
  const store = await openStore(path);
  await store.putDeadLetters(letters(1));
  if (action === "hold") setInterval(() => undefined, 60_000);
  else await store.close();
  return { ok: true };
}

try {
  console.log(JSON.stringify(await main(process.argv.slice(2))));
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  console.log(JSON.stringify({ fault: error.fault, message: error.message }));
}
