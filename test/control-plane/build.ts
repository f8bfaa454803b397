/**
 * The control plane's program: main.go, built into the cache by what it is made of. The build takes minutes with an empty
 * Go cache and half a minute with a warm one (CONTRIBUTING.md has figures), so `npm run e2e` does it before any test.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cachedDirectory, cacheDirectory, hashOf } from "../heavy-parts.ts";

const SOURCE = fileURLToPath(new URL(".", import.meta.url));
const PROGRAM = "control-plane";

async function entry(): Promise<string> {
  const files = ["main.go", "go.mod", "go.sum"].map((name) => join(SOURCE, name));
  return `control-plane-${await hashOf(files, process.platform, process.arch)}`;
}

/** @returns the program's path, or undefined where it is not built yet */
export async function builtControlPlane(): Promise<string | undefined> {
  const path = join(cacheDirectory(), await entry(), PROGRAM);
  return existsSync(path) ? path : undefined;
}

/** Whether this machine can build it. */
export function hasGo(): boolean {
  return spawnSync("go", ["version"]).status === 0;
}

/** Builds the program where it is missing. @param say takes the build's lines @returns its path */
export async function buildControlPlane(say: (line: string) => void): Promise<string> {
  const directory = await cachedDirectory(await entry(), async (target) => {
    await goBuild(join(target, PROGRAM), say);
  });
  return join(directory, PROGRAM);
}

/** `-v` prints each package as it is compiled: hundreds, so only their count is said. */
async function goBuild(output: string, say: (line: string) => void): Promise<void> {
  const args = ["build", "-v", "-ldflags=-s -w", "-o", output, "."];
  const child = spawn("go", args, { cwd: SOURCE, stdio: ["ignore", "ignore", "pipe"] });
  let packages = 0;
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-4000);
    packages += chunk.split("\n").length - 1;
  });
  const progress = setInterval(() => {
    say(`${packages} packages`);
  }, 15_000);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  clearInterval(progress);
  if (code !== 0) throw new Error(`go build of ${SOURCE} failed:\n${text}`);
}
