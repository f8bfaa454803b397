/** docs/terraform.md beside the HCL that it speaks of. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { configurations, textOf } from "./hcl.ts";

const page = readFileSync("docs/terraform.md", "utf8");
const hcl = configurations().map((directory) => textOf(directory));

/** What a pattern's group has in a text, each once, in order. */
function all(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, found = ""]) => found))].sort();
}

/** A section's text, to the next heading. */
function section(title: string): string {
  return page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? "";
}

describe("the page on Terraform", () => {
  it("has every module and environment", () => {
    expect(all(section("What there is"), /^\| `([\w/]+)`/gm)).toEqual(configurations());
  });

  it("has every output of the example", () => {
    const outputs = all(textOf("environments/example"), /^output "(\w+)"/gm);
    expect(all(section("The example's outputs"), /^\| `(\w+)`/gm)).toEqual(outputs);
  });

  it("has every role that is given, and no other", () => {
    const given = all(hcl.join("\n"), /"roles\/([\w.]+)"/g);
    const lending = ["iam.workloadIdentityUser"];
    const named = all(section("Who may do what"), /`([a-z]+\.[a-zA-Z]+)`/g);
    expect(named).toEqual(given.filter((role) => !lending.includes(role)));
  });

  it("names the provider's version that the modules want", () => {
    const wanted = all(hcl.join("\n"), /version = "~> ([\d.]+)"/g);
    expect(wanted).toHaveLength(1);
    expect(page).toContain(`version ${wanted[0] ?? ""}.`);
  });
});
