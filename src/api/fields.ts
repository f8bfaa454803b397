import { z } from "zod";
import type { CelRule } from "./cel.ts";
import { stockFeedSchema } from "./stockfeed.ts";

/** The part of JSON Schema (2020-12) that zod writes for a manifest, with what the CRD alone reads. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxProperties?: number;
  readonly pattern?: string;
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: "atomic" | "granular";
  readonly "x-kubernetes-validations"?: readonly CelRule[];
  /** A duration's limits, in words. */
  readonly range?: string;
}

let schema: JsonSchema | undefined;

/** The manifest's schema as JSON Schema, for what is written: fields with a default may be left out. */
export function manifestJsonSchema(): JsonSchema {
  schema ??= z.toJSONSchema(stockFeedSchema, { io: "input" }) as JsonSchema;
  return schema;
}

/**
 * The schema of the field at a path; undefined where there is no such field.
 * @param manifest what was written, whose `type` says which of a provider's members counts
 */
export function fieldAt(path: readonly PropertyKey[], manifest: unknown): JsonSchema | undefined {
  let field: JsonSchema | undefined = manifestJsonSchema();
  let value = manifest;
  for (const step of path) {
    field = memberFor(field, value);
    if (typeof step === "number") field = field.items;
    else field = field.properties?.[String(step)] ?? entrySchema(field);
    if (field === undefined) return undefined;
    value = child(value, step);
  }
  return memberFor(field, value);
}

/** Every path, in dots, at which a field has this name. */
export function pathsNamed(name: string, field = manifestJsonSchema(), path = ""): string[] {
  const children = Object.entries(field.properties ?? {}).flatMap(([key, schema]) => {
    const below = path === "" ? key : `${path}.${key}`;
    return [...(key === name ? [below] : []), ...pathsNamed(name, schema, below)];
  });
  const members = (field.oneOf ?? []).flatMap((member) => pathsNamed(name, member, path));
  const items = field.items === undefined ? [] : pathsNamed(name, field.items, `${path}[]`);
  return [...new Set([...children, ...members, ...items])];
}

/** The value under a key or index; undefined where there is none. */
export function child(value: unknown, step: PropertyKey): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<PropertyKey, unknown>)[step];
}

function memberFor(field: JsonSchema, value: unknown): JsonSchema {
  const type = child(value, "type");
  return field.oneOf?.find((member) => member.properties?.type?.const === type) ?? field;
}

function entrySchema(field: JsonSchema): JsonSchema | undefined {
  return typeof field.additionalProperties === "object" ? field.additionalProperties : undefined;
}
