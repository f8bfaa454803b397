import { randomUUID } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";

/**
 * How other processes reach a store that one has open: a file beside it with the address of that one's queries, for
 * this user's eyes alone.
 */
export interface StoreSession {
  /** Address of the server; queries go to `POST {url}/api/query`. */
  readonly url: string;
  /** What the server wants as bearer token. */
  readonly token: string;
  /** The process that has the store open. */
  readonly pid: number;
}

const sessionSchema = z.object({ url: z.url(), token: z.string().min(1), pid: z.int().positive() });

/** The session file of a store. */
export function sessionPath(storePath: string): string {
  return `${storePath}.session.json`;
}

/** Writes the session file: readable by this user alone, and never seen half-written. */
export async function writeSession(storePath: string, session: StoreSession): Promise<void> {
  const path = sessionPath(storePath);
  const partial = `${path}.${randomUUID()}`;
  await writeFile(partial, `${JSON.stringify(session)}\n`, { mode: 0o600 });
  await rename(partial, path);
}

/** The session of whoever has the store open; undefined when nobody has, or when a process died and left its file. */
export async function readSession(storePath: string): Promise<StoreSession | undefined> {
  const session = await readFile(sessionPath(storePath), "utf8").then(parse, () => undefined);
  return session && isAlive(session.pid) ? session : undefined;
}

/** Removes the session file, unless another process has written its own since. */
export async function removeSession(storePath: string, pid: number): Promise<void> {
  const session = await readFile(sessionPath(storePath), "utf8").then(parse, () => undefined);
  if (session?.pid === pid) await rm(sessionPath(storePath), { force: true });
}

function parse(text: string): StoreSession | undefined {
  try {
    return sessionSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to someone else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
