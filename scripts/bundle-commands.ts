import { build, type Plugin } from "esbuild";
import { basename, join } from "node:path";
import { englishOnly } from "./english-only.ts";

const MAIN = join(import.meta.dirname, "..", "src", "main");

/** What the program that runs a command has as well: two classes of one name would not be each other's instances. */
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
 * Writes `poll.js` and `operator.js`, the commands of these names, each as one file and what they share or load on
 * demand beside it, in place of some hundreds. A poller starts every minute, and most of its start would go into finding
 * files; the operator holds every module it loads, and what of one it never calls, for months.
 */
export async function bundleCommands(directory: string): Promise<void> {
  await build({
    entryPoints: [join(MAIN, "poll.ts"), join(MAIN, "operator.ts")],
    outdir: directory,
    chunkNames: "chunk-[hash]",
    bundle: true,
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    platform: "node",
    format: "esm",
    target: "node24",
    // Commander is the program's own. The others are loaded on demand; Google's gRPC clients find files beside their
    // own, and the credentials that they are given have to be of their own copy of gRPC.
    external: [
      "commander",
      "google-auth-library",
      "@grpc/grpc-js",
      "@kubernetes/client-node",
      "@google-cloud/dataflow",
      "@google-cloud/pubsub",
      "@google-cloud/storage",
      "apache-beam",
    ],
    // CommonJS packages call require.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    plugins: [englishOnly, sharedWithProgram],
    sourcemap: true,
    logLevel: "warning",
  });
}
