import type { protos } from "@google-cloud/dataflow";

/**
 * An object of JSON as the client takes it; on the wire it is JSON again.
 * https://protobuf.dev/reference/protobuf/google.protobuf/#struct
 * @throws TypeError on what JSON has not
 */
export function struct(object: Readonly<Record<string, unknown>>): protos.google.protobuf.IStruct {
  return { fields: Object.fromEntries(Object.entries(object).map(([field, value]) => [field, structValue(value)])) };
}

function structValue(value: unknown): protos.google.protobuf.IValue {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") return { numberValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(structValue) } };
  if (typeof value === "object" && value !== null) return { structValue: struct({ ...value }) };
  throw new TypeError(`${typeof value} is no value of JSON`);
}
