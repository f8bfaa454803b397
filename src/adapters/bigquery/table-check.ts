import type { SinkProblem } from "../../controller-ports.ts";
import {
  addColumnsSql,
  type BigQueryColumn,
  type BigQueryTable,
  createTableSql,
  type DatasetId,
  quotedName,
  typeSql,
} from "../../views/bigquery-schema.ts";

/** A table as BigQuery tells it, as far as it is looked at. */
export interface TableResource {
  readonly type?: string;
  readonly schema?: { readonly fields?: readonly FieldResource[] };
  readonly timePartitioning?: { readonly field?: string };
}

interface FieldResource {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
  readonly precision?: string;
  readonly scale?: string;
}

/** Names that BigQuery's REST format has for GoogleSQL's types. */
const TYPES: Readonly<Record<string, string>> = { INTEGER: "INT64", DECIMAL: "NUMERIC" };

/**
 * What keeps a table from taking the rows that it is for; undefined where nothing does. Columns of others may be there
 * too, a decimal may be wider, and a column that always has a value may allow none.
 */
export function tableProblem(dataset: DatasetId, wanted: BigQueryTable, found: TableResource): SinkProblem | undefined {
  const name = quotedName(dataset, wanted.name);
  const anew = makeAnew(dataset, wanted);
  if (found.type !== undefined && found.type !== "TABLE") {
    return { kind: "SchemaDiffers", message: `${name} is no table but a ${found.type.toLowerCase()}.`, mend: anew };
  }
  const fields = new Map((found.schema?.fields ?? []).map((field) => [field.name.toLowerCase(), field]));
  const missing = wanted.columns.filter((column) => !fields.has(column.name));
  const others = wanted.columns.flatMap((column) => differences(column, fields.get(column.name)));
  const demanding = strictColumns(wanted, fields);
  const partition = found.timePartitioning?.field;
  const unpartitioned = partition === wanted.partitionColumn ? [] : [`is not partitioned by ${wanted.partitionColumn}`];
  const faults = [
    ...(missing.length > 0 ? [`lacks ${missing.map(({ name }) => name).join(", ")}`] : []),
    ...others,
    ...demanding.map((column) => `wants a value in ${column}, which not every row has`),
    ...unpartitioned,
  ];
  if (faults.length === 0) return undefined;
  const small = others.length + unpartitioned.length === 0;
  return {
    kind: "SchemaDiffers",
    message: `${name} ${faults.join("; ")}.`,
    mend: small ? alterations(dataset, wanted, missing, demanding) : anew,
  };
}

/** What is wrong with a column that is there. */
function differences(wanted: BigQueryColumn, found: FieldResource | undefined): string[] {
  if (!found) return [];
  const type = TYPES[found.type.toUpperCase()] ?? found.type.toUpperCase();
  const precision = found.precision === undefined ? undefined : Number(found.precision);
  const scale = Number(found.scale ?? 0);
  const isWideEnough =
    precision === undefined ||
    (scale >= (wanted.scale ?? 0) && precision - scale >= (wanted.precision ?? 0) - (wanted.scale ?? 0));
  if (type === wanted.type && isWideEnough && found.mode !== "REPEATED") return [];
  const is =
    found.mode === "REPEATED" ? `ARRAY<${type}>` : precision === undefined ? type : `${type}(${precision}, ${scale})`;
  return [`has ${wanted.name} as ${is}, and ${typeSql(wanted)} is written`];
}

/** Columns that must have a value, and get none from every row. */
function strictColumns(wanted: BigQueryTable, fields: ReadonlyMap<string, FieldResource>): string[] {
  const filled = new Set(wanted.columns.filter(({ required }) => required).map(({ name }) => name));
  return [...fields.values()]
    .filter(({ name, mode }) => mode === "REQUIRED" && !filled.has(name.toLowerCase()))
    .map(({ name }) => name);
}

function alterations(
  dataset: DatasetId,
  table: BigQueryTable,
  missing: readonly BigQueryColumn[],
  demanding: readonly string[],
): string {
  const loosen = demanding.map(
    (column) => `ALTER TABLE ${quotedName(dataset, table.name)} ALTER COLUMN ${column} DROP NOT NULL`,
  );
  return [...(missing.length > 0 ? [addColumnsSql(dataset, table, missing)] : []), ...loosen].join(";\n");
}

/** BigQuery changes no type and no partitioning in place: the old table steps aside. */
function makeAnew(dataset: DatasetId, table: BigQueryTable): string {
  const name = quotedName(dataset, table.name);
  return `ALTER TABLE ${name} RENAME TO ${table.name}_old;\n${createTableSql(dataset, table)}`;
}
