import { describe, expect, it } from "vitest";
import { stockFeedCrd } from "./crd.ts";
import { manifestJsonSchema } from "./fields.ts";
import { SPEC_RULES } from "./spec-rules.ts";
import { type StructuralSchema, structuralSchema } from "./structural-schema.ts";

interface Spec {
  readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: StructuralSchema } }];
}

const root = (stockFeedCrd().spec as Spec).versions[0].schema.openAPIV3Schema;

/** Every schema below one, by path. */
function everySchema(schema: StructuralSchema, path: string): [string, StructuralSchema][] {
  const below = [
    ...Object.entries(schema.properties ?? {}).map(([name, field]) => [`${path}.${name}`, field] as const),
    ...(schema.items === undefined ? [] : [[`${path}[]`, schema.items] as const]),
    ...(schema.additionalProperties === undefined ? [] : [[`${path}.*`, schema.additionalProperties] as const]),
  ];
  return [[path, schema], ...below.flatMap(([at, field]) => everySchema(field, at))];
}

const schemas = everySchema(root, "");
const at = (path: string) => Object.fromEntries(schemas)[path] ?? {};

/** What `apiextensions.k8s.io/v1` allows in a structural schema, of what we use. */
const KEYWORDS = new Set(
  (
    "description type format properties required items additionalProperties default enum anyOf pattern " +
    "minimum maximum exclusiveMinimum minLength maxLength minItems maxItems maxProperties " +
    "x-kubernetes-int-or-string x-kubernetes-list-type x-kubernetes-list-map-keys x-kubernetes-map-type " +
    "x-kubernetes-validations"
  ).split(" "),
);

describe("the CRD's schema", () => {
  it("is structural: one type a node, and no keyword that an API server refuses", () => {
    expect(schemas.length).toBeGreaterThan(70);
    for (const [path, schema] of schemas) {
      expect([path, Object.keys(schema).filter((keyword) => !KEYWORDS.has(keyword))]).toEqual([path, []]);
      expect([path, schema.type ?? schema["x-kubernetes-int-or-string"]]).not.toContain(undefined);
    }
  });

  it("describes every field in a sentence, for kubectl explain", () => {
    const silent = schemas.filter(([path, { description }]) => {
      return path !== ".metadata" && !/^[A-Z].*\.$/.test(String(description));
    });
    expect(silent.map(([path]) => path)).toEqual([]);
  });

  it("has patterns that Go reads as JavaScript does", () => {
    for (const [path, { pattern }] of schemas) {
      // Neither looking around nor repeating over a thousand times is known there; the rest we use is the same.
      expect([path, /\(\?|\{\d*,?\d{4,}\}|\\\\[1-9dswDSWbB]/.test(JSON.stringify(pattern ?? ""))]).toEqual([
        path,
        false,
      ]);
    }
  });

  it("has every default of the manifest, but for those of one provider alone and of a list's entries", () => {
    const defaults = schemas.filter(([, schema]) => schema.default !== undefined);
    expect(Object.fromEntries(defaults.map(([path, schema]) => [path, schema.default]))).toEqual({
      ".spec.polling": {},
      ".spec.polling.interval": "10s",
      ".spec.polling.session": "Always",
      ".spec.polling.extendedHours": false,
      ".spec.polling.staleAfter": "5m",
      ".spec.polling.shards": 1,
      ".spec.polling.workload": "CronJob",
      ".spec.polling.startLead": "10s",
      ".spec.resolutions": [{ window: "1m" }, { window: "5m" }, { window: "15m" }],
      ".spec.engine": "Embedded",
      ".spec.archive": true,
      ".spec.dataflow.template": "TypeScript",
      ".spec.dataflow.maxWorkers": 3,
      ".spec.dataflow.updatePolicy": "Replace",
      ".spec.dataflow.drainTimeout": "10m",
      ".spec.deletionPolicy": "Drain",
      ".spec.suspend": false,
    });
  });

  it("has the fields of every provider once, and says which belong to which", () => {
    const provider = at(".spec.provider");
    expect(Object.keys(provider.properties ?? {})).toEqual([
      "type",
      "seed",
      "file",
      "speed",
      "baseUrl",
      "credentialsSecretRef",
    ]);
    expect(at(".spec.provider.type").enum).toEqual(["Simulated", "Replay", "IEX", "Alpaca", "Finnhub", "Tiingo"]);
    expect(provider.required).toEqual(["type"]);
    expect(at(".spec.provider.baseUrl").description).toBe(
      "Under type IEX, Alpaca, Finnhub or Tiingo: address of a server that speaks the provider's format.",
    );
  });

  it("says the defaults that it can't set", () => {
    expect(at(".spec.provider.seed").description).toMatch(/ 1 unless said\.$/);
    expect(at(".spec.resolutions[].allowedLateness").description).toMatch(/ 60s unless said\.$/);
  });

  it("has lists that are merged by what tells their entries apart", () => {
    const lists = schemas.filter(([, { type }]) => type === "array");
    const merging = lists.map(([path, schema]) => [
      path,
      schema["x-kubernetes-list-type"],
      schema["x-kubernetes-list-map-keys"],
    ]);
    expect(merging).toEqual([
      [".spec.symbols", "set", undefined],
      [".spec.resolutions", "map", ["window"]],
      [".spec.dataflow.projectIds", "atomic", undefined],
      [".spec.podTemplate.tolerations", "atomic", undefined],
      [".status.conditions", "map", ["type"]],
      [".status.pipelines", "map", ["window"]],
    ]);
  });

  it("limits every text and mapping of the spec that a rule may read", () => {
    const unlimited = schemas.filter(([path, schema]) => {
      if (!path.startsWith(".spec")) return false;
      if (schema.additionalProperties !== undefined) return schema.maxProperties === undefined;
      if (schema.type === "array") return schema.maxItems === undefined;
      return schema.type === "string" && schema.maxLength === undefined && schema.enum === undefined;
    });
    expect(unlimited.map(([path]) => path)).toEqual([]);
  });
});

describe("a rule", () => {
  interface Rule {
    readonly rule: string;
    readonly message: string;
    readonly fieldPath?: string;
  }
  const rules = schemas.flatMap(([path, schema]) =>
    ((schema["x-kubernetes-validations"] ?? []) as Rule[]).map((rule) => ({ path, ...rule })),
  );

  it("has a message of one line that names the mend, and blames a field that is there", () => {
    expect(rules.length).toBeGreaterThan(30);
    for (const { path, message, fieldPath } of rules) {
      expect(message).toMatch(/^[^\n]+\. (Write|Remove|Add|Name|Shorten|Leave)[^\n]+\.$/);
      if (fieldPath !== undefined) expect(at(path + fieldPath)).not.toEqual({});
    }
  });

  it("is there for all that spans fields of a spec, but for what a list's type says", () => {
    expect(SPEC_RULES.filter(({ cel }) => cel.length === 0).map(({ reads }) => reads)).toEqual([["symbols"]]);
  });
});

describe("a schema that has no structural form", () => {
  it("is refused, rather than left out", () => {
    expect(() => structuralSchema({ anyOf: [{ type: "number" }, { type: "string" }] })).toThrow(RangeError);
    expect(() => structuralSchema({ anyOf: [{ type: "boolean" }] })).toThrow("A union of boolean");
  });

  it("does not hide in the manifest's", () => {
    expect(JSON.stringify(manifestJsonSchema().properties?.spec)).not.toMatch(/"(allOf|not|\$ref|prefixItems)"/);
  });
});
