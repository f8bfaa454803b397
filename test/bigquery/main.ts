/**
 * The BigQuery for tests as a process: `node test/bigquery/main.ts --port 9050`. It asks nobody for credentials, so it
 * listens on this machine alone, unless `--host` says otherwise.
 */
import { once } from "node:events";
import { parseArgs } from "node:util";
import { startBigQuery } from "./bigquery-server.ts";

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "9050" },
    project: { type: "string", default: "acme" },
  },
});
const server = await startBigQuery({ host: values.host, port: Number(values.port), project: values.project });
console.log(`BigQuery for tests on ${server.url}, project ${server.project}. BIGQUERY_EMULATOR_HOST=${server.host}`);
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await server.stop();
