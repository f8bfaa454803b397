import { RestError } from "./rest-error.ts";
import { type Place, tablePath } from "./sql-text.ts";
import type { AnalyzedStatement } from "./statements.ts";
import type { Warehouse } from "./warehouse.ts";

/** Runs a statement that changes tables. @throws RestError */
export function runStatement(warehouse: Warehouse, analyzed: AnalyzedStatement, place: Place): void {
  switch (analyzed.type) {
    case "SELECT":
      return;
    case "GRANT":
      // Rights are what the faults say.
      return;
    case "CREATE_SCHEMA": {
      const [dataset = "", project = place.project] = analyzed.name.split(".").toReversed();
      const there = warehouse.datasets(project).some(({ name }) => name === dataset);
      if (!(there && analyzed.mode === "CREATE_IF_NOT_EXISTS")) {
        warehouse.createDataset(project, dataset, analyzed.location);
      }
      return;
    }
    case "CREATE_TABLE":
    case "CREATE_VIEW":
      create(warehouse, analyzed, place);
      return;
    case "ALTER_TABLE":
      alter(warehouse, analyzed, place);
      return;
    case "DROP":
      drop(warehouse, analyzed, place);
      return;
    case "OTHER":
      throw new RestError(501, "notImplemented", `This server does not run ${analyzed.kind}.`);
  }
}

type Create = Extract<AnalyzedStatement, { readonly type: "CREATE_TABLE" | "CREATE_VIEW" }>;

function create(warehouse: Warehouse, analyzed: Create, place: Place): void {
  const { project, dataset, name } = tablePath([analyzed.name], place);
  const { mode, fields, description } = analyzed;
  const there = warehouse.dataset(project, dataset).tables.has(name);
  if (there && mode === "CREATE_IF_NOT_EXISTS") return;
  const common = { name, fields, ...(description !== undefined && { description }) };
  const table =
    analyzed.type === "CREATE_VIEW"
      ? {
          ...common,
          view: { query: analyzed.query, project, ...(place.dataset !== undefined && { dataset: place.dataset }) },
        }
      : {
          ...common,
          ...(analyzed.partitionField !== undefined && {
            timePartitioning: { type: "DAY", field: analyzed.partitionField },
          }),
          ...(analyzed.clusterFields.length > 0 && { clustering: { fields: analyzed.clusterFields } }),
        };
  warehouse.createTable(project, dataset, table, mode === "CREATE_OR_REPLACE");
}

function alter(
  warehouse: Warehouse,
  { name, added, loosened, renamedTo }: Extract<AnalyzedStatement, { readonly type: "ALTER_TABLE" }>,
  place: Place,
): void {
  const path = tablePath([name], place);
  const table = warehouse.table(path.project, path.dataset, path.name);
  const missing = added.filter((field) => !table.fields.some(({ name }) => name === field.name));
  table.fields = [...table.fields, ...missing];
  for (const row of table.rows) row.push(...missing.map(() => null));
  table.fields = table.fields.map((field) => (loosened.includes(field.name) ? { ...field, mode: "NULLABLE" } : field));
  if (renamedTo !== undefined) warehouse.renameTable(path.project, path.dataset, path.name, renamedTo);
}

function drop(
  warehouse: Warehouse,
  { name, ifExists, object }: Extract<AnalyzedStatement, { readonly type: "DROP" }>,
  place: Place,
): void {
  try {
    if (object === "SCHEMA") {
      const [dataset = "", project = place.project] = name.split(".").toReversed();
      warehouse.deleteDataset(project, dataset, false);
    } else {
      const path = tablePath([name], place);
      warehouse.deleteTable(path.project, path.dataset, path.name);
    }
  } catch (error) {
    if (!(error instanceof RestError && error.code === 404 && ifExists)) throw error;
  }
}
