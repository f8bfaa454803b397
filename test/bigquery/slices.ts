/** Less of a table at once: the engine's process takes no message above 4 MB. */
import type { EngineTable } from "./googlesql.ts";
import type { Value } from "./values.ts";

/** Rows of a piece; with all columns of our widest table they are 2 MB. */
const PIECE_ROWS = 4_000;

/** The table with these columns alone, and one of them at least. */
export function withColumns({ name, fields, rows }: EngineTable, wanted: ReadonlySet<string>): EngineTable {
  const kept = fields.flatMap((field, i) => (wanted.has(field.name) || (wanted.size === 0 && i === 0) ? [i] : []));
  return {
    name,
    fields: fields.filter((_, i) => kept.includes(i)),
    rows: rows.map((row) => kept.map((i) => row[i] ?? null)),
  };
}

/**
 * Whether a query gives the same over pieces of its one table as over the whole, where no value of the column is in two
 * pieces: it joins and groups nothing, and every window function stays within one value. BigQuery prunes by that too.
 */
export function isByPartition(query: string, column: string): boolean {
  if (
    /\b(JOIN|GROUP\s+BY|DISTINCT|LIMIT|UNION|EXCEPT\s|INTERSECT|OVER\s*\(\s*\)|COUNT|SUM|MIN|MAX|AVG)\b/i.test(query)
  ) {
    return false;
  }
  const overs = query.match(/\bOVER\s*\(/gi) ?? [];
  const partitions = query.match(/\bPARTITION\s+BY\b[^()]*?\bORDER\b/gi) ?? [];
  return overs.length === partitions.length && partitions.every((each) => new RegExp(`\\b${column}\\b`).test(each));
}

/** The rows in pieces, cut between two values of a column; one piece at least. */
export function pieces(rows: readonly (readonly Value[])[], column: number): (readonly (readonly Value[])[])[] {
  if (rows.length <= PIECE_ROWS) return [rows];
  const sorted = rows.toSorted((a, b) => compare(a[column] ?? null, b[column] ?? null));
  const cut: (readonly Value[])[][] = [];
  let piece: (readonly Value[])[] = [];
  for (const row of sorted) {
    if (piece.length >= PIECE_ROWS && row[column] !== piece.at(-1)?.[column]) {
      cut.push(piece);
      piece = [];
    }
    piece.push(row);
  }
  return [...cut, piece];
}

function compare(a: Value, b: Value): number {
  if (a === b) return 0;
  return a === null || (b !== null && a < b) ? -1 : 1;
}
