/**
 * A fake of `bq query`, for blocks of pages: Google's own can't be had here. It asks the BigQuery for tests that
 * BIGQUERY_EMULATOR_HOST names by jobs.query, as bq does, so the statements are run; and prints what came, a row a line, in
 * a form of its own. It takes the two flags that the pages write, and no other. The project is acme where none is named, as
 * gcloud's settings would have one.
 */
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { project_id: { type: "string", default: "acme" }, use_legacy_sql: { type: "string" } },
});
const [command, sql = await text(process.stdin)] = positionals;
if (command !== "query" || values.use_legacy_sql !== "false") {
  throw new Error("This fake of bq knows `query --use_legacy_sql=false` alone.");
}
const host = process.env.BIGQUERY_EMULATOR_HOST ?? "";
const url = `${host.replace(/^(?!http)/, "http://")}/bigquery/v2/projects/${values.project_id}/queries`;
const response = await fetch(url, { method: "POST", body: JSON.stringify({ query: sql, useLegacySql: false }) });
const answer = (await response.json()) as {
  readonly rows?: readonly { readonly f: readonly { readonly v: unknown }[] }[];
  readonly error?: { readonly message: string };
};
if (answer.error !== undefined) throw new Error(answer.error.message);
console.log(`fake bq: ${values.project_id} answered`);
for (const { f } of answer.rows ?? []) console.log(f.map(({ v }) => String(v)).join(" "));
