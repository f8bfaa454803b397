/** Text of statements, as far as this server has to touch it. */
import { RestError } from "./rest-error.ts";

/** Where names without a project or dataset are looked up. */
export interface Place {
  readonly project: string;
  readonly dataset?: string;
}

/** What must not be looked into: strings, names in backquotes, comments. */
const OPAQUE = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\//g;

/** The statements of a script, split at semicolons. */
export function splitScript(sql: string): string[] {
  const masked = sql.replaceAll(OPAQUE, (part) => (/^(--|#|\/\*)/.test(part) ? " " : "x").repeat(part.length));
  const statements: string[] = [];
  let start = 0;
  for (let end = masked.indexOf(";"); ; end = masked.indexOf(";", start)) {
    const stop = end < 0 ? masked.length : end;
    if (masked.slice(start, stop).trim() !== "") statements.push(sql.slice(start, stop));
    if (end < 0) return statements.length === 0 ? [sql] : statements;
    start = end + 1;
  }
}

/** The statement with each of these names in backquotes as one; strings and comments are left alone. */
export function withFlatNames(sql: string, names: readonly (readonly string[])[]): string {
  let text = sql;
  for (const segments of names) {
    if (segments.length === 1) continue;
    const parts = segments.map((segment) => `\`?${segment.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}\`?`);
    const name = new RegExp(`(?<![\\w.\`-])${parts.join("\\s*\\.\\s*")}(?![\\w\`-])`, "gi");
    const kept: string[] = [];
    // Strings and comments stand aside meanwhile; names in backquotes are part of what is looked for.
    const bare = text.replaceAll(OPAQUE, (part) =>
      part.startsWith("`") ? part : `\u0000${kept.push(part) - 1}\u0000`,
    );
    const flat = bare.replaceAll(name, `\`${segments.join(".")}\``);
    // eslint-disable-next-line no-control-regex -- the mark that no statement contains
    text = flat.replaceAll(/\u0000(\d+)\u0000/g, (_, index: string) => kept[Number(index)] ?? "");
  }
  return text;
}

/** The table that a name means. */
export function tablePath(
  segments: readonly string[],
  place: Place,
): { readonly project: string; readonly dataset: string; readonly name: string } {
  const parts = segments.join(".").split(".");
  const [name = "", dataset = place.dataset, project = place.project] = parts.toReversed();
  if (dataset === undefined) {
    const message = `Table "${name}" must be qualified with a dataset (e.g. dataset.table).`;
    throw new RestError(400, "invalid", message);
  }
  return { project, dataset, name };
}
