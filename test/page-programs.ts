/** Programs that blocks of pages call, as a reader has them on the path. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = join(import.meta.dirname, "..");

/**
 * Writes `stockfeed`, `npx stockfeed` and kubectl's plugin, which run the sources; and `bq`, which is a fake
 * (test/bigquery/fake-bq.ts).
 * @param bin a directory to make
 * @returns it, for the path
 */
export function writePagePrograms(bin: string): string {
  mkdirSync(bin);
  const run = (source: string) => `exec '${process.execPath}' '${resolve(root, source)}' "$@"`;
  const programs = {
    stockfeed: run("src/main/stockfeed.ts"),
    npx: `[ "$1" = stockfeed ] || exit 1\nexec "$@"`,
    "kubectl-stockfeed": run("src/main/kubectl-stockfeed.ts"),
    bq: run("test/bigquery/fake-bq.ts"),
  };
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  return bin;
}
