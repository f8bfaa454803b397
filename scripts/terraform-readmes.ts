/** The README of each Terraform module: what its `main.tf` says of it, its variables and its outputs. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const DIRECTORIES = [
  "bootstrap",
  ...["network", "gke", "bigquery", "identity", "registry", "dataflow", "monitoring"].map((name) => `modules/${name}`),
  "environments/example",
];

/** A `variable` or an `output`, as `terraform fmt` writes it. */
interface Named {
  readonly name: string;
  readonly description: string;
  readonly type: string;
  /** As HCL; undefined where a variable has to be given. */
  readonly default: string | undefined;
}

/** @returns the blocks of a file, in their order */
function blocksOf(directory: string, file: string, kind: "variable" | "output"): Named[] {
  const text = readFileSync(join(ROOT, "terraform", directory, file), "utf8");
  const blocks = [...text.matchAll(new RegExp(`^${kind} "(\\w+)" \\{\\n(.*?)^\\}`, "gms"))];
  return blocks.map(([, name = "", body = ""]) => {
    const argument = (key: string) => new RegExp(`^  ${key} += (.*)$`, "m").exec(body)?.[1];
    const description = argument("description");
    if (description === undefined) throw new Error(`terraform/${directory}/${file}: ${name} has no description.`);
    return {
      name,
      description: JSON.parse(description) as string,
      type: argument("type") ?? "",
      default: argument("default"),
    };
  });
}

/** The comment that a file begins with, without its marks. */
function headOf(directory: string): string {
  const text = readFileSync(join(ROOT, "terraform", directory, "main.tf"), "utf8");
  const comment = /^(?:#.*\n)+/.exec(text)?.[0];
  if (comment === undefined) throw new Error(`terraform/${directory}/main.tf does not begin with what it is.`);
  return comment.replaceAll(/^# ?/gm, "").trim();
}

function readme(directory: string): string {
  const variables = blocksOf(directory, "variables.tf", "variable").map(({ name, type, description, ...variable }) => [
    `\`${name}\``,
    `\`${type}\``,
    variable.default === undefined ? "has to be given" : `\`${variable.default}\``,
    description,
  ]);
  const outputs = blocksOf(directory, "outputs.tf", "output").map(({ name, description }) => [
    `\`${name}\``,
    description,
  ]);
  const up = directory.split("/").map(() => "..");
  return [
    `# ${directory.split("/").at(-1) ?? ""}`,
    `<!-- Made by npm run generate, of main.tf, variables.tf and outputs.tf. -->`,
    headOf(directory),
    `[Google Cloud with Terraform](${up.join("/")}/../docs/terraform.md) has the whole.`,
    "## Variables",
    table(["variable", "type", "unless told", "what it is"], variables),
    "## Outputs",
    table(["output", "what it is"], outputs),
  ]
    .join("\n\n")
    .concat("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The README of each directory of terraform/, made of its own files, by path from the project's root. */
export const terraformReadmes = DIRECTORIES.map((directory) => ({
  path: `terraform/${directory}/README.md`,
  text: () => readme(directory),
}));

const unknown = readdirSync(join(ROOT, "terraform/modules")).filter((name) => !DIRECTORIES.includes(`modules/${name}`));
if (unknown.length > 0) throw new Error(`terraform/modules/${unknown.join(", ")} would have no README.`);
