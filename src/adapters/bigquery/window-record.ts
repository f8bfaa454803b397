import { createHash } from "node:crypto";
import { rowJson } from "../../windows/row-json.ts";
import type { WindowRow } from "../../windows/window-row.ts";

/** A row as insertAll takes it. */
export interface InsertRow {
  readonly insertId: string;
  readonly json: Readonly<Record<string, string | number>>;
}

/**
 * A window row with its insert ID.
 *
 * The ID is a hash of the whole row, `written_at` too. So a write that is repeated after a lost answer is one row, and a
 * row that differs in anything is another: a fuller one is never dropped, nor one that an engine writes again later
 * because another engine has overruled it since.
 */
export function insertRow(row: WindowRow): InsertRow {
  const json = rowJson(row);
  return { insertId: createHash("sha256").update(JSON.stringify(json)).digest("base64url").slice(0, 22), json };
}
