/**
 * Writes every file that is generated from the code. `npm run verify` runs it and fails where that changed something,
 * so what is committed is always what the code says.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cliReference } from "./cli-reference.ts";
import { CRD_PATH, crdFile } from "./crd-file.ts";
import { metricsReference } from "./metrics-reference.ts";
import { operatorExample } from "./operator-example.ts";
import { sampleTicks } from "./sample-ticks.ts";
import { stockfeedReference } from "./stockfeed-reference.ts";

/** A file, from the repository's root, and what makes its text. */
interface Generated {
  readonly path: string;
  readonly text: () => string | Promise<string>;
}

const generated: readonly Generated[] = [
  { path: CRD_PATH, text: crdFile },
  { path: "docs/reference/cli.md", text: cliReference },
  { path: "docs/reference/metrics.md", text: metricsReference },
  { path: "docs/reference/stockfeed.md", text: stockfeedReference },
  { path: "examples/ticks.ndjson", text: sampleTicks },
  { path: "examples/kubernetes/operator.yaml", text: operatorExample },
];

const root = join(import.meta.dirname, "..");

for (const { path, text } of generated) {
  const file = join(root, path);
  const before = await readFile(file, "utf8").catch(() => undefined);
  const after = await text();
  if (before === after) continue;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, after);
  console.log(`${before === undefined ? "wrote" : "changed"} ${path}`);
}
