/**
 * The control plane's program: main.go and api-server.go, built into the cache by what it is made of. The build takes
 * minutes with an empty Go cache and half a minute with a warm one (CONTRIBUTING.md has figures), so `npm run e2e` does it
 * before any test.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { goBuild } from "../go-build.ts";
import { cachedDirectory, cacheDirectory, hashOf } from "../heavy-parts.ts";

const SOURCE = fileURLToPath(new URL(".", import.meta.url));
const PROGRAM = "control-plane";
const VERSION_PACKAGE = "k8s.io/component-base/version";

type Variables = Readonly<Record<string, string>>;

async function entry(): Promise<string> {
  const files = ["main.go", "api-server.go", "go.mod", "go.sum"].map((name) => join(SOURCE, name));
  return `control-plane-${await hashOf(files, process.platform, process.arch, JSON.stringify(await version()))}`;
}

/** The version that the servers say they are, which a build from modules does not know: Helm's charts ask for it. */
async function version(): Promise<Variables> {
  const [, gitVersion = "", gitMajor = "", gitMinor = ""] =
    /k8s\.io\/kubernetes (v(\d+)\.(\d+)\S*)/.exec(await readFile(join(SOURCE, "go.mod"), "utf8")) ?? [];
  return { gitVersion, gitMajor, gitMinor };
}

/** @returns the program's path, or undefined where it is not built yet */
export async function builtControlPlane(): Promise<string | undefined> {
  const path = join(cacheDirectory(), await entry(), PROGRAM);
  return existsSync(path) ? path : undefined;
}

/** Builds the program where it is missing. @param say takes the build's lines @returns its path */
export async function buildControlPlane(say: (line: string) => void): Promise<string> {
  const directory = await cachedDirectory(await entry(), async (target) => {
    const variables = Object.entries(await version()).map(([name, value]) => [`${VERSION_PACKAGE}.${name}`, value]);
    const program = { directory: SOURCE, package: ".", variables: Object.fromEntries(variables) as Variables };
    await goBuild(program, join(target, PROGRAM), say);
  });
  return join(directory, PROGRAM);
}
