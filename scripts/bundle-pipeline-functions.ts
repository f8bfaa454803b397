import { build } from "esbuild";
import { join } from "node:path";
import { englishOnly } from "./english-only.ts";

const ENTRY = join(import.meta.dirname, "..", "src", "pipeline", "pipeline-functions.ts");

/**
 * Writes `pipeline-functions.cjs`, the functions that Beam's workers load, as `stockfeed/pipeline-functions`, by `require`.
 * The SDK is not in it: functions have to be registered with the one that the worker runs.
 */
export async function bundlePipelineFunctions(directory: string): Promise<void> {
  await build({
    entryPoints: [ENTRY],
    outfile: join(directory, "pipeline-functions.cjs"),
    bundle: true,
    minifySyntax: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    external: ["apache-beam"],
    plugins: [englishOnly],
    sourcemap: true,
    logLevel: "warning",
  });
}
