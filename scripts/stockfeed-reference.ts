import { type JsonSchema, manifestJsonSchema } from "../src/api/fields.ts";
import { API_VERSION, KIND } from "../src/api/stockfeed.ts";
import { PROVIDER_LIMITS } from "../src/quotes/provider-limits.ts";

/** One row of a table of fields. */
interface FieldRow {
  readonly path: string;
  readonly type: string;
  readonly fallback: string;
  readonly description: string;
}

/** The text of docs/reference/stockfeed.md, from the schema that manifests are checked against. */
export function stockfeedReference(): string {
  const { properties = {} } = manifestJsonSchema();
  const spec = properties.spec ?? {};
  const { provider = {} } = spec.properties ?? {};
  return `<!-- Generated from src/api by npm run generate; edit it there. -->

# StockFeed

Fields of a manifest of \`${API_VERSION}\`, kind \`${KIND}\`. How they work together is in
[the specification](../spec/stockfeed.md); \`stockfeed validate -f FILE\` checks a manifest against all of it.

A field that is not required may be left out; an empty field counts as left out, an unknown one is refused. Durations are whole numbers with a unit, such as \`10s\`, \`5m\` or \`1h30m\`.

## metadata

${table(rows(properties.metadata ?? {}, "metadata").filter(({ description }) => !description.startsWith("Set by")))}

What the API server sets (\`uid\`, \`resourceVersion\` and so on) may be there, and has no effect.

## spec

${table(rows(spec, "spec").filter(({ path }) => !path.startsWith("spec.provider.")))}

## spec.provider

${(provider.oneOf ?? []).map(providerSection).join("\n\n")}

## status

Written by the operator. In a manifest it has no effect.

${table(rows(properties.status ?? {}, "status"), false)}
`;
}

function providerSection(member: JsonSchema): string {
  const type = member.properties?.type ?? {};
  const name = String(type.const) as keyof typeof PROVIDER_LIMITS;
  const fields = rows(member, "spec.provider").filter(({ path }) => path !== "spec.provider.type");
  return [`### ${name}`, type.description ?? "", limitsOf(name), table(fields)]
    .filter((part) => part !== "")
    .join("\n\n");
}

function limitsOf(name: keyof typeof PROVIDER_LIMITS): string {
  const { symbolsPerCall, calls, perMs, environment, secretKeys, keysRequired } = PROVIDER_LIMITS[name];
  const names = (words: readonly string[]) => words.map(code).join(" and ");
  const period = perMs === 60_000 ? "a minute" : "an hour";
  const batch = symbolsPerCall === 1 ? "one symbol a call" : `up to ${symbolsPerCall} symbols a call`;
  const sentences = [
    ...(symbolsPerCall === Infinity ? [] : [`It is asked for ${batch}.`]),
    ...(calls === undefined ? [] : [`The free plan allows ${calls} calls ${period}.`]),
    ...(environment.length === 0
      ? []
      : [
          `${keysRequired ? "Keys" : "A key, where the server wants one"}: ${names(environment)} in the environment of ` +
            `a laptop, ${names(secretKeys)} in the Secret on a cluster.`,
        ]),
  ];
  return sentences.join(" ");
}

/** The fields below a schema, each before what is in it. */
function rows(schema: JsonSchema, path: string): FieldRow[] {
  const entries = Object.entries(schema.properties ?? {});
  const own = entries.flatMap(([name, field]) => {
    const at = `${path}.${name}`;
    const required = schema.required?.includes(name) === true;
    return [rowOf(at, field, required), ...rows(field, at), ...rows(field.items ?? {}, `${at}[]`)];
  });
  return own;
}

function rowOf(path: string, field: JsonSchema, required: boolean): FieldRow {
  return {
    path,
    type: [typeOf(field), limits(field)].filter((part) => part !== "").join(", "),
    fallback: field.default === undefined ? (required ? "required" : "") : formatDefault(field.default),
    description: field.description ?? "",
  };
}

/** A default as it would be written, one a list's entry; a mapping's are those of its fields. */
function formatDefault(value: unknown): string {
  if (Array.isArray(value)) return value.map((entry) => code(Object.values(entry as object).join())).join(", ");
  return typeof value === "object" ? "" : code(value);
}

function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function typeOf(field: JsonSchema): string {
  if (field.oneOf !== undefined) return "by its type";
  if (field.const !== undefined) return code(field.const);
  if (field.enum !== undefined) return field.enum.map(code).join(", ");
  if (field.range !== undefined) return "duration";
  if (field.type === "array") return field.items?.properties === undefined ? "list" : "list of mappings";
  if (field.type === "object") return field.properties === undefined ? "map" : "mapping";
  return { string: "text", integer: "whole number", boolean: "true or false" }[field.type ?? ""] ?? field.type ?? "any";
}

function limits(field: JsonSchema): string {
  const number = (value: number) => value.toLocaleString("en-US");
  const isBound = (value: number | undefined) => value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  const range = (least: number | undefined, most: number | undefined) => {
    if (least !== undefined && most !== undefined) return `${number(least)} to ${number(most)}`;
    if (most !== undefined) return `at most ${number(most)}`;
    return least === undefined ? "" : `at least ${number(least)}`;
  };
  if (field.range !== undefined) return field.range;
  if (field.type === "array") return range(field.minItems, field.maxItems);
  if (field.exclusiveMinimum !== undefined)
    return `above ${field.exclusiveMinimum}, ${range(undefined, field.maximum)}`;
  return range(isBound(field.minimum) ? field.minimum : undefined, isBound(field.maximum) ? field.maximum : undefined);
}

function table(fields: readonly FieldRow[], withDefaults = true): string {
  if (fields.length === 0) return "";
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  const shown = ({ path, type, fallback, description }: FieldRow) =>
    withDefaults ? [`\`${path}\``, type, fallback, description] : [`\`${path}\``, type, description];
  const header = withDefaults ? ["field", "type", "default", "meaning"] : ["field", "type", "meaning"];
  return [line(header), line(header.map(() => "---")), ...fields.map((field) => line(shown(field)))].join("\n");
}
