import type { z } from "zod";
import { child, fieldAt, pathsNamed } from "./fields.ts";
import { nearest } from "./nearest.ts";
import { formatPath, formatValue } from "./problem.ts";
import { readWording, type Wording } from "./wording.ts";

/** What is wrong at one path of a manifest. */
export interface Finding extends Wording {
  readonly path: readonly PropertyKey[];
  /** Whether it is the key at the path's end that is wrong, not what it holds. */
  readonly atKey: boolean;
  readonly value?: string;
}

/**
 * What zod found, in the words of a problem; one finding an unknown field.
 * @param manifest what was parsed, for what stands beside a wrong value
 */
export function findings(issue: z.core.$ZodIssue, manifest: unknown): Finding[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      atKey: true,
      ...unknownField(issue.path, key, manifest),
    }));
  }
  const input = issue.input ?? issue.path.reduce(child, manifest);
  const value = issue.code === "invalid_union" ? issue.path.reduce(child, manifest) : input;
  const words = readWording(issue.message) ?? describe(issue, value, manifest);
  const shown = formatValue(value);
  return [
    {
      path: issue.path,
      atKey: issue.code === "invalid_key",
      ...words,
      ...(shown === undefined ? {} : { value: shown }),
    },
  ];
}

function unknownField(path: readonly PropertyKey[], key: string, manifest: unknown): Wording {
  const siblings = Object.entries(fieldAt(path, manifest)?.properties ?? {});
  const names = siblings.filter(([, { description }]) => !description?.startsWith("Set by")).map(([name]) => name);
  const type = path.at(-1) === "provider" ? child(path.reduce(child, manifest), "type") : undefined;
  const owner = typeof type === "string" ? `provider ${type}` : "a StockFeed";
  const likely = nearest(key, names);
  const here = formatPath([...path, key]);
  const elsewhere = pathsNamed(key).find((known) => known !== here);
  let fix = `The fields here are ${names.join(", ")}.`;
  if (likely !== undefined) fix = `Did you mean ${likely}?`;
  else if (elsewhere !== undefined) fix = `It belongs at ${elsewhere}.`;
  return { rule: `is no field of ${owner}`, fix };
}

function describe(issue: z.core.$ZodIssue, value: unknown, manifest: unknown): Wording {
  if (value === undefined || value === null) return required(issue, manifest);
  if (issue.code === "invalid_type") {
    const isDuration = fieldAt(issue.path, manifest)?.range !== undefined;
    return isDuration
      ? { rule: "must be a duration", fix: "Write it with a unit, such as 10s." }
      : wrongType(issue.expected, value);
  }
  if (issue.code === "invalid_value") return oneOf(issue.values.map(String), value);
  if (issue.code === "invalid_union" && "options" in issue) return oneOf(issue.options?.map(String) ?? [], value);
  if (issue.code === "invalid_key") return readWording(issue.issues[0]?.message ?? "") ?? unforeseen(issue);
  if (issue.code === "too_small") {
    return outside(issue.origin, issue.inclusive === false ? "above" : "at least", Number(issue.minimum));
  }
  if (issue.code === "too_big") {
    return outside(issue.origin, issue.inclusive === false ? "below" : "at most", Number(issue.maximum));
  }
  return unforeseen(issue);
}

function required(issue: z.core.$ZodIssue, manifest: unknown): Wording {
  const name = formatPath(issue.path.slice(-1));
  if (issue.code === "invalid_union" && "options" in issue) {
    return { rule: "is required", fix: `Add ${name}: ${alternatives(issue.options?.map(String) ?? [])}.` };
  }
  const field = fieldAt(issue.path, manifest);
  if (typeof field?.const === "string") return { rule: "is required", fix: `Add ${name}: ${field.const}.` };
  return { rule: "is required", fix: `Add ${name}. ${field?.description ?? ""}`.trimEnd() };
}

function wrongType(expected: string, value: unknown): Wording {
  switch (expected) {
    case "string":
      return { rule: "must be text", fix: typeof value === "object" ? "Write one word." : "Put it in quotes." };
    case "int":
      return { rule: "must be a whole number", fix: "Write digits alone." };
    case "number":
      return { rule: "must be a number", fix: "Write a number without quotes." };
    case "boolean":
      return { rule: "must be true or false", fix: "Write true or false, without quotes." };
    case "array":
      return { rule: "must be a list", fix: "Write [a, b], or one entry a line, each after a dash." };
    default:
      return { rule: "must be a mapping", fix: "Write its fields below it, one a line, each as name: value." };
  }
}

function oneOf(options: readonly string[], value: unknown): Wording {
  const likely = options.length > 1 && typeof value === "string" ? nearest(value, options) : undefined;
  const list = alternatives(options);
  return { rule: `must be ${list}`, fix: likely === undefined ? `Write ${list}.` : `Did you mean ${likely}?` };
}

function alternatives(options: readonly string[]): string {
  return options.length < 2 ? options.join("") : `${options.slice(0, -1).join(", ")} or ${options.at(-1) ?? ""}`;
}

function outside(origin: string, relation: "at least" | "above" | "at most" | "below", limit: number): Wording {
  const bound = `${relation} ${limit.toLocaleString("en-US")}`;
  const more = relation === "at least" || relation === "above";
  if (origin === "array") {
    return { rule: `must have ${bound} ${limit === 1 ? "entry" : "entries"}`, fix: more ? "Add one." : "List fewer." };
  }
  if (origin === "string") {
    return {
      rule: `must have ${bound} ${limit === 1 ? "character" : "characters"}`,
      fix: "Write it, or leave it out.",
    };
  }
  return { rule: `must be ${bound}`, fix: `Write a ${more ? "greater" : "smaller"} number.` };
}

function unforeseen(issue: z.core.$ZodIssue): Wording {
  return { rule: `is refused (${issue.message})`, fix: "See docs/reference/stockfeed.md." };
}
