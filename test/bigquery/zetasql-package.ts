/**
 * Google's ZetaSQL, which npm package `@fivetrandevelopers/zetasql` ships as a gRPC server. The package unpacks to
 * 340 MB, so it is no dependency: `npm run e2e` installs it once into a cache outside the tree.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

const PACKAGE = "@fivetrandevelopers/zetasql";
const VERSION = "1.13.0";

/** The unpacked package: STOCKFEED_ZETASQL, or the cache's; undefined where neither is. */
export function zetasqlDirectory(): string | undefined {
  const { STOCKFEED_ZETASQL: own } = process.env;
  if (own !== undefined && own !== "") return own;
  const cached = join(installed(), "node_modules", PACKAGE);
  return existsSync(cached) ? cached : undefined;
}

/** Installs the package into the cache where it is missing; half a minute and 350 MB. */
export async function installZetasql(): Promise<string> {
  const there = zetasqlDirectory();
  if (there !== undefined) return there;
  const target = installed();
  const making = `${target}.${process.pid}`;
  await mkdir(making, { recursive: true });
  const flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-save", "--prefix", making];
  const npm = spawn("npm", ["install", ...flags, `${PACKAGE}@${VERSION}`], { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(npm, "exit")) as [number | null];
  if (code !== 0) throw new Error(`npm install ${PACKAGE}@${VERSION} ended with ${String(code)}.`);
  await rename(making, target).catch(async (error: unknown) => {
    // Another run was faster.
    if (!existsSync(target)) throw error;
    await rm(making, { recursive: true });
  });
  return join(target, "node_modules", PACKAGE);
}

function installed(): string {
  const { STOCKFEED_TEST_CACHE: own, XDG_CACHE_HOME: xdg } = process.env;
  return join(own ?? join(xdg ?? join(homedir(), ".cache"), "stockfeed"), `zetasql-${VERSION}`);
}
