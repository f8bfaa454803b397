import { build, type Plugin } from "esbuild";
import { basename, join } from "node:path";
import { englishOnly } from "./english-only.ts";

const ENTRY = join(import.meta.dirname, "..", "src", "main", "poll.ts");

/** What the program that runs the command has as well: two classes of one name would not be each other's instances. */
const sharedWithProgram: Plugin = {
  name: "shared-with-program",
  setup: (bundling) => {
    bundling.onResolve({ filter: /\/(cli-error|exit-codes)\.ts$/ }, ({ path }) => ({
      path: `./${basename(path, ".ts")}.js`,
      external: true,
    }));
  },
};

/**
 * Writes `poll.js`: the command `stockfeed poll` as one file in place of some 200, with what is loaded on demand only
 * in files beside it. A poller starts every minute, and most of its start would go into finding files.
 */
export async function bundlePoller(directory: string): Promise<void> {
  await build({
    entryPoints: [ENTRY],
    outdir: directory,
    chunkNames: "poll-[hash]",
    bundle: true,
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    platform: "node",
    format: "esm",
    target: "node24",
    // The one is the program's own, the other loaded on demand.
    external: ["commander", "google-auth-library"],
    // CommonJS packages call require.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    plugins: [englishOnly, sharedWithProgram],
    sourcemap: true,
    logLevel: "warning",
  });
}
