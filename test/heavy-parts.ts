/**
 * The cache of the heavy parts of tests: programs that are built or unpacked once on a machine, outside the tree.
 *
 * An entry is a directory named for what it is made of. It is filled beside its place and then renamed, so that an entry
 * that is there is whole, and two runs that make the same one at once do not disturb each other.
 */
import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** `$STOCKFEED_TEST_CACHE`, else `$XDG_CACHE_HOME/stockfeed`, else `~/.cache/stockfeed`. */
export function cacheDirectory(): string {
  const { STOCKFEED_TEST_CACHE: own, XDG_CACHE_HOME: shared } = process.env;
  if (own !== undefined && own !== "") return own;
  return join(shared !== undefined && shared !== "" ? shared : join(homedir(), ".cache"), "stockfeed");
}

/** @returns a short hash of the files' bytes and of the words, in their order */
export async function hashOf(files: readonly string[], ...words: string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) hash.update(await readFile(file));
  for (const word of words) hash.update(word);
  return hash.digest("hex").slice(0, 16);
}

/**
 * @param name the entry's name, which changes with what it is made of
 * @param fill makes the entry's content in the empty directory that it is given
 * @returns the entry's directory, made now or before
 */
export async function cachedDirectory(name: string, fill: (directory: string) => Promise<void>): Promise<string> {
  const place = join(cacheDirectory(), name);
  if (existsSync(place)) return place;
  const making = `${place}.${randomUUID().slice(0, 8)}`;
  await mkdir(making, { recursive: true });
  try {
    await fill(making);
    await rename(making, place);
  } catch (error) {
    // Another run may have put the same there meanwhile.
    if (!existsSync(place)) throw error;
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return place;
}
