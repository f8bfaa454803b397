/**
 * The pages on GKE and on Terraform, block after block in one shell, as a reader types them. Real are bash, helm, which
 * renders what it would install, and Terraform's outputs, which come from its mocked tests. Of gcloud, docker, git, npm, bq,
 * kubectl and terraform itself it is recorded how they are called, and held to what there is: variables and outputs of the
 * code, images that the charts run.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { kubeTool, kubeToolMissing } from "../kube-tools.ts";
import { fences } from "../markdown.ts";
import { withoutPart } from "../missing-part.ts";
import { textOf } from "./hcl.ts";
import { startTerraform, type Terraform, terraformMissing } from "./terraform.ts";

interface Call {
  readonly program: string;
  readonly args: readonly string[];
  /** From the checkout. */
  readonly directory: string;
}

const RECORDED = ["gcloud", "docker", "git", "npm", "bq", "kubectl"];
/** Writes down how it was called; what comes by a pipe it keeps beside that. */
const RECORD = `record() { printf '%s\\t' "$program" "$PWD" "$@" >> "$CALLS"; printf '\\n' >> "$CALLS"; }
program=$(basename "$0")
`;
const RECORDER = `#!/bin/bash
${RECORD}record "$@"
case "$program $1" in "kubectl apply") cat >> "$APPLIED"; echo "---" >> "$APPLIED" ;; esac
`;
const TERRAFORM = `#!/bin/bash
${RECORD}record "$@"
[[ $1 == -chdir=* ]] && shift
[ "$1" = output ] && cat "$OUTPUTS/$3"
exit 0
`;
/** Installs are rendered; what they would wait for is not there. */
const HELM = `#!/bin/bash
${RECORD}record "$@"
case "$1" in install | upgrade) "$HELM" template "\${@:2}" >> "$RENDERED" && echo "---" >> "$RENDERED" ;; esac
`;

const missing = (await terraformMissing()) ?? kubeToolMissing("helm");

describe.skipIf(withoutPart(missing))("a reader of the page on", () => {
  let terraform: Terraform;
  let home: string;

  beforeAll(async () => {
    terraform = await startTerraform();
    home = await mkdtemp(join(tmpdir(), "stockfeed-pages-"));
    const [bootstrap, example] = await Promise.all(
      ["bootstrap", "environments/example"].map((directory) => terraform.applied(directory)),
    );
    const outputs = { ...[...(bootstrap?.values() ?? [])][0]?.outputs, ...example?.get("embedded")?.outputs };
    await mkdir(join(home, "outputs"));
    for (const [name, value] of Object.entries(outputs)) await writeFile(join(home, "outputs", name), String(value));
    await mkdir(join(home, "bin"));
    const programs = {
      ...Object.fromEntries(RECORDED.map((name) => [name, RECORDER])),
      terraform: TERRAFORM,
      helm: HELM,
    };
    for (const [name, text] of Object.entries(programs)) {
      await writeFile(join(home, "bin", name), text, { mode: 0o755 });
    }
  });
  afterAll(async () => {
    await terraform.stop();
    await rm(home, { recursive: true, force: true });
  });

  /** Runs all blocks of a page. @param before what the reader has done that the page leaves to him, as a script */
  async function follow(page: string, before = ""): Promise<{ calls: Call[]; applied: string; rendered: string }> {
    const place = await mkdtemp(join(home, "reader-"));
    // The directory that `git clone` would make.
    const checkout = join(place, "stockfeed");
    await mkdir(checkout);
    await cp(terraform.directory, join(checkout, "terraform"), { recursive: true });
    await symlink(resolve("charts"), join(checkout, "charts"));
    const record = (name: string) => join(place, name);
    for (const name of ["calls", "applied", "rendered"]) await writeFile(record(name), "");
    const blocks = fences(await readFile(page, "utf8")).filter(({ language }) => language === "sh");
    const script = [before, ...blocks.map(({ text }) => text)].join("\n");
    const env = {
      HOME: place,
      PATH: `${join(home, "bin")}:${process.env.PATH ?? ""}`,
      OUTPUTS: join(home, "outputs"),
      HELM: await kubeTool("helm"),
      CALLS: record("calls"),
      APPLIED: record("applied"),
      RENDERED: record("rendered"),
    };
    await promisify(execFile)("bash", ["-euo", "pipefail", "-c", script], { cwd: place, env });
    const calls = (await readFile(record("calls"), "utf8")).split("\n").filter((line) => line !== "");
    return {
      calls: calls.map((line) => {
        const [program = "", directory = "", ...args] = line.split("\t");
        return { program, directory: directory.replace(`${checkout}/`, ""), args: args.slice(0, -1) };
      }),
      applied: await readFile(record("applied"), "utf8"),
      rendered: await readFile(record("rendered"), "utf8"),
    };
  }

  const kindsIn = (text: string) =>
    parseAllDocuments(text).flatMap((document) => (document.toJS() as { kind: string } | null)?.kind ?? []);

  /** Holds calls of terraform to the code. @returns how many there were */
  function checkTerraform(calls: readonly Call[]): number {
    const own = calls.filter(({ program }) => program === "terraform");
    for (const { directory, args } of own) {
      const [chdir] = args.flatMap((arg) => /^-chdir=(.*)$/.exec(arg)?.[1] ?? []);
      const where = join("/checkout", directory, chdir ?? "").replace(/^.*\/terraform\//, "");
      const code = textOf(where);
      const [command = "", ...rest] = args.filter((arg) => !arg.startsWith("-chdir="));
      expect(["init", "apply", "destroy", "output"]).toContain(command);
      for (const [index, arg] of rest.entries()) {
        if (arg === "-var") expect(code).toContain(`variable "${rest[index + 1]?.replace(/=.*/, "") ?? ""}"`);
        if (arg === "-raw") expect(code).toContain(`output "${rest[index + 1] ?? ""}"`);
      }
    }
    return own.length;
  }

  it("GKE types nothing that fails, and gets the images, accounts and feeds that belong together", async () => {
    const { calls, applied, rendered } = await follow("docs/quickstart-gke.md");
    expect(checkTerraform(calls)).toBeGreaterThan(10);
    const image = "europe-west2-docker.pkg.dev/acme-prod/stockfeed/stockfeed:0.2.0";
    expect(calls).toContainEqual(expect.objectContaining({ program: "docker", args: ["push", image] }));
    expect(rendered).toContain(`image: ${image}`);
    const credentials = calls.find(({ args }) => args.includes("get-credentials"));
    expect(credentials?.program).toBe("gcloud");
    expect(kindsIn(applied)).toEqual(["Namespace", "ServiceAccount", "ServiceAccount"]);
    expect(kindsIn(rendered)).toEqual(
      expect.arrayContaining(["Deployment", "PodMonitoring", "ClusterRules", "StockFeed"]),
    );
    const tfvars = calls.some(({ args }) => args.some((arg) => arg.startsWith("-backend-config=bucket=")));
    expect(tfvars).toBe(true);
    // Feeds go while the operator is there.
    const gone = calls.filter(({ program, args }) => program === "helm" && args[0] === "uninstall");
    expect(gone.map(({ args }) => args[1])).toEqual(["feeds", "stockfeed-operator"]);
  });

  it("Terraform types nothing that fails, in directories that there are", async () => {
    const feeds = "feeds: [{ name: tech, spec: { symbols: [AAPL], provider: { type: Simulated } } }]";
    const before = `cd stockfeed\necho '${feeds}' > terraform/environments/example/YOUR-FEEDS.yaml`;
    const { calls, applied, rendered } = await follow("docs/terraform.md", before);
    expect(checkTerraform(calls)).toBeGreaterThan(10);
    expect(kindsIn(applied)).toEqual(["Namespace", "ServiceAccount", "ServiceAccount"]);
    expect(kindsIn(rendered)).toEqual(expect.arrayContaining(["Deployment", "StockFeed"]));
    expect(calls.find(({ program }) => program === "helm")?.directory).toBe("terraform/environments/example");
  });
});
