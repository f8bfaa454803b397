import type { Board, Section } from "./board.ts";
import { bars, lines, table } from "./panels.ts";
import * as sql from "./sql.ts";
import { bigQuerySource, columnValues, datasetNames } from "./variables.ts";

/** The band's edges are no lines: the area between them is what counts. */
const BAND = [
  {
    name: "highest",
    properties: [
      { id: "custom.fillBelowTo", value: "lowest" },
      { id: "custom.lineWidth", value: 0 },
      { id: "custom.fillOpacity", value: 25 },
      { id: "color", value: { mode: "fixed", fixedColor: "blue" } },
    ],
  },
  {
    name: "lowest",
    properties: [
      { id: "custom.lineWidth", value: 0 },
      { id: "custom.fillOpacity", value: 0 },
      { id: "color", value: { mode: "fixed", fixedColor: "blue" } },
    ],
  },
  { name: "mean", properties: [{ id: "color", value: { mode: "fixed", fixedColor: "blue" } }] },
  {
    name: "last",
    properties: [
      { id: "color", value: { mode: "fixed", fixedColor: "orange" } },
      { id: "custom.lineWidth", value: 1 },
    ],
  },
];

const unitOf = (unit: string, decimals: number) => [
  { id: "unit", value: unit },
  { id: "decimals", value: decimals },
];

const now: Section = {
  title: "The newest windows",
  panels: [
    table({
      title: "Top stocks, every resolution",
      description:
        "Symbols ranked 1 to 3 by mean price in the newest window of each resolution. A tie shares a rank. Complete says how many of the window's slots had a quote.",
      unit: "none",
      height: 10,
      renamed: {
        resolution: "Resolution",
        rank: "Rank",
        symbol: "Symbol",
        mean_price: "Mean price",
        complete: "Complete",
        window_end: "Window ends",
      },
      columns: [
        { name: "Mean price", properties: unitOf("currencyUSD", 2) },
        { name: "Complete", properties: unitOf("percent", 0) },
        { name: "Window ends", properties: [{ id: "unit", value: "dateTimeAsIso" }] },
      ],
      queries: [{ sql: sql.TOP_STOCKS }],
    }),
    table({
      title: "Greatest gain and loss, every resolution",
      description: "Who gained most and least from the first to the last price of each resolution's newest window.",
      unit: "none",
      height: 10,
      renamed: {
        resolution: "Resolution",
        best_symbol: "Best",
        best_gain: "Best gain",
        worst_symbol: "Worst",
        worst_gain: "Worst gain",
      },
      columns: [
        { name: "Best gain", properties: unitOf("percent", 3) },
        { name: "Worst gain", properties: unitOf("percent", 3) },
      ],
      queries: [{ sql: sql.EXTREMES }],
    }),
    bars({
      title: "Percentage gain in the newest window of ${minutes:text}",
      description: "100 × (last price − first price) / first price of each symbol; green rose, red fell.",
      unit: "percent",
      decimals: 3,
      limits: { atLeast: 0 },
      width: 24,
      queries: [{ sql: sql.GAINS }],
    }),
  ],
};

const overTime: Section = {
  title: "Over time, windows of ${minutes:text}",
  panels: [
    lines({
      title: "Mean price of the top stocks",
      description:
        "Mean price of the symbols that ranked 1 to 3 when each window ended. A line that breaks off left the ranks.",
      unit: "currencyUSD",
      decimals: 2,
      from: undefined,
      queries: [{ sql: sql.TOP_OVER_TIME }],
    }),
    lines({
      title: "Percentage gain by symbol",
      description: "Gain from the first to the last price of each window.",
      unit: "percent",
      decimals: 3,
      from: undefined,
      queries: [{ sql: sql.GAIN_OVER_TIME }],
    }),
  ],
};

const symbol: Section = {
  title: "$symbol",
  panels: [
    lines({
      title: "Prices of $symbol in windows of ${minutes:text}",
      description: "The area reaches from each window's lowest to its highest price; with the mean and the last price.",
      unit: "currencyUSD",
      decimals: 2,
      from: undefined,
      overrides: BAND,
      queries: [{ sql: sql.PRICE_BAND }],
    }),
    lines({
      title: "Mean price of $symbol by resolution",
      description:
        "The same prices in windows of each length: the longer the window, the calmer and the later its mean.",
      unit: "currencyUSD",
      decimals: 3,
      from: undefined,
      queries: [{ sql: sql.MEANS }],
    }),
  ],
};

const quality: Section = {
  title: "How complete it is",
  panels: [
    lines({
      title: "Slots with a quote",
      description:
        "Quotes in windows, of those that there should be, over all symbols. Below 100% at a start, in a session's first windows and where slots are missed. The axis begins at 90%, unless less is shown.",
      unit: "percent",
      decimals: 1,
      from: 90,
      width: 24,
      queries: [{ sql: sql.COMPLETENESS }],
    }),
  ],
};

/** What the feeds say of the market. */
export const MARKET_BOARD: Board = {
  name: "market",
  title: "Market",
  description: "Which stocks are on top, what rose and fell, and between which prices a symbol moved?",
  from: "now-3h",
  variables: [
    bigQuerySource(),
    ...datasetNames(),
    columnValues({
      name: "feed",
      label: "Feed",
      description: "The StockFeed, namespace/name.",
      sql: sql.CHOICES.feeds,
    }),
    columnValues({
      name: "minutes",
      label: "Resolution",
      description: "Length of the windows.",
      sql: sql.CHOICES.resolutions,
    }),
    columnValues({ name: "symbol", label: "Symbol", description: "A symbol of the feed.", sql: sql.CHOICES.symbols }),
  ],
  sections: [now, overTime, symbol, quality],
};
