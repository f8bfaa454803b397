/**
 * Builds dist/: the program by the TypeScript compiler, the console's page by esbuild.
 * Usage: node scripts/build.ts
 */
import { spawnSync } from "node:child_process";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { bundlePage } from "../src/console/bundle.ts";

const root = new URL("../", import.meta.url);
const dist = new URL("dist/", root);

await rm(dist, { recursive: true, force: true });
const compiler = fileURLToPath(new URL("node_modules/typescript/bin/tsc", root));
const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
  cwd: fileURLToPath(root),
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

const page = new URL("console/public/", dist);
await mkdir(page, { recursive: true });
for (const [name, content] of await bundlePage()) await writeFile(new URL(name, page), content);
// npm makes a bin executable on install; a checkout has to do it itself.
await chmod(new URL("main/stockfeed.js", dist), 0o755);
