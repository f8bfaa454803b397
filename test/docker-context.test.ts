/** What a build of the images is sent: never what Terraform, kubectl or a person keeps secret in a checkout. */
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { copyContext } from "./docker-context.ts";

const SENT = [
  "package.json",
  "package-lock.json",
  "scripts/build.ts",
  "src/adapters/kubernetes/kubeconfig.ts",
  "test/bigquery/main.ts",
];
const KEPT = [
  ".git/config",
  "node_modules/zod/package.json",
  "dist/src/main/stockfeed.js",
  "terraform/environments/example/main.tf",
  "terraform/environments/example/terraform.tfvars",
  "terraform/environments/example/terraform.tfstate",
  "terraform/environments/example/.terraform/providers/google/provider",
  "docs/quickstart-gke.md",
  // Wherever a person has laid them.
  "terraform.tfstate",
  "terraform.tfstate.backup",
  "infra/prod.auto.tfvars",
  "infra/.terraform/terraform.tfstate",
  "infra/plan.tfplan",
  "kubeconfig",
  "examples/kind.kubeconfig",
  "examples/.kube/config",
  ".env",
  "examples/.env.production",
  "certificates/tls.key",
  "certificates/tls.pem",
  "store.duckdb",
  "examples/store.duckdb.wal",
];

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stockfeed-context-"));
  const tree = join(directory, "tree");
  for (const path of [...SENT, ...KEPT]) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), "");
  }
  await copyFile(join(import.meta.dirname, "..", ".dockerignore"), join(tree, ".dockerignore"));
  await copyContext(tree, join(directory, "context"));
});
afterAll(() => rm(directory, { recursive: true }));

it("sends the sources, and of what Terraform, kubectl and people leave in a checkout nothing", async () => {
  const sent = await readdir(join(directory, "context"), { recursive: true, withFileTypes: true });
  const files = sent.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const paths = files.map((path) => path.slice(join(directory, "context", "/").length));
  expect(paths.toSorted()).toEqual([".dockerignore", ...SENT].toSorted());
});
