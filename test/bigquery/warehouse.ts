import { RestError } from "./rest-error.ts";
import { type Field, fieldType, parseValue, type Value } from "./values.ts";

/** A table with its rows, or a view with its query. */
export interface Table {
  readonly name: string;
  fields: readonly Field[];
  readonly rows: Value[][];
  readonly view?: { readonly query: string; readonly project: string; readonly dataset?: string };
  readonly timePartitioning?: { readonly type?: string; readonly field?: string };
  readonly clustering?: { readonly fields?: readonly string[] };
  readonly description?: string;
  /** When each insert ID was taken last, on the server's clock. */
  readonly insertIds: Map<string, number>;
}

export interface Dataset {
  readonly project: string;
  readonly name: string;
  readonly location: string;
  readonly tables: Map<string, Table>;
}

/** Why a row was not taken. */
export interface RowError {
  readonly index: number;
  readonly errors: readonly { reason: string; location: string; debugInfo: string; message: string }[];
}

/** BigQuery drops an insert ID that came within about a minute. */
const DEDUPLICATION_MS = 60_000;

/** Datasets, tables and rows, in memory; projects need no making. */
export class Warehouse {
  readonly #datasets = new Map<string, Dataset>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  datasets(project: string): Dataset[] {
    return [...this.#datasets.values()].filter((dataset) => dataset.project === project);
  }

  dataset(project: string, name: string): Dataset {
    const found = this.#datasets.get(`${project}.${name}`);
    if (!found) throw new RestError(404, "notFound", `Not found: Dataset ${project}:${name}`);
    return found;
  }

  createDataset(project: string, name: string, location = "US"): Dataset {
    if (this.#datasets.has(`${project}.${name}`)) throw exists(`Dataset ${project}:${name}`);
    const dataset = { project, name, location, tables: new Map<string, Table>() };
    this.#datasets.set(`${project}.${name}`, dataset);
    return dataset;
  }

  deleteDataset(project: string, name: string, contents: boolean): void {
    const { tables } = this.dataset(project, name);
    if (tables.size > 0 && !contents) {
      throw new RestError(400, "resourceInUse", `Dataset ${project}:${name} is still in use`);
    }
    this.#datasets.delete(`${project}.${name}`);
  }

  table(project: string, dataset: string, name: string): Table {
    const found = this.dataset(project, dataset).tables.get(name);
    if (!found) throw new RestError(404, "notFound", `Not found: Table ${project}:${dataset}.${name}`);
    return found;
  }

  /** Makes a table or view; one that exists is an error, or made anew. */
  createTable(project: string, dataset: string, table: Omit<Table, "rows" | "insertIds">, replace = false): Table {
    const { tables } = this.dataset(project, dataset);
    if (tables.has(table.name) && !replace) throw exists(`Table ${project}:${dataset}.${table.name}`);
    for (const field of table.fields) fieldType(field);
    const { field } = table.timePartitioning ?? {};
    if (field !== undefined && !table.fields.some(({ name }) => name === field)) {
      throw new RestError(
        400,
        "invalid",
        `The field specified for partitioning cannot be found in the schema: ${field}`,
      );
    }
    const made = { ...table, rows: [], insertIds: new Map<string, number>() };
    tables.set(table.name, made);
    return made;
  }

  renameTable(project: string, dataset: string, name: string, to: string): void {
    const { tables } = this.dataset(project, dataset);
    if (tables.has(to)) throw exists(`Table ${project}:${dataset}.${to}`);
    tables.set(to, { ...this.table(project, dataset, name), name: to });
    tables.delete(name);
  }

  deleteTable(project: string, dataset: string, name: string): void {
    this.table(project, dataset, name);
    this.dataset(project, dataset).tables.delete(name);
  }

  /**
   * Takes rows as insertAll does: an insert ID that came within a minute is dropped; a bad row keeps the others of its
   * request out, unless they are to be taken all the same.
   */
  insert(
    table: Table,
    rows: readonly { readonly insertId?: string; readonly json: Readonly<Record<string, unknown>> }[],
    options: { readonly skipInvalidRows: boolean; readonly ignoreUnknownValues: boolean },
    refuse: (json: Readonly<Record<string, unknown>>) => string | undefined,
  ): RowError[] {
    const errors: RowError[] = [];
    const taken: { insertId: string | undefined; values: Value[] }[] = [];
    rows.forEach(({ insertId, json }, index) => {
      const injected = refuse(json);
      try {
        if (injected !== undefined) errors.push(rowError(index, injected, "", "It failed, as a test asked for."));
        else taken.push({ insertId, values: parseRow(table, json, options.ignoreUnknownValues) });
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        errors.push(rowError(index, "invalid", "location" in error ? String(error.location) : "", error.message));
      }
    });
    if (errors.some(({ errors: [first] }) => first?.reason === "invalid") && !options.skipInvalidRows) {
      const bad = new Set(errors.map(({ index }) => index));
      const stopped = rows.flatMap((_, index) => (bad.has(index) ? [] : [rowError(index, "stopped", "", "")]));
      return [...errors, ...stopped];
    }
    for (const { insertId, values } of taken) this.#take(table, insertId, values);
    return errors;
  }

  #take(table: Table, insertId: string | undefined, values: Value[]): void {
    if (insertId !== undefined) {
      const last = table.insertIds.get(insertId);
      if (last !== undefined && this.#now() - last < DEDUPLICATION_MS) return;
      table.insertIds.set(insertId, this.#now());
    }
    table.rows.push(values);
  }
}

function parseRow({ fields }: Table, json: Readonly<Record<string, unknown>>, ignoreUnknown: boolean): Value[] {
  const unknown = Object.keys(json).find((key) => !fields.some(({ name }) => name === key));
  if (unknown !== undefined && !ignoreUnknown) {
    throw Object.assign(new Error(`no such field: ${unknown}.`), { location: unknown });
  }
  return fields.map((field) => {
    try {
      return parseValue(field, json[field.name]);
    } catch (error) {
      throw Object.assign(error as Error, { location: field.name });
    }
  });
}

function rowError(index: number, reason: string, location: string, message: string): RowError {
  return { index, errors: [{ reason, location, debugInfo: "", message }] };
}

function exists(what: string): RestError {
  return new RestError(409, "duplicate", `Already Exists: ${what}`);
}
