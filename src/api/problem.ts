/** One thing that is wrong with a manifest, with how to mend it. */
export interface Problem {
  /** Where the text came from: a file's name, or - for standard input. */
  readonly source: string;
  /** Which YAML document of the source, from 1. */
  readonly document: number;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The field, such as `spec.resolutions[0].window`; empty for the document as a whole. */
  readonly path: string;
  /** What is there, as JSON and not at full length; absent where nothing is, or what is there must not be shown. */
  readonly value?: string;
  /** What must hold, as the end of a sentence about the field. */
  readonly rule: string;
  /** What to do about it. */
  readonly fix: string;
}

/**
 * A problem as one line, in the form that editors and terminals turn into a link.
 * @example "feed.yaml:7:15: spec.polling.interval is "7s" but must divide a minute or be whole minutes. Write 6s or 10s."
 */
export function formatProblem({ source, line, column, path, value, rule, fix }: Problem): string {
  const subject = path === "" ? "the document" : path;
  const found = value === undefined ? "" : ` is ${value} but`;
  return `${source}:${line}:${column}: ${subject}${found} ${rule}. ${fix}`;
}

/**
 * A path as people write it.
 * @example formatPath(["spec", "resolutions", 0, "window"]) === "spec.resolutions[0].window"
 */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(String(step))) text += text === "" ? String(step) : `.${String(step)}`;
    else text += `[${clip(JSON.stringify(String(step)))}]`;
  }
  return text;
}

/** A value as JSON, short; undefined for what is missing, and for lists and mappings, which say nothing when short. */
export function formatValue(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  return clip(JSON.stringify(typeof value === "string" ? withoutUserInfo(value) : value));
}

/** Keys ride in addresses, before the @ or behind the ?; neither is shown. */
function withoutUserInfo(text: string): string {
  if (!text.includes("://")) return text;
  return text.replace(/\/\/[^/@\s]*@/g, "//***@").replace(/\?.*$/s, "?***");
}

const LONGEST = 60;

function clip(text: string): string {
  const visible = text.replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "\uFFFD");
  return visible.length <= LONGEST ? visible : `${visible.slice(0, LONGEST)}… (${text.length} characters)`;
}
