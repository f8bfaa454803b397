/**
 * A chart of the operator as an older version could have been, made of today's: no version was ever released. It is older in
 * what upgrades break on, each once:
 * - the CRD has no `suspend` and no short name,
 * - the operator has no right to write events,
 * - the value `concurrency` is called `workers`, which somebody may have set, and
 * - there is no value `maxHeapMib`, whose default only the new chart knows.
 */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const EDITS: readonly (readonly [file: string, pattern: RegExp, by: string])[] = [
  ["Chart.yaml", /^version: .*$/m, "version: 0.0.9"],
  ["templates/crds.yaml", /^ +shortNames:\n +- sf\n/m, ""],
  ["templates/crds.yaml", /^ {16}suspend:\n(?: {18}.*\n)+/m, ""],
  ["files/rules.yaml", /^ {2}- apiGroups:\n {6}- events\.k8s\.io\n(?: {4}.*\n)+/m, ""],
  ["values.yaml", /^concurrency:/m, "workers:"],
  ["values.schema.json", /"concurrency": \{/, '"workers": {'],
  ["templates/deployment.yaml", /\.Values\.concurrency/, ".Values.workers"],
  ["values.yaml", /^maxHeapMib: .*\n/m, ""],
  ["values.schema.json", /^ {4}"maxHeapMib": \{\n(?: {6}.*\n)+ {4}\},\n/m, ""],
  ["templates/deployment.yaml", /\(int \.Values\.maxHeapMib\)/, "768"],
];

/** @param directory where it is put; there must be nothing yet */
export async function makeOlderChart(directory: string): Promise<void> {
  await cp("charts/stockfeed-operator", directory, { recursive: true });
  for (const [name, pattern, by] of EDITS) {
    const file = join(directory, name);
    const text = await readFile(file, "utf8");
    if (!pattern.test(text)) throw new Error(`${file} has no ${String(pattern)}.`);
    await writeFile(file, text.replace(pattern, by));
  }
}
