import { describe, expect, it } from "vitest";
import { fieldAt, type JsonSchema, manifestJsonSchema, pathsNamed } from "./fields.ts";

/** Every field below a schema, by path. */
function everyField(field: JsonSchema, path: string): [string, JsonSchema][] {
  const below = [
    ...Object.entries(field.properties ?? {}).map(([key, child]) => [`${path}.${key}`, child] as const),
    ...(field.items ? [[`${path}[]`, field.items] as const] : []),
    ...(typeof field.additionalProperties === "object" ? [[`${path}.*`, field.additionalProperties] as const] : []),
  ].filter(([, child]) => Object.keys(child).length > 0);
  const members = (field.oneOf ?? []).flatMap((member, index) => everyField(member, `${path}<${index}>`));
  return [
    ...below.flatMap(([key, child]) => [[key, child] as [string, JsonSchema], ...everyField(child, key)]),
    ...members,
  ];
}

const fields = everyField(manifestJsonSchema(), "");

describe("the schema", () => {
  it("describes every field in a sentence", () => {
    // What a list's entries are, its own description says.
    const named = fields.filter(([path]) => !path.endsWith("[]"));
    expect(named.length).toBeGreaterThan(70);
    const without = named.filter(([, { description }]) => !/^[A-Z].*\.$/.test(description ?? "")).map(([path]) => path);
    expect(without).toEqual([]);
  });

  it("refuses unknown fields everywhere but in the status and in what the API server sets", () => {
    const open = fields
      .filter(([, field]) => field.properties !== undefined && field.additionalProperties !== false)
      .map(([path]) => path);
    expect(open.filter((path) => !/^\.status|ownerReferences|managedFields/.test(path))).toEqual([]);
  });
});

describe("a field's schema", () => {
  it("is found by path, through lists, maps and the provider's own type", () => {
    const manifest = { spec: { provider: { type: "Replay" } } };
    expect(fieldAt(["spec", "resolutions", 3, "window"], manifest)?.description).toMatch(/sliding window/);
    expect(fieldAt(["spec", "podTemplate", "labels", "team"], manifest)?.description).toMatch(/label/);
    expect(fieldAt(["spec", "provider", "speed"], manifest)?.default).toBe(1);
    expect(fieldAt(["spec", "provider", "seed"], manifest)).toBeUndefined();
    expect(fieldAt(["spec", "nothing", "below"], manifest)).toBeUndefined();
  });

  it("is found by name, wherever it is", () => {
    expect(pathsNamed("window")).toEqual(["spec.resolutions[].window", "status.pipelines[].window"]);
    expect(pathsNamed("credentialsSecretRef")).toEqual(["spec.provider.credentialsSecretRef"]);
    expect(pathsNamed("colour")).toEqual([]);
  });
});
