/** What Terraform hands on: the example's outputs in the real helm, and names that the code has too. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { PROJECT_NAMES } from "../../src/plan/names.ts";
import { HOLDS, NEEDS } from "../google-rights.ts";
import { helm, kubeToolMissing } from "../kube-tools.ts";
import { withoutPart } from "../missing-part.ts";
import { type Applied, startTerraform, type Terraform, terraformMissing } from "./terraform.ts";

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: object };
  readonly spec?: unknown;
}

const FEED = "feeds: [{ name: tech, spec: { symbols: [AAPL], provider: { type: Simulated }, engine: Dataflow } }]";

describe.skipIf(withoutPart((await terraformMissing()) ?? kubeToolMissing("helm")))("what Terraform hands on", () => {
  let terraform: Terraform;
  let home: string;
  let example: ReadonlyMap<string, Applied>;

  beforeAll(async () => {
    terraform = await startTerraform();
    home = await mkdtemp(join(tmpdir(), "stockfeed-terraform-charts-"));
    example = await terraform.applied("environments/example");
  });
  afterAll(async () => {
    await terraform.stop();
    await rm(home, { recursive: true, force: true });
  });

  const output = (run: string, name: string) => String(example.get(run)?.outputs[name]);

  /** @param values texts of values files, in their order */
  async function rendered(chart: string, namespace: string, ...values: string[]): Promise<Rendered[]> {
    const files = values.map((_, index) => join(home, `${chart}-${String(index)}.yaml`));
    for (const [index, file] of files.entries()) await writeFile(file, values[index] ?? "");
    const flags = ["--namespace", namespace, ...files.flatMap((file) => ["--values", file])];
    return documents(await helm(home, "template", chart, `charts/${chart}`, ...flags));
  }

  it.each(["embedded", "dataflow"])("is values that the operator's chart takes: %s", async (run) => {
    const objects = await rendered("stockfeed-operator", "stockfeed-system", output(run, "operator_values"));
    const deployment = JSON.stringify(objects.find(({ kind }) => kind === "Deployment"));
    expect(deployment).toContain('"europe-west2-docker.pkg.dev/acme-prod/stockfeed/stockfeed:0.2.0"');
    expect(deployment).toContain("acme-prod");
    const workers = ["IMAGE", "SERVICE_ACCOUNT", "SUBNETWORK", "PUBLIC_IPS"].map(
      (part) => `"STOCKFEED_WORKER_${part}"`,
    );
    for (const name of workers) expect(deployment.includes(name)).toBe(run === "dataflow");
    expect(objects.map(({ kind }) => kind)).toContain("PodMonitoring");
  });

  it("lends the operator's account to the service account that the chart makes", async () => {
    const objects = await rendered("stockfeed-operator", "stockfeed-system", output("embedded", "operator_values"));
    const account = objects.find(({ kind }) => kind === "ServiceAccount");
    expect(account?.metadata.annotations).toHaveProperty(["iam.gke.io/gcp-service-account"]);
    const lent = (await terraform.applied("modules/identity"))
      .get("embedded")
      ?.resources.find(({ type, name }) => type === "google_service_account_iam_member" && name === "operator");
    expect(lent?.values.member).toBe(
      `serviceAccount:acme-prod.svc.id.goog[stockfeed-system/${account?.metadata.name ?? ""}]`,
    );
  });

  it("is defaults that feeds of the other chart take, and the service accounts that they name", async () => {
    const [feed] = await rendered("stockfeeds", "markets", output("dataflow", "feeds_values"), FEED);
    expect(feed?.spec).toMatchObject({
      podTemplate: { poller: { serviceAccountName: "poller" }, stream: { serviceAccountName: "stream" } },
      pubsub: { projectId: "acme-prod" },
      sink: { bigQuery: { projectId: "acme-prod", dataset: "markets" } },
      dataflow: {
        projectIds: ["acme-prod"],
        region: "europe-west2",
        tempLocation: "gs://acme-prod-stockfeed-dataflow/tmp",
      },
    });
    const manifest = documents(output("dataflow", "feeds_manifest"));
    expect(manifest.map(({ kind, metadata }) => [kind, metadata.name])).toEqual([
      ["Namespace", "markets"],
      ["ServiceAccount", "poller"],
      ["ServiceAccount", "stream"],
    ]);
    for (const { metadata } of manifest.slice(1)) {
      expect(metadata).toMatchObject({ namespace: "markets", annotations: expect.anything() as object });
    }
  });

  it.each(["poller", "stream"] as const)("is the rights of a feed's %s, as many as its calls need", (component) => {
    const { resources = [] } = example.get("embedded") ?? {};
    const account = resources.find(({ type, index }) => type === "google_service_account" && index === component);
    const roles = resources
      .filter(({ type, values }) => type.endsWith("_iam_member") && values.member === account?.values.member)
      .map(({ values }) => String(values.role));
    const needed = Object.values(NEEDS[component]).flat();
    const lacking = (given: readonly string[]) => {
      const held = new Set(given.flatMap((role) => HOLDS[role] ?? []));
      return needed.filter((permission) => !held.has(permission));
    };
    expect(lacking(roles)).toEqual([]);
    const useless = roles.filter((role) => lacking(roles.filter((each) => each !== role)).length === 0);
    expect(useless).toEqual([]);
  });

  it("reads dead letters from the topic that the operator makes", async () => {
    const runs = await terraform.applied("modules/bigquery");
    const subscription = runs.get("dead_letters")?.resources.find(({ type }) => type === "google_pubsub_subscription");
    expect(subscription?.values.topic).toBe(`projects/acme-prod/topics/${PROJECT_NAMES.deadLetter}`);
    // The operator's own subscription of the same name would be taken for another's.
    expect(subscription?.values.name).not.toBe(PROJECT_NAMES.deadLetter);
  });
});

function documents(text: string): Rendered[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Rendered | null)
    .filter((each) => each !== null);
}
