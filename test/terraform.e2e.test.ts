import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withoutPart } from "./missing-part.ts";
import { configurations } from "./terraform/hcl.ts";
import { startTerraform, type Terraform, terraformMissing } from "./terraform/terraform.ts";

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
});
