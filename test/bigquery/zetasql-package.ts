/**
 * Google's ZetaSQL, which npm package `@fivetrandevelopers/zetasql` ships as a gRPC server. The package unpacks to
 * 340 MB, so it is no dependency: `npm run e2e` installs it once into the cache of heavy parts.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory, cachedDirectory } from "../heavy-parts.ts";

const PACKAGE = "@fivetrandevelopers/zetasql";
const VERSION = "1.13.0";
const ENTRY = `zetasql-${VERSION}`;

/** The unpacked package: STOCKFEED_ZETASQL, or the cache's; undefined where neither is. */
export function zetasqlDirectory(): string | undefined {
  const { STOCKFEED_ZETASQL: own } = process.env;
  if (own !== undefined && own !== "") return own;
  const cached = join(cacheDirectory(), ENTRY, "node_modules", PACKAGE);
  return existsSync(cached) ? cached : undefined;
}

/** Installs the package into the cache where it is missing, which takes some seconds and 350 MB. */
export async function installZetasql(): Promise<string> {
  const there = zetasqlDirectory();
  if (there !== undefined) return there;
  const entry = await cachedDirectory(ENTRY, async (directory) => {
    const flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-save", "--prefix", directory];
    const npm = spawn("npm", ["install", ...flags, `${PACKAGE}@${VERSION}`], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [code] = (await once(npm, "exit")) as [number | null];
    if (code !== 0) throw new Error(`npm install ${PACKAGE}@${VERSION} ended with ${String(code)}.`);
  });
  return join(entry, "node_modules", PACKAGE);
}
