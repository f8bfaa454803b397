/**
 * Builds dist/: the programs by the TypeScript compiler; the console's page, the commands that run in Pods and the
 * Dataflow jobs' worker by esbuild. The old dist/ serves until the new one is whole.
 * Usage: node scripts/build.ts
 */
import { spawnSync } from "node:child_process";
import { chmod, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import { bundlePage } from "../src/console/bundle.ts";
import { bundleCommands } from "./bundle-commands.ts";
import { bundleWorker } from "./bundle-worker.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const made = join(root, "dist.new");
/** The programs by name, as package.json has them: paths below dist/. */
const programs = Object.entries(packageJson.bin).map(([name, path]) => [name, relative("dist", path)] as const);

await rm(made, { recursive: true, force: true });
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json", "--outDir", made], {
  cwd: root,
  stdio: "inherit",
});
if (status !== 0) {
  await rm(made, { recursive: true, force: true });
  process.exit(status ?? 1);
}

const page = join(made, "src", "console", "public");
await mkdir(page, { recursive: true });
for (const [name, content] of await bundlePage()) await writeFile(join(page, name), content);
await bundleCommands(join(made, "src", "main"));
await bundleWorker(join(made, "worker"));
for (const [, program] of programs) await chmod(join(made, program), 0o755);
await rm(dist, { recursive: true, force: true });
await rename(made, dist);

// npm links the commands of dependencies, not a checkout's own; without the link, npx would install the checkout into
// its cache first. Windows has npx do that.
if (process.platform !== "win32") {
  for (const [name, program] of programs) {
    const link = join(root, "node_modules", ".bin", name);
    await rm(link, { force: true });
    await symlink(join("..", "..", "dist", program), link);
  }
}
