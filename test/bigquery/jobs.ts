import { randomUUID } from "node:crypto";
import {
  startGoogleSql,
  type EngineAnswer,
  type EngineParameter,
  type EngineTable,
  type GoogleSql,
} from "./googlesql.ts";
import { RestError } from "./rest-error.ts";
import { runStatement } from "./run-statement.ts";
import { type Place, splitScript, tablePath, withFlatNames } from "./sql-text.ts";
import type { AnalyzedStatement } from "./statements.ts";
import { isByPartition, pieces, withColumns } from "./slices.ts";
import { fieldType, type Value } from "./values.ts";
import type { Table, Warehouse } from "./warehouse.ts";
import { zetasqlDirectory } from "./zetasql-package.ts";

/** Statements, run by Google's engine over the warehouse's tables; the engine starts with the first one. */
export class Jobs {
  readonly #warehouse: Warehouse;
  readonly #answers = new Map<string, EngineAnswer | RestError>();
  #engine: Promise<GoogleSql> | undefined;

  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse;
  }

  /** Keeps an answer for who asks for it by the job's ID. */
  keep(answer: EngineAnswer | RestError): string {
    const id = randomUUID();
    this.#answers.set(id, answer);
    return id;
  }

  kept(project: string, id: string): EngineAnswer {
    const answer = this.#answers.get(id);
    if (!answer) throw new RestError(404, "notFound", `Not found: Job ${project}:${id}`);
    if (answer instanceof RestError) throw answer;
    return answer;
  }

  /** What a statement is; checks names, types and syntax. */
  async analyze(sql: string, place: Place, parameters: readonly EngineParameter[] = []): Promise<AnalyzedStatement> {
    const { text, tables } = await this.#resolved(sql, place);
    return refusing(async () => (await this.#google()).analyze(text, tables, parameters));
  }

  /** Runs statements one after the other; the answer is the last one's. */
  async runScript(sql: string, place: Place, parameters: readonly EngineParameter[] = []): Promise<EngineAnswer> {
    let answer: EngineAnswer = { fields: [], rows: [] };
    for (const statement of splitScript(sql)) answer = await this.#run(statement, place, parameters);
    return answer;
  }

  async close(): Promise<void> {
    if (this.#engine) await (await this.#engine).close();
  }

  async #run(sql: string, place: Place, parameters: readonly EngineParameter[]): Promise<EngineAnswer> {
    const analyzed = await this.analyze(sql, place, parameters);
    if (analyzed.type === "SELECT") return this.#evaluate(sql, place, parameters);
    runStatement(this.#warehouse, analyzed, place);
    return { fields: [], rows: [] };
  }

  async #evaluate(sql: string, place: Place, parameters: readonly EngineParameter[]): Promise<EngineAnswer> {
    const { text, tables, sources } = await this.#resolved(sql, place);
    const google = await this.#google();
    const { reads } = await refusing(async () => google.analyze(text, tables, parameters));
    const filled: EngineTable[] = [];
    for (const { name, fields } of tables) {
      const source = sources.get(name);
      const table = { name, fields, rows: source ? await this.#rows(source) : [] };
      filled.push(withColumns(table, reads.get(name) ?? new Set()));
    }
    return refusing(async () => google.evaluate(text, filled, parameters));
  }

  /** The statement with each table's name as one name, and those tables, without their rows. */
  async #resolved(
    sql: string,
    place: Place,
  ): Promise<{ text: string; tables: EngineTable[]; sources: ReadonlyMap<string, Table> }> {
    const names = await refusing(async () => (await this.#google()).tableNames(sql));
    const altered = /^\s*alter\s+table\s+(?:if\s+exists\s+)?([^\s(]+)/i.exec(sql)?.[1];
    if (altered !== undefined) names.push([altered.replaceAll("`", "")]);
    const sources = new Map<string, Table>();
    for (const segments of names) {
      const { project, dataset, name } = tablePath(segments, place);
      sources.set(segments.join("."), this.#warehouse.table(project, dataset, name));
    }
    const tables = [...sources].map(([name, { fields }]) => ({
      name,
      fields: fields.map((field) => ({ name: field.name, type: fieldType(field) })),
      rows: [],
    }));
    return { text: withFlatNames(sql, names), tables, sources };
  }

  /** A table's rows, or those of a view's query: of a large table in pieces, where that gives the same. */
  async #rows({ rows, view }: Table): Promise<readonly (readonly Value[])[]> {
    if (!view) return rows;
    const { text, tables, sources } = await this.#resolved(view.query, view);
    const [source, ...others] = sources.values();
    const [table] = tables;
    const field = source?.timePartitioning?.field;
    if (!source || !table || others.length > 0 || field === undefined || !isByPartition(view.query, field)) {
      return (await this.#evaluate(view.query, view, [])).rows;
    }
    const google = await this.#google();
    const column = source.fields.findIndex(({ name }) => name === field);
    const answers: Value[][] = [];
    for (const piece of pieces(source.rows, column)) {
      answers.push(...(await refusing(async () => google.evaluate(text, [{ ...table, rows: piece }]))).rows);
    }
    return answers;
  }

  async #google(): Promise<GoogleSql> {
    this.#engine ??= start();
    return this.#engine;
  }
}

async function start(): Promise<GoogleSql> {
  const directory = zetasqlDirectory();
  if (directory === undefined) {
    throw new RestError(501, "notImplemented", "Google's ZetaSQL is not installed here; `npm run e2e` installs it.");
  }
  return startGoogleSql(directory);
}

/** What the engine says is wrong, as BigQuery says it. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RestError) throw error;
    throw new RestError(400, "invalidQuery", error instanceof Error ? error.message : String(error));
  }
}
