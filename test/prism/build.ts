/**
 * Prism, Beam's own local runner, built from its Go module into the cache; go.mod pins its version. With an empty Go cache
 * the build takes minutes (CONTRIBUTING.md has figures), so `npm run e2e` does it before any test.
 *
 * Prism listens on every address of the machine, and runs what it is sent there. One line of it is compiled otherwise, so
 * that it listens on 127.0.0.1 alone.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { goBuild } from "../go-build.ts";
import { cachedDirectory, cacheDirectory, hashOf } from "../heavy-parts.ts";

const SOURCE = fileURLToPath(new URL(".", import.meta.url));
const FILES = ["go.mod", "go.sum"];
const PROGRAM = "prism";
const MODULE = "github.com/apache/beam/sdks/v2";
const LISTENING = {
  file: "go/pkg/beam/runners/prism/internal/jobservices/server.go",
  theirs: 'net.Listen("tcp", fmt.Sprintf(":%d", port))',
  ours: 'net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))',
};

async function entry(): Promise<string> {
  const files = FILES.map((name) => join(SOURCE, name));
  return `prism-${await hashOf(files, process.platform, process.arch, JSON.stringify(LISTENING))}`;
}

/** @returns the program's path, or undefined where it is not built yet */
export async function builtPrism(): Promise<string | undefined> {
  const path = join(cacheDirectory(), await entry(), PROGRAM);
  return existsSync(path) ? path : undefined;
}

/** Builds the program where it is missing. @param say takes the build's lines @returns its path */
export async function buildPrism(say: (line: string) => void): Promise<string> {
  const directory = await cachedDirectory(await entry(), async (target) => {
    const scratch = await mkdtemp(join(tmpdir(), "stockfeed-prism-"));
    try {
      await copySource(scratch);
      await goBuild({ directory: scratch, package: `${MODULE}/go/cmd/prism` }, join(target, PROGRAM), say);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
  return join(directory, PROGRAM);
}

/** Puts all that is compiled into a directory, and changes the line that listens; Go takes no changes to its modules. */
async function copySource(directory: string): Promise<void> {
  for (const name of FILES) await copyFile(join(SOURCE, name), join(directory, name));
  execFileSync("go", ["mod", "vendor"], { cwd: directory, stdio: ["ignore", "ignore", "pipe"] });
  const file = join(directory, "vendor", MODULE, LISTENING.file);
  const source = await readFile(file, "utf8");
  if (!source.includes(LISTENING.theirs)) throw new Error(`${LISTENING.file} does not listen as it did: see build.ts.`);
  await writeFile(file, source.replace(LISTENING.theirs, LISTENING.ours));
}
