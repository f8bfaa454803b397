/** Values of BigQuery's types: as JSON rows bring them, as they are kept, as answers give them. */

/** Types of a column, by their GoogleSQL names. */
export type FieldType = "STRING" | "INT64" | "FLOAT64" | "NUMERIC" | "BOOL" | "TIMESTAMP" | "DATE";

/** A value as it is kept: NUMERIC as decimal text without zeros at its end, TIMESTAMP as microseconds, DATE as text. */
export type Value = string | number | bigint | boolean | null;

/** A column as the REST format has it. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly mode?: "NULLABLE" | "REQUIRED";
  readonly precision?: string;
  readonly scale?: string;
  readonly description?: string;
}

/** Names that the REST format has for the same types. */
const TYPES: Readonly<Record<string, FieldType>> = {
  STRING: "STRING",
  INTEGER: "INT64",
  INT64: "INT64",
  FLOAT: "FLOAT64",
  FLOAT64: "FLOAT64",
  NUMERIC: "NUMERIC",
  BOOLEAN: "BOOL",
  BOOL: "BOOL",
  TIMESTAMP: "TIMESTAMP",
  DATE: "DATE",
};

/** The type of a column. @throws Error for one that this server does not have */
export function fieldType({ name, type }: Field): FieldType {
  const known = TYPES[type.toUpperCase()];
  if (known === undefined) throw new Error(`Column ${name}: this server has no type ${type}.`);
  return known;
}

/** The name that answers give to a type. */
export function restType(type: FieldType): string {
  return { INT64: "INTEGER", FLOAT64: "FLOAT", BOOL: "BOOLEAN" }[type as string] ?? type;
}

/** A value of a JSON row, as it is kept. @throws Error with what BigQuery would say of it */
export function parseValue(field: Field, json: unknown): Value {
  if (json === null || json === undefined) {
    if (field.mode === "REQUIRED") throw new Error(`Missing required field: ${field.name}.`);
    return null;
  }
  const type = fieldType(field);
  const text = typeof json === "number" || typeof json === "boolean" || typeof json === "string" ? String(json) : "";
  const bad = (what: string) =>
    new Error(`Cannot convert value to ${what} (bad value): ${text || JSON.stringify(json)}`);
  switch (type) {
    case "STRING":
      if (typeof json !== "string") throw bad("string");
      return json;
    case "INT64":
      if (!/^-?[0-9]+$/.test(text)) throw bad("integer");
      return BigInt(text);
    case "FLOAT64":
      if (text === "" || Number.isNaN(Number(text))) throw bad("floating point");
      return Number(text);
    case "BOOL":
      if (text !== "true" && text !== "false") throw bad("boolean");
      return text === "true";
    case "NUMERIC":
      return numeric(field, text);
    case "TIMESTAMP":
      return parseTimestamp(text) ?? fail(bad("timestamp"));
    case "DATE":
      if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) throw bad("date");
      return text;
  }
}

/** RFC 3339 or `2024-03-01 14:35:05.25 UTC`, as microseconds. */
export function parseTimestamp(text: string): bigint | undefined {
  const parts =
    /^([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,6})?( ?UTC|Z|[+-][0-9]{2}:[0-9]{2})?$/.exec(
      text,
    );
  if (!parts) return undefined;
  const [, day = "", time = "", fraction = ".0", zone = "Z"] = parts;
  const ms = Date.parse(`${day}T${time}${zone.trim() === "UTC" ? "Z" : zone}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1000n + BigInt(fraction.slice(1).padEnd(6, "0"));
}

function numeric({ name, precision, scale }: Field, text: string): string {
  const parts = /^(-?)([0-9]+)(?:\.([0-9]+))?$/.exec(text);
  if (!parts) throw new Error(`Invalid NUMERIC value: ${text} Field: ${name}; Value: ${text}`);
  const [, sign = "", whole = "", fraction = ""] = parts;
  const digits = fraction.replace(/0+$/, "");
  const places = scale === undefined ? (precision === undefined ? 9 : 0) : Number(scale);
  const wholes = (precision === undefined ? 38 : Number(precision)) - places;
  const head = whole.replace(/^0+(?=.)/, "");
  if (digits.length > places || (head !== "0" && head.length > wholes)) {
    throw new Error(`Invalid NUMERIC value: ${text} Field: ${name}; Value: ${text}`);
  }
  return `${sign}${head}${digits === "" ? "" : `.${digits}`}`;
}

/** A value as answers give it: everything as text, times as seconds, or as microseconds where that is asked for. */
export function restValue(value: Value, type: FieldType, micros: boolean): string | null {
  if (value === null) return null;
  if (type === "TIMESTAMP") return micros ? String(value) : (Number(value) / 1e6).toExponential(15).replace("e+", "E");
  return String(value);
}

function fail(error: Error): never {
  throw error;
}
