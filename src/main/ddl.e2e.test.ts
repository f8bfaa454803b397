import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBigQuery, type BigQueryServer } from "../../test/bigquery/bigquery-server.ts";
import { withoutZetasql } from "../../test/bigquery/require-zetasql.ts";
import { runCommand } from "../../test/run-command.ts";
import { bigQueryInspector } from "../adapters/bigquery/inspector.ts";
import { ddlCommand } from "./ddl.ts";

const FEED = `apiVersion: stockfeed.dev/v1alpha1
kind: StockFeed
metadata: {name: tech, namespace: markets}
spec:
  symbols: [AAPL]
  provider: {type: Simulated, seed: 1}
  archive: true
  pubsub: {projectId: acme}
  sink: {bigQuery: {projectId: acme, dataset: markets}}
`;

describe.skipIf(withoutZetasql())("what stockfeed ddl prints", () => {
  let server: BigQueryServer;
  beforeAll(async () => {
    server = await startBigQuery();
  });
  afterAll(async () => server.stop());

  it("makes a dataset that the inspector finds nothing wrong with, once and again", async () => {
    const args = ["-f", "-", "--location", "EU", "--pubsub-project-number", "42"];
    const { stdout } = await runCommand(ddlCommand, { args, input: FEED });
    const inspect = async () =>
      bigQueryInspector({ endpoint: server.url }).inspect({ projectId: "acme", dataset: "markets", archive: true });
    expect(await inspect()).toMatchObject([{ kind: "DatasetMissing" }]);
    await server.query(stdout);
    expect(await inspect()).toEqual([]);
    await server.query(stdout);
    expect(await inspect()).toEqual([]);
  });
});
