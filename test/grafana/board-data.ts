/** What the panels of a committed board show of a world, in one form for both data sources. */
import type { BoardsWorld } from "./boards-world.ts";
import { type BoardFile, type PanelFile, panelsOf } from "./committed-boards.ts";
import { googleSql, promql, type Shown, type Values } from "./interpolate.ts";

/** A series of a chart; times in epoch milliseconds. */
export interface DrawnSeries {
  readonly name: string;
  readonly points: readonly (readonly [time: number, value: number])[];
}

export interface PanelData {
  readonly panel: PanelFile;
  readonly series: readonly DrawnSeries[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** Asks for all that a board shows. @param values of its variables */
export async function boardData(
  world: BoardsWorld,
  board: BoardFile,
  values: Values,
  shown: Shown,
): Promise<PanelData[]> {
  const all: PanelData[] = [];
  for (const panel of panelsOf(board)) {
    const series: DrawnSeries[] = [];
    const rows: Readonly<Record<string, unknown>>[] = [];
    for (const { expr, instant = false, rawSql, legendFormat = "" } of panel.targets ?? []) {
      if (expr !== undefined) {
        const query = promql(expr, values, shown);
        const found = instant ? await world.prometheus.instant(query) : await world.prometheus.range(query, shown);
        for (const { labels, points } of found) {
          series.push({
            name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? ""),
            points,
          });
          rows.push({ ...labels, Value: points.at(-1)?.[1] });
        }
      }
      if (rawSql !== undefined) {
        const found = await world.operator.bigQuery.query(googleSql(rawSql, values, shown));
        rows.push(...found);
        series.push(...seriesOf(found));
      }
    }
    all.push({ panel, series, rows });
  }
  return all;
}

/** Rows with a column `time` as series: a text column names them, else each column of numbers is one. */
function seriesOf(rows: readonly Readonly<Record<string, unknown>>[]): DrawnSeries[] {
  const series = new Map<string, [number, number][]>();
  for (const { time, ...columns } of rows) {
    if (time === undefined) return [];
    const entries = Object.entries(columns);
    const text = entries
      .map(([, value]) => value)
      .find((value) => typeof value === "string" && Number.isNaN(Number(value)));
    for (const [column, value] of entries) {
      if (value === text) continue;
      const name = typeof text === "string" ? text : column;
      const points = series.get(name) ?? [];
      series.set(name, points);
      points.push([Number(time) / 1000, Number(value)]);
    }
  }
  return [...series].map(([name, points]) => ({ name, points }));
}
