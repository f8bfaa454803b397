/**
 * Draws a committed board with data, as a page: titles, units, thresholds, colours and places are those of its JSON. It is
 * not Grafana; it is to show whether a person understands the board.
 */
import type { DrawnSeries, PanelData } from "./board-data.ts";
import type { BoardFile, PanelFile } from "./committed-boards.ts";

const PALETTE = [
  "#73bf69",
  "#f2cc0c",
  "#8ab8ff",
  "#ff780a",
  "#f2495c",
  "#5794f2",
  "#b877d9",
  "#705da0",
  "#37872d",
  "#fade2a",
];
const COLORS: Readonly<Record<string, string>> = {
  green: "#73bf69",
  yellow: "#f2cc0c",
  "super-light-yellow": "#fff899",
  orange: "#ff9830",
  red: "#f2495c",
  blue: "#5794f2",
  purple: "#b877d9",
};
const ROW = 36;
const STYLE = `body{margin:0;background:#111217;color:#ccccdc;font:12px sans-serif;width:1400px}h1{font-size:18px;margin:12px}
#board{position:relative}.panel{position:absolute;box-sizing:border-box;padding:4px}.in{background:#181b1f;border:1px solid #2c3235;
height:100%;box-sizing:border-box;padding:6px;overflow:hidden;border-radius:2px}.t{font-weight:600;margin-bottom:4px;white-space:nowrap;overflow:hidden}
.row{position:absolute;font-size:15px;padding:8px 6px}.big{font-size:30px;text-align:center;padding:14px 0;border-radius:3px}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:3px 8px;border-bottom:1px solid #2c3235}
.legend{display:flex;flex-wrap:wrap;gap:2px 12px;font-size:11px}.legend i{display:inline-block;width:10px;height:3px;margin-right:4px;vertical-align:middle}
.bar{display:flex;align-items:center;height:20px;gap:6px}.bar b{width:90px;text-align:right;font-weight:400}.bar span{height:14px}`;

/** The page. @param values that titles speak of */
export function drawBoard(
  board: BoardFile,
  data: readonly PanelData[],
  values: Readonly<Record<string, string>>,
): string {
  const column = 1400 / 24;
  const place = ({ gridPos: { x, y, w, h } }: PanelFile) =>
    `left:${x * column}px;top:${y * ROW}px;width:${w * column}px;height:${h * ROW}px`;
  const named = (text: string) =>
    escaped(text.replaceAll(/\$\{?(\w+)(?::text\})?/g, (found, name: string) => values[name] ?? found));
  const rows = board.panels
    .filter(({ type }) => type === "row")
    .map((panel) => `<div class="row" style="${place(panel)}">▾ ${named(panel.title)}</div>`);
  const panels = data.map((each) => {
    const inside = `<div class="t">${named(each.panel.title)}</div>${content(each)}`;
    return `<div class="panel" style="${place(each.panel)}"><div class="in">${inside}</div></div>`;
  });
  const height = Math.max(...board.panels.map(({ gridPos: { y, h } }) => y + h)) * ROW;
  return `<!doctype html><meta charset="utf-8"><style>${STYLE}</style><h1>${escaped(board.title)}</h1>
<div id="board" style="height:${height}px">${[...rows, ...panels].join("\n")}</div>`;
}

function content(data: PanelData): string {
  const { panel, series, rows } = data;
  if (series.length === 0 && rows.length === 0)
    return `<div class="big">${panel.fieldConfig?.defaults.noValue ?? "No data"}</div>`;
  if (panel.type === "stat") return stat(panel, series[0]?.points.at(-1)?.[1] ?? NaN);
  if (panel.type === "table") return rowsTable(panel, rows);
  if (panel.type === "bargauge") return bars(panel, rows);
  return chart(panel, series);
}

function stat(panel: PanelFile, value: number): string {
  return `<div class="big" style="background:${colorOf(panel, value)}33;color:${colorOf(panel, value)}">${shownAs(panel, value)}</div>`;
}

function bars(panel: PanelFile, rows: PanelData["rows"]): string {
  const pairs = rows.map((row) => Object.values(row)).map(([name, value]) => [String(name), Number(value)] as const);
  const most = Math.max(...pairs.map(([, value]) => Math.abs(value)), 1e-9);
  return pairs
    .map(([name, value]) => {
      const width = (Math.abs(value) / most) * 80;
      return `<div class="bar"><b>${escaped(name)}</b><span style="width:${width}%;background:${colorOf(panel, value)}"></span>${shownAs(panel, value)}</div>`;
    })
    .join("");
}

function rowsTable(panel: PanelFile, rows: PanelData["rows"]): string {
  const options = panel.transformations?.[0]?.options ?? {};
  const hidden = (options.excludeByName ?? {}) as Readonly<Record<string, boolean>>;
  const renamed = (options.renameByName ?? {}) as Readonly<Record<string, string>>;
  const columns = Object.keys(rows[0] ?? {}).filter((name) => hidden[name] !== true);
  const head = columns.map((name) => `<th>${escaped(renamed[name] ?? name)}</th>`).join("");
  const cell = (name: string, value: unknown) => {
    const own = propertiesOf(panel, renamed[name] ?? name);
    const [mapping] = (own.get("mappings") ?? []) as { options: Record<string, { text: string; color: string }> }[];
    const mapped = mapping?.options[String(value)];
    if (mapped !== undefined) return `<td style="color:${COLORS[mapped.color] ?? ""}">${mapped.text}</td>`;
    const unit = own.get("unit");
    if (unit === "dateTimeAsIso") return `<td>${new Date(Number(value) / 1000).toISOString()}</td>`;
    if (typeof unit !== "string") return `<td>${escaped(String(value))}</td>`;
    return `<td>${formatted(Number(value), unit, own.get("decimals") as number | undefined)}</td>`;
  };
  const body = rows.map((row) => `<tr>${columns.map((name) => cell(name, row[name])).join("")}</tr>`).join("");
  return `<table><tr>${head}</tr>${body}</table>`;
}

/** Lines in a box of some hundred pixels, with the legend of their last and greatest values. */
function chart(panel: PanelFile, all: readonly DrawnSeries[]): string {
  const width = (panel.gridPos.w * 1400) / 24 - 26;
  const height = panel.gridPos.h * ROW - 78 - 14 * Math.ceil(all.length / 3);
  const custom = panel.fieldConfig?.defaults.custom ?? {};
  const stacked = (custom.stacking as { mode?: string } | undefined)?.mode === "normal";
  const lines = stacked ? stack(all) : all;
  const points = lines.flatMap((series) => series.points).filter(([, value]) => Number.isFinite(value));
  const times = points.map(([time]) => time);
  const values = points.map(([, value]) => value);
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const low = Math.min(...values, Number(custom.axisSoftMin ?? Infinity));
  const top = Math.max(...values);
  // As of an axis of counts of which there were none.
  const high = top > low ? top : low + 1;
  const room = (high - low) * 0.06;
  const x = (time: number) => 90 + ((time - from) / Math.max(1, to - from)) * (width - 100);
  const y = (value: number) => height - ((value - low) / (high - low + room)) * height;
  const marks = new Map(
    [0, 0.5, 1].map((share) => low + share * (high - low)).map((value) => [shownAs(panel, value), value]),
  );
  const grid = [...marks].map(([text, value]) => {
    return `<line x1="90" x2="${width}" y1="${y(value)}" y2="${y(value)}" stroke="#2c3235"/><text x="84" y="${y(value) + 4}" text-anchor="end" fill="#9fa7b3">${text}</text>`;
  });
  const clock = [from, (from + to) / 2, to].map(
    (time, index) =>
      `<text x="${x(time)}" y="${height + 14}" text-anchor="${["start", "middle", "end"][index]}" fill="#9fa7b3">${new Date(time).toISOString().slice(11, 19)}</text>`,
  );
  const limits = (panel.fieldConfig?.defaults.thresholds?.steps ?? [])
    .filter(
      ({ value }) => value !== null && value >= low && value <= high + room && custom.thresholdsStyle !== undefined,
    )
    .map(
      ({ value, color }) =>
        `<line x1="90" x2="${width}" y1="${y(value ?? 0)}" y2="${y(value ?? 0)}" stroke="${COLORS[color]}" stroke-dasharray="6 4"/>`,
    );
  const colors = new Map(all.map(({ name }, index) => [name, lineColor(panel, name, index)]));
  const paths = lines.map((line) => pathOf(panel, lines, line, colors.get(line.name) ?? "", x, y, stacked));
  const legend = all.map((series, index) => {
    const finite = series.points.map(([, value]) => value).filter((value) => Number.isFinite(value));
    const said =
      finite.length === 0
        ? "none"
        : `${shownAs(panel, finite.at(-1) ?? NaN)}, max ${shownAs(panel, Math.max(...finite))}`;
    return `<span><i style="background:${lineColor(panel, series.name, index)}"></i>${escaped(series.name || "Value")} (${said})</span>`;
  });
  return `<svg width="${width}" height="${height + 18}" font-size="11">${[...grid, ...clock, ...paths, ...limits].join("")}</svg><div class="legend">${legend.join("")}</div>`;
}

function pathOf(
  panel: PanelFile,
  lines: readonly DrawnSeries[],
  { name, points }: DrawnSeries,
  color: string,
  x: (time: number) => number,
  y: (value: number) => number,
  stacked: boolean,
): string {
  const own = propertiesOf(panel, name);
  const finite = points.filter(([, value]) => Number.isFinite(value));
  const steps = panel.fieldConfig?.defaults.custom?.lineInterpolation === "stepAfter";
  const at = finite.map(([time, value], i) => {
    const before = steps && i > 0 ? `${x(time)},${y(finite[i - 1]?.[1] ?? value)} ` : "";
    return `${before}${x(time)},${y(value)}`;
  });
  const below = lines.find((series) => series.name === own.get("custom.fillBelowTo"));
  const back = below?.points.toReversed().map(([time, value]) => `${x(time)},${y(value)}`);
  const floor =
    !stacked || finite.length === 0
      ? undefined
      : [`${x(finite.at(-1)?.[0] ?? 0)},${y(0)}`, `${x(finite[0]?.[0] ?? 0)},${y(0)}`];
  const edge = back ?? floor;
  const area =
    edge === undefined ? "" : `<polygon points="${[...at, ...edge].join(" ")}" fill="${color}" opacity="0.25"/>`;
  const width = Number(own.get("custom.lineWidth") ?? 2);
  return `${area}<polyline points="${at.join(" ")}" fill="none" stroke="${color}" stroke-width="${width}"/>`;
}

/** Each on the ones before it. */
function stack(all: readonly DrawnSeries[]): DrawnSeries[] {
  const sums = new Map<number, number>();
  return all
    .map(({ name, points }) => ({
      name,
      points: points.map(([time, value]) => {
        const sum = (sums.get(time) ?? 0) + (Number.isFinite(value) ? value : 0);
        sums.set(time, sum);
        return [time, sum] as const;
      }),
    }))
    .toReversed();
}

function propertiesOf(panel: PanelFile, name: string): ReadonlyMap<string, unknown> {
  const found = panel.fieldConfig?.overrides.find(({ matcher: { id, options } }) =>
    id === "byRegexp" ? new RegExp(options.slice(1, -1)).test(name) : options === name,
  );
  return new Map(found?.properties.map(({ id, value }) => [id, value]));
}

function lineColor(panel: PanelFile, name: string, index: number): string {
  const own = propertiesOf(panel, name).get("color") as { readonly fixedColor: string } | undefined;
  return (own && COLORS[own.fixedColor]) ?? PALETTE[index % PALETTE.length] ?? "";
}

function colorOf(panel: PanelFile, value: number): string {
  const steps = panel.fieldConfig?.defaults.thresholds?.steps ?? [];
  return COLORS[steps.findLast((step) => step.value === null || value >= step.value)?.color ?? ""] ?? "#ccccdc";
}

function shownAs(panel: PanelFile, value: number): string {
  const { unit = "none", decimals } = panel.fieldConfig?.defaults ?? {};
  return formatted(value, unit, decimals);
}

/** As Grafana writes it, near enough. */
function formatted(value: number, unit: string, decimals?: number): string {
  const digits = (number: number) =>
    decimals === undefined ? String(Number(number.toPrecision(3))) : number.toFixed(decimals);
  switch (unit) {
    case "s":
      return Math.abs(value) < 1 ? `${digits(value * 1000)} ms` : `${digits(value)} s`;
    case "percentunit":
      return `${digits(value * 100)}%`;
    case "percent":
      return `${digits(value)}%`;
    case "currencyUSD":
      return `$${digits(value)}`;
    case "bytes":
      return `${digits(value / 2 ** 20)} MiB`;
    case "ops":
      return `${digits(value)} ops/s`;
    case "reqps":
      return `${digits(value)} req/s`;
    default:
      return unit.startsWith("suffix:") ? `${digits(value)} ${unit.slice(7)}` : digits(value);
  }
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
