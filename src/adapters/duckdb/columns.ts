import {
  BIGINT,
  DECIMAL,
  DuckDBDecimalValue,
  DuckDBTimestampTZValue,
  TIMESTAMPTZ,
  VARCHAR,
  type DuckDBType,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { PriceMicros } from "../../quotes/price.ts";
import type { EpochMs } from "../../quotes/quote.ts";

/**
 * A column of a table and how a record fills it. Prices come as whole numbers and means as text, so nothing on the way
 * to the file is a double that could round them.
 */
export interface Column<R> {
  readonly name: string;
  readonly type: DuckDBType;
  readonly nullable: boolean;
  readonly value: (record: R) => DuckDBValue;
}

const RESOLUTION_SCALE = 9;

/** A text. */
export function text<R>(name: string, value: (record: R) => string): Column<R> {
  return { name, type: VARCHAR, nullable: false, value };
}

/** A whole number. */
export function count<R>(name: string, value: (record: R) => number): Column<R> {
  return { name, type: BIGINT, nullable: false, value: (record) => BigInt(value(record)) };
}

/** A whole number that may be missing. */
export function optionalCount<R>(name: string, value: (record: R) => number | undefined): Column<R> {
  const bigint = (number: number | undefined) => (number === undefined ? null : BigInt(number));
  return { name, type: BIGINT, nullable: true, value: (record) => bigint(value(record)) };
}

/** A price: NUMERIC(13, 6), from millionths. */
export function price<R>(name: string, value: (record: R) => PriceMicros): Column<R> {
  return decimal(name, 13, 6, (record) => BigInt(value(record)));
}

/** A mean of prices: NUMERIC(16, 9), from decimal text with at most nine places. */
export function mean<R>(name: string, value: (record: R) => string): Column<R> {
  return decimal(name, 16, 9, (record) => billionths(value(record)));
}

/** Minutes: NUMERIC(13, 9), since GoogleSQL groups no windows by a double; whole seconds differ in nine places. */
export function minutes<R>(name: string, value: (record: R) => number): Column<R> {
  return decimal(name, 13, RESOLUTION_SCALE, (record) => BigInt(Math.round(value(record) * 10 ** RESOLUTION_SCALE)));
}

/** An instant: DuckDB's TIMESTAMPTZ, which is GoogleSQL's TIMESTAMP. */
export function instant<R>(name: string, value: (record: R) => EpochMs): Column<R> {
  const micros = (ms: EpochMs) => new DuckDBTimestampTZValue(BigInt(ms) * 1000n);
  return { name, type: TIMESTAMPTZ, nullable: false, value: (record) => micros(value(record)) };
}

function decimal<R>(name: string, width: number, scale: number, value: (record: R) => bigint): Column<R> {
  const scaled = (whole: bigint) => new DuckDBDecimalValue(whole, width, scale);
  return { name, type: DECIMAL(width, scale), nullable: false, value: (record) => scaled(value(record)) };
}

function billionths(decimalText: string): bigint {
  const parts = /^([0-9]+)(?:\.([0-9]{1,9}))?$/.exec(decimalText);
  if (!parts) throw new RangeError(`"${decimalText}" is no decimal of at most nine places.`);
  const [, whole = "", fraction = ""] = parts;
  return BigInt(whole + fraction.padEnd(9, "0"));
}
