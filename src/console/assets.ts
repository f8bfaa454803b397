import { readdir, readFile } from "node:fs/promises";
import { bundlePage, type Assets } from "./bundle.ts";

/**
 * The page's files: those that the build put into `public/` beside this module, or, from sources, a bundle made on
 * the spot, so that what is edited is what is seen.
 */
export async function loadAssets(): Promise<Assets> {
  const folder = new URL("./public/", import.meta.url);
  const names = await readdir(folder).catch(() => []);
  if (names.length === 0) return bundlePage();
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, folder))] as const)));
}
