/**
 * What Grafana offers of a query for a board's variable, as it does for plugins that leave this to it, such as BigQuery's:
 * the columns `text` and `value` in whatever case, either for both where the other is missing, else the first of strings.
 * https://github.com/grafana/grafana/blob/main/public/app/features/variables/query/operators.ts, toMetricFindValues
 */
interface Choice {
  readonly text: string;
  readonly value: string;
}

/** @throws Error where no column has strings, as Grafana does */
export function choicesIn(rows: readonly Readonly<Record<string, unknown>>[]): Choice[] {
  const strings = Object.entries(rows[0] ?? {}).flatMap(([name, value]) => (typeof value === "string" ? [name] : []));
  const named = (name: string) => strings.find((each) => each.toLowerCase() === name);
  const text = named("text") ?? named("value") ?? strings[0];
  const value = named("value") ?? text;
  return rows.map((row) => {
    if (text === undefined || value === undefined) throw new Error("No column of the answer has strings.");
    return { text: String(row[text]), value: String(row[value]) };
  });
}
