import { describe, expect, it } from "vitest";
import { runCommand } from "../../test/run-command.ts";
import { ddlCommand } from "./ddl.ts";

const feed = (name: string, fields = "") => `apiVersion: stockfeed.dev/v1alpha1
kind: StockFeed
metadata: {name: ${name}, namespace: markets}
spec:
  symbols: [AAPL]
  provider: {type: Simulated, seed: 1}
  ${fields}
`;
const sink = (dataset: string) => `sink: {bigQuery: {projectId: acme-1, dataset: ${dataset}}}`;
const ddl = async (input: string, ...flags: string[]) => runCommand(ddlCommand, { args: ["-f", "-", ...flags], input });

describe("stockfeed ddl", () => {
  it("prints the statements of a dataset once for all its feeds", async () => {
    const feeds = [feed("tech", sink("markets")), feed("banks", sink("markets")), feed("other", sink("other"))];
    const { stdout, exitCode } = await ddl(feeds.join("---\n"));
    expect(exitCode).toBe(0);
    expect(stdout).toContain("-- Dataset acme-1.markets, of markets/tech, markets/banks.");
    const statements = stdout.match(/^CREATE .*$/gm)?.map((line) => line.replace(" (", ""));
    const made = (dataset: string) => [
      `CREATE SCHEMA IF NOT EXISTS \`acme-1.${dataset}\`;`,
      `CREATE TABLE IF NOT EXISTS \`acme-1.${dataset}.windows\``,
      `CREATE TABLE IF NOT EXISTS \`acme-1.${dataset}.quotes\``,
      ...["winning_windows", "top_stocks", "percentage_gain", "winning_quotes"].map(
        (view) => `CREATE OR REPLACE VIEW \`acme-1.${dataset}.${view}\``,
      ),
    ];
    expect(statements).toEqual([...made("markets"), ...made("other")]);
  });

  it("lets Pub/Sub's agent write the archive, once it knows its project's number", async () => {
    const input = feed("tech", `${sink("markets")}\n  pubsub: {projectId: acme-1}\n  archive: true`);
    const grant = 'GRANT `roles/bigquery.dataEditor` ON SCHEMA `acme-1.markets` TO "serviceAccount:service-';
    expect((await ddl(input)).stdout).toContain(`\n-- ${grant}PROJECT_NUMBER@gcp-sa-pubsub`);
    expect((await ddl(input, "--pubsub-project-number", "42")).stdout).toContain(`\n${grant}42@gcp-sa-pubsub`);
    const without = feed("tech", `${sink("markets")}\n  archive: false`);
    expect((await ddl(without)).stdout).not.toContain("GRANT");
  });

  it("keeps new datasets where it is told", async () => {
    const { stdout } = await ddl(feed("tech", sink("markets")), "--location", "europe-west2");
    expect(stdout).toContain("CREATE SCHEMA IF NOT EXISTS `acme-1.markets` OPTIONS (location = 'europe-west2');");
  });

  it("says what is missing where no feed has a sink", async () => {
    const { stderr, exitCode } = await ddl(feed("tech"));
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      "No manifest has a sink. Add one, such as: sink: {bigQuery: {projectId: acme, dataset: markets}}. Or name",
    );
  });

  it("takes a dataset without a manifest, as where the operator says where rows land", async () => {
    const { stdout, exitCode } = await runCommand(ddlCommand, { args: ["--dataset", "acme-1.markets"] });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("-- Dataset acme-1.markets.\n");
    expect(stdout).toContain("CREATE TABLE IF NOT EXISTS `acme-1.markets.windows`");
    expect(stdout).toContain("PROJECT_NUMBER@gcp-sa-pubsub");
    const nothing = await runCommand(ddlCommand, { args: [] });
    expect(nothing).toMatchObject({ exitCode: 2, stderr: "Name manifests with -f, or a dataset with --dataset.\n" });
  });
});
