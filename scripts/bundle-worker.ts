import { build, type Plugin } from "esbuild";
import { join } from "node:path";
import { englishOnly } from "./english-only.ts";

const ENTRY = join(import.meta.dirname, "..", "src", "main", "beam-worker.ts");

/** The SDK's index brings a transform that looks up a topic with Google's client; a worker has no use for either. */
const withoutPubsubClient: Plugin = {
  name: "without-pubsub-client",
  setup: (bundling) => {
    bundling.onResolve({ filter: /^@google-cloud\/pubsub$/ }, ({ path }) => ({ path, namespace: "left-out" }));
    bundling.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "module.exports = {};" }));
  },
};

/**
 * Writes `boot.mjs`, the program of the Dataflow jobs' worker image, and what it loads on demand in files beside it: all of
 * Beam's SDK, gRPC and the pipeline's functions, so that the image needs Node and this directory and nothing else.
 *
 * Usage: node scripts/bundle-worker.ts DIRECTORY
 */
export async function bundleWorker(directory: string): Promise<void> {
  await build({
    entryPoints: { boot: ENTRY },
    outdir: directory,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    minifyWhitespace: true,
    platform: "node",
    format: "esm",
    target: "node24",
    // CommonJS packages call require.
    banner: {
      js:
        'import { createRequire } from "node:module"; const require = createRequire(import.meta.url); ' +
        "const { dirname: __dirname, filename: __filename } = import.meta;",
    },
    plugins: [englishOnly, withoutPubsubClient],
    logLevel: "warning",
  });
}

const [, script, directory] = process.argv;
if (script === import.meta.filename && directory !== undefined) await bundleWorker(directory);
