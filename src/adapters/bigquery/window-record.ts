import { hash } from "node:crypto";
import { rowJson } from "../../windows/row-json.ts";
import type { WindowRow } from "../../windows/window-row.ts";

/**
 * A window row with its insert ID, as the JSON of one of insertAll's rows.
 *
 * The ID is a hash of the whole row, `written_at` too. So a write that is repeated after a lost answer is one row, and a
 * row that differs in anything is another: a fuller one is never dropped, nor one that an engine writes again later
 * because another engine has overruled it since.
 */
export function insertRow(row: WindowRow): string {
  const json = rowJson(row);
  return `{"insertId":"${hash("sha256", json, "base64url").slice(0, 22)}","json":${json}}`;
}
