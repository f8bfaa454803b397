/** The kinds of panels that boards have. Each has a title, a description and a unit: the types see to it. */
import { PanelBuilder as BarBuilder } from "@grafana/grafana-foundation-sdk/bargauge";
import {
  BarGaugeDisplayMode,
  BarGaugeValueMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LineInterpolation,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardLinkBuilder,
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as LinesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { BIGQUERY, PROMETHEUS, type Query, target } from "./queries.ts";

/** From which value on something is worth a look, and from which on it is wrong; or what has to be reached to be right. */
export type Limits = { readonly warn?: number; readonly bad?: number } | { readonly atLeast: number };

/** A place that a series or a row leads to. */
export interface Link {
  readonly title: string;
  readonly url: string;
}

interface Common {
  readonly title: string;
  /** What it shows, and what to think of it. */
  readonly description: string;
  /** As Grafana names it: https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/ */
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly limits?: Limits;
  /** Of 24 columns. */
  readonly width?: number;
  readonly decimals?: number;
  readonly links?: readonly Link[];
  /** What stands where there is no data. */
  readonly none?: string;
}

interface Lines extends Common {
  readonly stacked?: boolean;
  /** Lines that stay until the next point, for what jumps. */
  readonly steps?: boolean;
  /** Lowest value of the axis, unless the data go below; zero by default, undefined for prices. */
  readonly from?: number | undefined;
  readonly overrides?: readonly Override[];
}

/** How a series or a column of this name, or all whose names match a pattern, differ from the others. */
export interface Override {
  readonly name: string | RegExp;
  readonly properties: readonly DynamicConfigValue[];
}

interface Table extends Common {
  readonly columns?: readonly Override[];
  /** Columns that are not shown. */
  readonly hidden?: readonly string[];
  /** Columns by other names. */
  readonly renamed?: Readonly<Record<string, string>>;
  readonly height?: number;
}

type AnyBuilder = StatBuilder | LinesBuilder | TableBuilder | BarBuilder;

/** One number, coloured by what to think of it. */
export function number(panel: Common): Panel {
  return common(new StatBuilder(), { width: 4, ...panel }, panel.queries.every(isSql) ? "table" : "instant")
    .height(4)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .colorMode(panel.limits === undefined ? BigValueColorMode.None : BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.Auto)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false))
    .build();
}

/** Series over time. */
export function lines(panel: Lines): Panel {
  const { stacked = false, steps = false, overrides = [], limits } = panel;
  const made = common(new LinesBuilder(), { width: 12, ...panel }, "range")
    .height(8)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .fillOpacity(stacked ? 30 : 8)
    .showPoints(VisibilityMode.Never)
    .lineWidth(2)
    .lineInterpolation(steps ? LineInterpolation.StepAfter : LineInterpolation.Linear)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(["lastNotNull", "max"]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (stacked) made.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"));
  if (limits !== undefined) {
    made.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  const from = "from" in panel ? panel.from : 0;
  if (from !== undefined) made.axisSoftMin(from);
  override(made, overrides);
  return made.build();
}

/** Bars of values that are compared. */
export function bars(panel: Common): Panel {
  return common(new BarBuilder(), { width: 12, ...panel }, "table")
    .height(8)
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .valueMode(BarGaugeValueMode.Color)
    .showUnfilled(false)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs([]).values(true).limit(40))
    .build();
}

export function table(panel: Table): Panel {
  const { hidden = [], renamed = {}, columns = [], height = 8 } = panel;
  const made = common(new TableBuilder(), { width: 12, ...panel }, "table")
    .height(height)
    .filterable(true);
  const excludeByName = Object.fromEntries(hidden.map((name) => [name, true]));
  made.withTransformation({ id: "organize", options: { excludeByName, renameByName: renamed } });
  override(made, columns);
  return made.build();
}

function override(made: LinesBuilder | TableBuilder, overrides: readonly Override[]): void {
  for (const { name, properties } of overrides) {
    if (typeof name === "string") made.overrideByName(name, [...properties]);
    else made.overrideByRegexp(String(name), [...properties]);
  }
}

/**
 * What makes a series stand out in a colour of Grafana's.
 * @param mode `shades` where many match: each has a shade of its own
 */
export const colored = (name: string | RegExp, color: string, mode: "fixed" | "shades" = "fixed"): Override => ({
  name,
  properties: [{ id: "color", value: { mode, fixedColor: color } }],
});

function common<Builder extends AnyBuilder>(made: Builder, panel: Common, shape: "range" | "instant" | "table") {
  const { title, description, unit, queries, limits, width = 12, decimals, links = [], none } = panel;
  made
    .title(title)
    .description(description)
    .unit(unit)
    .span(width)
    .datasource(queries.every(isSql) ? BIGQUERY : PROMETHEUS)
    .targets(queries.map((query, index) => target(query, shape, index)))
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(stepsOf(limits)));
  if (decimals !== undefined) made.decimals(decimals);
  if (none !== undefined) made.noValue(none);
  if (links.length > 0) made.dataLinks(links.map(({ title, url }) => new DashboardLinkBuilder(title).url(url)));
  return made;
}

function stepsOf(limits: Limits | undefined): { value: number | null; color: string }[] {
  if (limits === undefined) return [{ value: null, color: "blue" }];
  if ("atLeast" in limits) return stepsFrom("red", [[limits.atLeast, "green"]]);
  return stepsFrom("green", [
    [limits.warn, "orange"],
    [limits.bad, "red"],
  ]);
}

function stepsFrom(lowest: string, others: readonly (readonly [number | undefined, string])[]) {
  const steps: { value: number | null; color: string }[] = [{ value: null, color: lowest }];
  for (const [value, color] of others) if (value !== undefined) steps.push({ value, color });
  return steps;
}

function isSql(query: Query): boolean {
  return "sql" in query;
}
