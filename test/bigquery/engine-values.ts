/** Values on their way to and from ZetaSQL's server. */
import type { FieldType, Value } from "./values.ts";

export interface TypeProto {
  readonly typeKind: string;
}

/** A value in the server's protocol. */
export interface Cell {
  readonly value?: string;
  readonly stringValue?: string;
  readonly int64Value?: string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly dateValue?: number;
  readonly numericValue?: Buffer;
  readonly timestampValue?: { readonly seconds: string; readonly nanos?: number };
}

export const ENGINE_TYPES: Readonly<Record<FieldType, string>> = {
  STRING: "TYPE_STRING",
  INT64: "TYPE_INT64",
  FLOAT64: "TYPE_DOUBLE",
  NUMERIC: "TYPE_NUMERIC",
  BOOL: "TYPE_BOOL",
  TIMESTAMP: "TYPE_TIMESTAMP",
  DATE: "TYPE_DATE",
};

export function fromEngineType(kind: string): FieldType {
  const found = Object.entries(ENGINE_TYPES).find(([, engine]) => engine === kind);
  if (!found) throw new Error(`GoogleSQL gave a ${kind}, which this server does not know.`);
  return found[0] as FieldType;
}

const DAY_MS = 86_400_000;

export function encode(value: Value, type: FieldType): Cell {
  if (value === null) return {};
  switch (type) {
    case "STRING":
      return { stringValue: String(value) };
    case "INT64":
      return { int64Value: String(value) };
    case "FLOAT64":
      return { doubleValue: Number(value) };
    case "BOOL":
      return { boolValue: value === true };
    case "NUMERIC":
      return { numericValue: numericBytes(String(value)) };
    case "DATE":
      return { dateValue: Date.parse(String(value)) / DAY_MS };
    case "TIMESTAMP": {
      const micros = BigInt(value);
      const below = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
      return { timestampValue: { seconds: String((micros - below) / 1_000_000n), nanos: Number(below) * 1000 } };
    }
  }
}

export function decode(cell: Cell): Value {
  if (cell.stringValue !== undefined) return cell.stringValue;
  if (cell.int64Value !== undefined) return BigInt(cell.int64Value);
  if (cell.doubleValue !== undefined) return cell.doubleValue;
  if (cell.boolValue !== undefined) return cell.boolValue;
  if (cell.dateValue !== undefined) return new Date(cell.dateValue * DAY_MS).toISOString().slice(0, 10);
  if (cell.numericValue !== undefined) return numericText(cell.numericValue);
  const { timestampValue: time } = cell;
  if (time !== undefined) return BigInt(time.seconds) * 1_000_000n + BigInt(Math.floor((time.nanos ?? 0) / 1000));
  if (cell.value === undefined) return null;
  throw new Error(`GoogleSQL gave a ${cell.value}, which this server does not know.`);
}

/** NUMERIC on the wire: billionths as a little-endian two's complement. */
function numericBytes(decimal: string): Buffer {
  const [whole = "", fraction = ""] = decimal.split(".");
  const bytes = Buffer.alloc(16);
  const billionths = BigInt.asUintN(128, BigInt(whole + fraction.padEnd(9, "0")));
  bytes.writeBigUInt64LE(BigInt.asUintN(64, billionths), 0);
  bytes.writeBigUInt64LE(billionths >> 64n, 8);
  return bytes;
}

function numericText(bytes: Buffer): string {
  let billionths = 0n;
  for (const byte of bytes.toReversed()) billionths = (billionths << 8n) | BigInt(byte);
  billionths = BigInt.asIntN(8 * bytes.length, billionths);
  const digits = String(billionths < 0n ? -billionths : billionths).padStart(10, "0");
  const text = `${digits.slice(0, -9)}.${digits.slice(-9)}`.replace(/\.?0+$/, "");
  return billionths < 0n ? `-${text}` : text;
}
