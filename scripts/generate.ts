/**
 * Writes every file that is generated from the code. `npm run verify` runs it and fails where that changed something,
 * so what is committed is always what the code says.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { alertsFile, crdTemplate, rulesFile, valuesFile, valuesSchemaFile } from "./chart/files.ts";
import { feedsSchemaFile, feedsValuesFile } from "./chart/feeds.ts";
import { chartReadme, feedsChartReadme, valuesReference } from "./chart/readme.ts";
import { BOARDS, boardFile } from "../src/dashboards/boards.ts";
import { cliReference } from "./cli-reference.ts";
import { CRD_PATH, crdFile } from "./crd-file.ts";
import { metricsReference } from "./metrics-reference.ts";
import { operatorExample } from "./operator-example.ts";
import { sampleTicks } from "./sample-ticks.ts";
import { stockfeedReference } from "./stockfeed-reference.ts";
import { terraformDatasetFiles } from "./terraform-dataset.ts";
import { terraformReadmes } from "./terraform-readmes.ts";

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
  { path: "docs/reference/values.md", text: valuesReference },
  { path: "examples/ticks.ndjson", text: sampleTicks },
  { path: "examples/kubernetes/operator.yaml", text: operatorExample },
  { path: "charts/stockfeed-operator/files/rules.yaml", text: rulesFile },
  { path: "charts/stockfeed-operator/files/alerts.yaml", text: alertsFile },
  { path: "charts/stockfeed-operator/templates/crds.yaml", text: crdTemplate },
  { path: "charts/stockfeed-operator/values.schema.json", text: valuesSchemaFile },
  { path: "charts/stockfeed-operator/values.yaml", text: valuesFile },
  { path: "charts/stockfeed-operator/README.md", text: chartReadme },
  { path: "charts/stockfeeds/README.md", text: feedsChartReadme },
  ...BOARDS.map((board) => ({
    path: `charts/stockfeed-operator/dashboards/${board.name}.json`,
    text: () => boardFile(board),
  })),
  { path: "charts/stockfeeds/values.schema.json", text: feedsSchemaFile },
  { path: "charts/stockfeeds/values.yaml", text: feedsValuesFile },
  ...terraformDatasetFiles,
  ...terraformReadmes,
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
