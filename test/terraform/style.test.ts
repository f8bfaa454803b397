/** One style in all of `terraform/`, beyond what `terraform fmt` keeps. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configurations, TERRAFORM, textOf } from "./hcl.ts";

describe.each(configurations())("terraform/%s", (directory) => {
  const text = textOf(directory);

  it("has each thing in its file", () => {
    for (const file of ["main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md", "tests"]) {
      expect(existsSync(join(TERRAFORM, directory, file)), file).toBe(true);
    }
  });

  it("names what is its own in snake_case", () => {
    const names = [...text.matchAll(/^(?:variable|output|module|(?:resource|data) "\w+") "([^"]+)"/gm)];
    expect(names.length).toBeGreaterThan(1);
    for (const [, name] of names) expect(name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
  });

  it("says of every variable what it is and of what type", () => {
    for (const [, name, body] of text.matchAll(/^variable "(\w+)" \{\n(.*?)^\}/gms)) {
      expect(body, name).toMatch(/^ {2}description += "\S.+"$/m);
      expect(body, name).toMatch(/^ {2}type += (string|number|bool|set\(string\)|map\(string\))$/m);
    }
  });

  it("checks every variable that its type alone does not", () => {
    for (const [, name, body = ""] of text.matchAll(/^variable "(\w+)" \{\n(.*?)^\}/gms)) {
      if (!/^ {2}type += bool$/m.test(body)) expect(body, name).toContain("validation {");
    }
  });

  it("says of every output what it is", () => {
    for (const [, name, body] of text.matchAll(/^output "(\w+)" \{\n(.*?)^\}/gms)) {
      expect(body, name).toMatch(/^ {2}description += "\S.+"$/m);
    }
  });

  it("uses every variable", () => {
    const bodies = [...text.matchAll(/^variable "(\w+)" \{\n.*?^\}/gms)];
    const elsewhere = text.replaceAll(/^variable "\w+" \{\n.*?^\}/gms, "");
    for (const [, name = ""] of bodies) expect(elsewhere).toMatch(new RegExp(`\\bvar\\.${name}\\b`));
  });

  it("names the project of every resource that has one", () => {
    const elsewhere = /^google_(service_account_iam_member|storage_bucket_iam_member)$/;
    for (const [, type = "", name, body] of text.matchAll(/^resource "(\w+)" "(\w+)" \{\n(.*?)^\}/gms)) {
      if (!elsewhere.test(type)) expect(body, `${type}.${name ?? ""}`).toMatch(/^ {2}project += var\.project$/m);
    }
  });
});
