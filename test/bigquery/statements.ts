/** What the analyzer said a statement is, as far as this server runs it. */
import { fromEngineType, type TypeProto } from "./engine-values.ts";
import { type Field, restType } from "./values.ts";

export type AnalyzedStatement =
  | { readonly type: "SELECT" }
  | { readonly type: "CREATE_SCHEMA"; readonly name: string; readonly mode: CreateMode; readonly location?: string }
  | {
      readonly type: "CREATE_TABLE";
      readonly name: string;
      readonly mode: CreateMode;
      readonly fields: readonly Field[];
      readonly partitionField?: string;
      readonly clusterFields: readonly string[];
      readonly description?: string;
    }
  | {
      readonly type: "CREATE_VIEW";
      readonly name: string;
      readonly mode: CreateMode;
      readonly query: string;
      readonly fields: readonly Field[];
      readonly description?: string;
    }
  | {
      readonly type: "ALTER_TABLE";
      readonly name: string;
      readonly added: readonly Field[];
      /** Columns that need no value any more. */
      readonly loosened: readonly string[];
      readonly renamedTo?: string;
    }
  | { readonly type: "DROP"; readonly name: string; readonly ifExists: boolean; readonly object: string }
  | { readonly type: "GRANT" }
  | { readonly type: "OTHER"; readonly kind: string };

type CreateMode = "CREATE_DEFAULT" | "CREATE_OR_REPLACE" | "CREATE_IF_NOT_EXISTS";
type Tree = Readonly<Record<string, unknown>>;

/** Reads the analyzer's tree of a statement. */
export function statement(resolved: Tree): AnalyzedStatement {
  const [kind, tree] = innermost(resolved);
  switch (kind) {
    case "resolvedQueryStmtNode":
      return { type: "SELECT" };
    case "resolvedCreateSchemaStmtNode": {
      const location = option(tree, "location");
      return { type: "CREATE_SCHEMA", ...created(at(tree, "parent")), ...(location !== undefined && { location }) };
    }
    case "resolvedCreateTableStmtNode":
      return createTable(tree);
    case "resolvedCreateViewStmtNode":
      return createView(tree);
    case "resolvedAlterTableStmtNode":
      return alterTable(at(tree, "parent"));
    case "resolvedDropStmtNode":
      return {
        type: "DROP",
        name: path(tree),
        ifExists: tree.isIfExists === true,
        object: String(tree.objectType).toUpperCase(),
      };
    case "resolvedGrantStmtNode":
      return { type: "GRANT" };
    default:
      return { type: "OTHER", kind: kind.replace(/^resolved|StmtNode$/g, "") };
  }
}

/** The columns that a statement reads of each table, by the tables' names. */
export function columnsRead(tree: unknown, found = new Map<string, Set<string>>()): Map<string, Set<string>> {
  if (typeof tree !== "object" || tree === null) return found;
  const scan = at(tree as Tree, "resolvedTableScanNode");
  const table = at(scan, "table").name;
  if (typeof table === "string") {
    const columns = found.get(table) ?? new Set<string>();
    for (const { name } of list(at(scan, "parent"), "columnList")) columns.add(String(name));
    found.set(table, columns);
  }
  for (const child of Object.values(tree)) columnsRead(child, found);
  return found;
}

/** Follows the one-of nodes to the statement itself. */
function innermost(tree: Tree): [string, Tree] {
  let [kind, inner] = ["", tree];
  while (typeof inner.node === "string") {
    kind = inner.node;
    inner = at(inner, kind);
  }
  return [kind, inner];
}

function createTable(tree: Tree): AnalyzedStatement {
  const base = at(tree, "parent");
  const description = option(base, "description");
  const [partition] = list(tree, "partitionByList").map(columnName);
  return {
    type: "CREATE_TABLE",
    ...created(at(base, "parent")),
    fields: list(base, "columnDefinitionList").map(columnField),
    ...(partition !== undefined && { partitionField: partition }),
    clusterFields: list(tree, "clusterByList").map(columnName),
    ...(description !== undefined && { description }),
  };
}

function alterTable(tree: Tree): AnalyzedStatement {
  const added: Field[] = [];
  const loosened: string[] = [];
  let renamedTo: string | undefined;
  for (const wrapped of list(tree, "alterActionList")) {
    const [kind, action] = innermost(wrapped);
    if (kind === "resolvedAddColumnActionNode") added.push(columnField(at(action, "columnDefinition")));
    else if (kind === "resolvedAlterColumnDropNotNullActionNode") loosened.push(String(at(action, "parent").column));
    else if (kind === "resolvedRenameToActionNode") renamedTo = (action.newPath as string[]).join(".");
    else return { type: "OTHER", kind };
  }
  return { type: "ALTER_TABLE", name: path(tree), added, loosened, ...(renamedTo !== undefined && { renamedTo }) };
}

function createView(tree: Tree): AnalyzedStatement {
  const base = at(tree, "parent");
  const description = option(base, "description");
  const fields = list(base, "outputColumnList").map((output) => {
    const { typeKind } = at(at(output, "column"), "type") as unknown as TypeProto;
    return { name: String(output.name), type: restType(fromEngineType(typeKind)) };
  });
  return {
    type: "CREATE_VIEW",
    ...created(at(base, "parent")),
    query: String(base.sql),
    fields,
    ...(description !== undefined && { description }),
  };
}

function created(tree: Tree): { readonly name: string; readonly mode: CreateMode } {
  return { name: path(tree), mode: String(tree.createMode) as CreateMode };
}

function columnField(column: Tree): Field {
  const { typeKind } = at(column, "type") as unknown as TypeProto;
  const annotations = at(column, "annotations");
  const { precision, scale } = at(at(annotations, "typeParameters"), "numericTypeParameters") as {
    readonly precision?: string;
    readonly scale?: string;
  };
  const description = option(annotations, "description");
  return {
    name: String(column.name),
    type: restType(fromEngineType(typeKind)),
    mode: annotations.notNull === true ? "REQUIRED" : "NULLABLE",
    ...(precision !== undefined && { precision, scale: scale ?? "0" }),
    ...(description !== undefined && { description }),
  };
}

/** The column of an expression, such as `DATE(window_end)`. */
function columnName(expression: unknown): string {
  const found = /"column":\{[^{}]*"name":"([^"]*)"/.exec(JSON.stringify(expression));
  return found?.[1] ?? "";
}

/** A text option's value. */
function option(tree: Tree, name: string): string | undefined {
  const found = list(tree, "optionList").find((each) => each.name === name);
  const text = at(at(at(at(found ?? {}, "value"), "resolvedLiteralNode"), "value"), "value").stringValue;
  return typeof text === "string" ? text : undefined;
}

function path(tree: Tree): string {
  return (Array.isArray(tree.namePath) ? tree.namePath : []).join(".");
}

function at(tree: Tree, key: string): Tree {
  const child = tree[key];
  return typeof child === "object" && child !== null ? (child as Tree) : {};
}

function list(tree: Tree, key: string): readonly Tree[] {
  const child = tree[key];
  return Array.isArray(child) ? (child as Tree[]) : [];
}
