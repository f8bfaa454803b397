import { appendFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withoutPart } from "../missing-part.ts";
import { configurations, textOf } from "./hcl.ts";
import { PROVIDER_VERSION } from "./provider-package.ts";
import { REFUSED } from "./variables.ts";
import { startTerraform, type Terraform, terraformMissing } from "./terraform.ts";

describe.skipIf(withoutPart(await terraformMissing()))("terraform/", () => {
  let terraform: Terraform;

  beforeAll(async () => {
    terraform = await startTerraform();
  });

  afterAll(async () => {
    await terraform.stop();
  });

  it("is formatted", async () => {
    const { code, output } = await terraform.run("bootstrap", "fmt", "-check", "-recursive", terraform.directory);
    expect(output).toBe("");
    expect(code).toBe(0);
  });

  it.each(configurations())("is valid by the google provider's schema: %s", async (directory) => {
    const { output } = await terraform.run(directory, "validate", "-no-color");
    expect(output).toContain("The configuration is valid");
  });

  it.each(configurations())("passes its own tests, on mocked resources: %s", async (directory) => {
    const { code, output } = await terraform.run(directory, "test", "-no-color");
    expect(output).toMatch(/Success! [1-9]\d* passed, 0 failed\./);
    expect(code).toBe(0);
  });

  it.each([
    [
      "an argument that there is not",
      'resource "google_pubsub_subscription" "x" {\n name = "x"\n topic = "t"\n retention = "1s"\n}',
      'named "retention" is not expected',
    ],
    [
      "a missing one",
      'resource "google_pubsub_subscription" "x" {\n name = "x"\n}',
      'The argument "topic" is required',
    ],
    [
      "a wrong type",
      'resource "google_pubsub_subscription" "x" {\n name = "x"\n topic = "t"\n ack_deadline_seconds = "soon"\n}',
      "a number is required",
    ],
    [
      "a block too many",
      'resource "google_pubsub_subscription" "x" {\n name = "x"\n topic = "t"\n expiration_policy { ttl = "" }\n expiration_policy { ttl = "" }\n}',
      "Too many expiration_policy blocks",
    ],
    [
      "one that only Google sets",
      'resource "google_service_account" "x" {\n account_id = "x"\n email = "e"\n}',
      "email of google_service_account is an attribute to read",
    ],
  ])("is refused by that schema where it has %s", async (_, hcl, said) => {
    const directory = "modules/bigquery";
    const other = await startTerraform();
    try {
      await appendFile(join(other.directory, directory, "main.tf"), hcl);
      const { code, output } = await other.run(directory, "validate", "-no-color");
      expect(output.replaceAll(/\s+/g, " ")).toContain(said);
      expect(code).not.toBe(0);
    } finally {
      await other.stop();
    }
  });

  it.each(configurations())("wants the provider's version whose schema it is held to: %s", (directory) => {
    expect(textOf(directory)).toContain(`version = "~> ${PROVIDER_VERSION.replace(/\.\d+$/, "")}"`);
  });

  it.each(configurations())("says in a refusal which variable, which value and what to do: %s", async (directory) => {
    const other = await startTerraform();
    try {
      const tests = join(other.directory, directory, "tests");
      const [file = ""] = await readdir(tests);
      const variables = /^variables \{.*?^\}$/ms.exec(await readFile(join(tests, file), "utf8"))?.[0] ?? "";
      await rm(join(tests, file));
      const refused = REFUSED[directory] ?? [];
      const runs = refused.map(
        ({ variable, value }) => `run "${variable}" {\n command = plan\n variables {\n ${variable} = ${value}\n }\n}\n`,
      );
      // A run that fails ends the file, so each has its own.
      for (const [index, run] of runs.entries()) {
        const text = `mock_provider "google" {}\n${variables}\n${run}`;
        await writeFile(join(tests, `${String(index)}.tftest.hcl`), text);
      }
      const { output } = await other.run(directory, "test", "-json");
      const said = refusals(output);
      for (const { variable, value, shown = value.replaceAll('"', ""), mend } of refused) {
        const text = said.get(variable);
        expect(text, `${variable} = ${value}\n${output}`).toMatch(new RegExp(`^${variable} (is|are) `));
        expect(text).toContain(shown);
        expect(text).toContain(mend);
      }
      const checked = [...textOf(directory).matchAll(/^variable "(\w+)" \{(.*?)^\}/gms)].filter(([, , body]) =>
        body?.includes("validation {"),
      );
      expect(refused.map(({ variable }) => variable).sort()).toEqual(checked.map(([, variable]) => variable).sort());
    } finally {
      await other.stop();
    }
  });
});

/** What a `terraform test -json` said of variables' values, by the run, which is called like the variable. */
function refusals(output: string): Map<string, string> {
  const lines = output.split("\n").filter((line) => line.startsWith("{"));
  const said = new Map<string, string>();
  for (const line of lines) {
    const { "@testrun": run, diagnostic } = JSON.parse(line) as {
      readonly "@testrun"?: string;
      readonly diagnostic?: { readonly summary: string; readonly detail: string };
    };
    if (run !== undefined && diagnostic?.summary === "Invalid value for variable") said.set(run, diagnostic.detail);
  }
  return said;
}
