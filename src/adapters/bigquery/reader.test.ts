import { expect, it } from "vitest";
import { startBigQuery } from "../../../test/bigquery/bigquery-server.ts";
import { bigQueryReader } from "./reader.ts";

it("names the roles that a stream's account lacks, as it asks for the newest rows", async () => {
  const server = await startBigQuery();
  try {
    server.fail({ kind: "forbidden", permissions: ["bigquery.jobs.create"] });
    const reader = bigQueryReader({ endpoint: server.host, projectId: "acme", dataset: "markets" });
    const attempt = reader.newestQuotes("markets/tech");
    await expect(attempt).rejects.toMatchObject({ fault: "Forbidden", status: 403 });
    await expect(attempt).rejects.toThrow(
      /bigquery\.jobs\.create.* Grant roles\/bigquery\.jobUser on project acme and roles\/bigquery\.dataEditor on its dataset markets/,
    );
  } finally {
    await server.stop();
  }
});
