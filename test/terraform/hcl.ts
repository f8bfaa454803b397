/** What the tests need to know of the HCL in `terraform/`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The directory with all of it. */
export const TERRAFORM = fileURLToPath(new URL("../../terraform", import.meta.url));

/** Directories with a configuration or a module, from `terraform/`, in order. */
export function configurations(): string[] {
  const files = readdirSync(TERRAFORM, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith("main.tf"),
  );
  return files.map((file) => file.replace(/\/main\.tf$/, "")).sort();
}

/** The text of all files of a directory that end so. */
export function textOf(directory: string, end: ".tf" | ".md" = ".tf"): string {
  const files = readdirSync(join(TERRAFORM, directory)).filter((file) => file.endsWith(end));
  return files.map((file) => readFileSync(join(TERRAFORM, directory, file), "utf8")).join("\n");
}

/** Kinds of resources and data that are used, such as `google_pubsub_topic`. */
export interface UsedTypes {
  readonly resources: readonly string[];
  readonly data: readonly string[];
}

export function usedTypes(): UsedTypes {
  const text = configurations()
    .map((directory) => textOf(directory))
    .join("\n");
  const named = (kind: string) => {
    const types = [...text.matchAll(new RegExp(`^${kind} "(\\w+)"`, "gm"))].map(([, type = ""]) => type);
    return [...new Set(types)].sort();
  };
  return { resources: named("resource"), data: named("data") };
}
