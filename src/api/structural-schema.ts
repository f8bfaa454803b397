import { type CelRule, celList, celMessage } from "./cel.ts";
import type { JsonSchema } from "./fields.ts";

/** A structural schema, as a CRD has it: one type a node, no unions of shapes. */
export interface StructuralSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema;
  readonly items?: StructuralSchema;
  readonly [keyword: string]: unknown;
}

/** What is the same in both; the rest is translated. */
const KEPT = [
  "default",
  "enum",
  "minItems",
  "maxItems",
  "minLength",
  "maxLength",
  "maxProperties",
  "required",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-map-type",
  "x-kubernetes-validations",
] as const;

/**
 * The structural schema of a JSON Schema that zod wrote.
 *
 * Unknown fields need no word: a server prunes them, or refuses them under strict field validation. Names of a mapping's
 * entries have no schema there; a rule says what they must be. Of a union by `type` the members' fields are merged, and
 * rules say which belong to which.
 *
 * Two kinds of defaults are left out, and said in the description. One of a union's member would be set under every type.
 * One inside a list's entry would make the list another one than was applied, which kubectl apply and GitOps tools take
 * for a change each time, since they compare the lists of custom resources as a whole.
 * @throws RangeError for a union that is neither by `type` nor of whole numbers and text
 */
export function structuralSchema(schema: JsonSchema): StructuralSchema {
  if (schema.oneOf !== undefined) return structuralSchema(mergedUnion(schema, schema.oneOf));
  if (schema.anyOf !== undefined) return intOrString(schema, schema.anyOf);
  const { description, type, const: constant, properties, additionalProperties, items } = schema;
  return defined({
    description,
    type,
    ...(type === "integer" ? { format: "int64" } : {}),
    ...Object.fromEntries(KEPT.map((keyword) => [keyword, schema[keyword]])),
    ...(constant === undefined ? {} : { enum: [constant] }),
    ...(schema.pattern === undefined ? {} : { pattern: schema.pattern.replaceAll("\\/", "/") }),
    ...bounds(schema),
    properties: properties && mapValues(properties, structuralSchema),
    additionalProperties: hasSchema(additionalProperties) ? structuralSchema(additionalProperties) : undefined,
    items: items && structuralSchema(withoutDefaults(items)),
  });
}

/** In OpenAPI 3.0, that a bound is exclusive is a word beside it. zod's own bounds of whole numbers say nothing. */
function bounds({ minimum, maximum, exclusiveMinimum }: JsonSchema): StructuralSchema {
  const said = (bound: number | undefined) =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? bound : undefined;
  if (exclusiveMinimum !== undefined) return { minimum: exclusiveMinimum, exclusiveMinimum: true, maximum };
  return { minimum: said(minimum), maximum: said(maximum) };
}

function intOrString(schema: JsonSchema, [first, second]: readonly JsonSchema[]): StructuralSchema {
  if (first?.type !== "integer" || second?.type !== "string") {
    throw new RangeError(`A union of ${first?.type} and ${second?.type} has no structural schema.`);
  }
  const text = structuralSchema({ ...second, type: undefined });
  const whole = structuralSchema({ ...schema, anyOf: undefined });
  return {
    ...whole,
    "x-kubernetes-int-or-string": true,
    anyOf: [{ type: "integer" }, { type: "string" }],
    ...text,
    ...defined(bounds(first)),
  };
}

/** One mapping with the fields of every member, and the rules that tell them apart. */
function mergedUnion(union: JsonSchema, members: readonly JsonSchema[]): JsonSchema {
  const types = members.map((member) => String(member.properties?.type?.const));
  const names = [...new Set(members.flatMap((member) => Object.keys(member.properties ?? {})))];
  const typesWith = (holds: (member: JsonSchema) => boolean) => types.filter((_, index) => holds(members[index] ?? {}));
  const properties: Record<string, JsonSchema> = {
    type: {
      description: members
        .map(({ properties }, index) => `${types[index]}: ${properties?.type?.description}`)
        .join(" "),
      type: "string",
      enum: types,
    },
  };
  const rules: CelRule[] = [];
  for (const name of names.filter((name) => name !== "type")) {
    const having = typesWith((member) => member.properties?.[name] !== undefined);
    const requiring = typesWith((member) => member.required?.includes(name) === true);
    const field = members.find((member) => member.properties?.[name] !== undefined)?.properties?.[name] ?? {};
    properties[name] = under(having, withoutDefault(field));
    rules.push(belongsTo(name, having), ...(requiring.length === 0 ? [] : [requiredUnder(name, requiring)]));
  }
  return {
    ...union,
    oneOf: undefined,
    type: "object",
    properties,
    required: ["type"],
    "x-kubernetes-validations": rules,
  };
}

function under(types: readonly string[], field: JsonSchema): JsonSchema {
  const { description = "" } = field;
  const said = `${description.charAt(0).toLowerCase()}${description.slice(1)}`;
  return { ...field, description: `Under type ${anyOf(types)}: ${said}` };
}

function withoutDefault(field: JsonSchema): JsonSchema {
  const { default: fallback, description = "" } = field;
  if (fallback === undefined) return field;
  const written = typeof fallback === "string" ? fallback : JSON.stringify(fallback);
  return { ...field, default: undefined, description: `${description} ${written} unless said.` };
}

function withoutDefaults(schema: JsonSchema): JsonSchema {
  if (schema.properties === undefined) return schema;
  return { ...schema, properties: mapValues(schema.properties, withoutDefault) };
}

function belongsTo(name: string, types: readonly string[]): CelRule {
  return {
    rule: `self.type in ${celList(types)} || !has(self.${name})`,
    message: celMessage({ rule: `belongs to provider type ${anyOf(types)}`, fix: "Remove it, or change the type." }),
    fieldPath: `.${name}`,
    reason: "FieldValueForbidden",
  };
}

function requiredUnder(name: string, types: readonly string[]): CelRule {
  return {
    rule: `!(self.type in ${celList(types)}) || has(self.${name})`,
    message: celMessage({
      rule: `is required under provider type ${anyOf(types)}`,
      fix: `Add ${name}, or change the type.`,
    }),
    fieldPath: `.${name}`,
    reason: "FieldValueRequired",
  };
}

function anyOf(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function hasSchema(schema: JsonSchema | boolean | undefined): schema is JsonSchema {
  return typeof schema === "object" && Object.keys(schema).length > 0;
}

function mapValues<In, Out>(record: Readonly<Record<string, In>>, map: (value: In) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

function defined(schema: StructuralSchema): StructuralSchema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}
