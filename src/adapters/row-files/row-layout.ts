/** Fields of a row in a file, in this order. */
export const ROW_FIELDS = [
  "symbol",
  "resolution_minutes",
  "window_start",
  "window_end",
  "event_time",
  "first_event_time",
  "first_price",
  "last_price",
  "min_price",
  "max_price",
  "mean_price",
  "quote_count",
  "expected_count",
] as const;

/** One of the fields of a row. */
export type RowField = (typeof ROW_FIELDS)[number];

/** What stands around the values of a row in a text file. Values need no escapes: symbols, times and numbers. */
export interface RowLayout {
  /** Before the first row. */
  readonly header: string;
  /** Before each value. */
  readonly before: Readonly<Record<RowField, string>>;
  /** After the last value. */
  readonly end: string;
}

const QUOTED: ReadonlySet<RowField> = new Set([
  "symbol",
  "window_start",
  "window_end",
  "event_time",
  "first_event_time",
]);

/** One JSON object a line: texts and times as strings, prices and counts as numbers. */
export const NDJSON: RowLayout = {
  header: "",
  before: layOut((field, previous) => {
    const close = previous === undefined ? "{" : `${quote(previous)},`;
    return `${close}"${field}":${quote(field)}`;
  }),
  end: "}\n",
};

/** RFC 4180 with a header, but for its line ends: a line feed alone. */
export const CSV: RowLayout = {
  header: `${ROW_FIELDS.join(",")}\n`,
  before: layOut((_, previous) => (previous === undefined ? "" : ",")),
  end: "\n",
};

function quote(field: RowField): string {
  return QUOTED.has(field) ? '"' : "";
}

function layOut(before: (field: RowField, previous: RowField | undefined) => string): RowLayout["before"] {
  const entries = ROW_FIELDS.map((field, i) => [field, before(field, ROW_FIELDS[i - 1])]);
  return Object.fromEntries(entries) as RowLayout["before"];
}
