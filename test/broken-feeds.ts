import type { Manifest } from "./arbitrary-feed.ts";
import { BROKEN_FORMS } from "./broken-forms.ts";
import { type Break, BROKEN_PARTS } from "./broken-parts.ts";

function range<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => make(index));
}

/** A copy with values set at dotted paths; undefined removes. */
export function broken(manifest: Manifest, set: Readonly<Record<string, unknown>>): unknown {
  const copy = structuredClone(manifest) as Record<string, unknown>;
  for (const [path, value] of Object.entries(set)) {
    const steps = path.split(".");
    const last = steps.pop() ?? "";
    const parent = steps.reduce((at, step) => at[step] as Record<string, unknown>, copy);
    parent[last] = structuredClone(value);
  }
  return copy;
}

const TABLE: readonly Break[] = [
  [
    "names are Kubernetes names",
    { "metadata.name": "Tech_1" },
    "metadata.name",
    /Kubernetes name/,
    /metadata\.name: Invalid value: "Tech_1": a lowercase RFC 1123 subdomain/,
  ],
  [
    "names have no empty part",
    { "metadata.name": "a..b" },
    "metadata.name",
    /Kubernetes name/,
    /metadata\.name: Invalid value: "a\.\.b": a lowercase RFC 1123 subdomain/,
  ],
  [
    "names are at most 253 long",
    { "metadata.name": "a".repeat(254) },
    "metadata.name",
    /at most 253/,
    /metadata\.name.*no more than 253/,
  ],
  [
    "namespaces have no dot",
    { "metadata.namespace": "a.b" },
    "metadata.namespace",
    /Kubernetes namespace/,
    /namespaces "a\.b" not found/,
  ],
  [
    "namespaces are at most 63 long",
    { "metadata.namespace": "a".repeat(64) },
    "metadata.namespace",
    /up to 63/,
    /namespaces "a{64}" not found/,
  ],
  ["there are symbols", { "spec.symbols": [] }, "spec.symbols", /at least 1 entry/, /at least 1 items/],
  [
    "there are at most 5000 symbols",
    { "spec.symbols": range(5001, (i) => `S${i}`) },
    "spec.symbols",
    /at most 5,000 entries/,
    /at most 5000 items/,
  ],
  ["symbols are in capitals", { "spec.symbols": ["aapl"] }, "spec.symbols[0]", /must be a symbol/],
  [
    "symbols are at most ten long",
    { "spec.symbols": ["A".repeat(11)] },
    "spec.symbols[0]",
    /must be a symbol/,
    /Too long: may not be more than 10/,
  ],
  ["symbols start with a letter", { "spec.symbols": ["AAPL", "1A"] }, "spec.symbols[1]", /must be a symbol/],
  [
    "symbols are unique",
    { "spec.symbols": ["AAPL", "IBM", "AAPL"] },
    "spec.symbols[2]",
    /symbols\[0\] is the same/,
    /spec\.symbols\[2\]: Duplicate value: "AAPL"/,
  ],
  [
    "symbols are text",
    { "spec.symbols": ["AAPL", true] },
    "spec.symbols[1]",
    /is true but must be text.*quotes/,
    /must be of type string/,
  ],
  [
    "the provider is known",
    { "spec.provider": { type: "Yahoo" } },
    "spec.provider.type",
    /Simulated, Replay, IEX/,
    /Unsupported value: "Yahoo": supported values: "Simulated", "Replay", "IEX"/,
  ],
  ["the provider has a type", { "spec.provider": { seed: 1 } }, "spec.provider.type", /is required/, /Required value/],
  [
    "a seed is a whole number",
    { "spec.provider": { type: "Simulated", seed: 1.5 } },
    "spec.provider.seed",
    /whole number/,
    /must be of type int/,
  ],
  [
    "a seed is not negative",
    { "spec.provider": { type: "Simulated", seed: -1 } },
    "spec.provider.seed",
    /at least 0/,
    /greater than or equal to 0/,
  ],
  ["a replay has a file", { "spec.provider": { type: "Replay" } }, "spec.provider.file", /is required/],
  [
    "a speed is above zero",
    { "spec.provider": { type: "Replay", file: "a", speed: 0 } },
    "spec.provider.speed",
    /above 0/,
    /greater than 0/,
  ],
  ["IEX has an address", { "spec.provider": { type: "IEX" } }, "spec.provider.baseUrl", /is required/],
  ...["Alpaca", "Finnhub", "Tiingo"].map((type): Break => [
    `${type} has a Secret`,
    { "spec.provider": { type } },
    "spec.provider.credentialsSecretRef",
    /is required/,
  ]),
  [
    "addresses are http",
    { "spec.provider": { type: "IEX", baseUrl: "ftp://a.b" } },
    "spec.provider.baseUrl",
    /http or https/,
  ],
  [
    "providers have their own fields",
    { "spec.provider": { type: "IEX", baseUrl: "http://a.b", seed: 1 } },
    "spec.provider.seed",
    /no field of provider IEX/,
    /Forbidden: belongs to provider type Simulated\. Remove it/,
  ],
  ...Object.entries({ file: "a", speed: 2, baseUrl: "http://a.b", credentialsSecretRef: { name: "a" } }).map(
    ([field, value]): Break => [
      `the simulator has no ${field}`,
      { "spec.provider": { type: "Simulated", [field]: value } },
      `spec.provider.${field}`,
      /no field of provider Simulated/,
      new RegExp(`spec\\.provider\\.${field}: Forbidden: belongs to provider type (Replay|IEX, Alpaca)`),
    ],
  ),
  ["an interval is a duration", { "spec.polling": { interval: "ten" } }, "spec.polling.interval", /must be a duration/],
  [
    "an interval is no bare number",
    { "spec.polling": { interval: 10 } },
    "spec.polling.interval",
    /with a unit/,
    /must be of type string/,
  ],
  ["an interval is above zero", { "spec.polling": { interval: "0s" } }, "spec.polling.interval", /1s to 24h/],
  [
    "an interval divides a minute",
    { "spec.polling": { interval: "7s" } },
    "spec.polling.interval",
    /Write 6s or 10s/,
    /"7s": must divide a minute or be whole minutes\. Write 1, 2, 3/,
  ],
  [
    "an interval is in whole minutes",
    { "spec.polling": { interval: "90s" } },
    "spec.polling.interval",
    /Write 1m or 2m/,
    /"90s": must divide a minute or be whole minutes\. Write 1, 2, 3/,
  ],
  [
    "sessions are known",
    { "spec.polling": { interval: "1s", session: "nyse" } },
    "spec.polling.session",
    /Did you mean NYSE/,
    /supported values: "Always", "NYSE"/,
  ],
  [
    "extended hours need a session",
    { "spec.polling.extendedHours": true, "spec.polling.session": "Always" },
    "spec.polling.extendedHours",
    /needs session NYSE/,
  ],
  [
    "a session has a slot every day",
    { "spec.polling": { interval: "7h", session: "NYSE" }, "spec.resolutions": [{ window: "14h" }] },
    "spec.polling.interval",
    /at most the session's length \(6h30m\)/,
    /at most the session's length \(6h30m, or 16h with extendedHours\)\. Shorten it/,
  ],
  [
    "shards have symbols",
    { "spec.symbols": ["A", "B"], "spec.polling.shards": 3 },
    "spec.polling.shards",
    /number of symbols \(2\)/,
    /must be at most the number of symbols\. Write fewer/,
  ],
  [
    "shards are at least one",
    { "spec.polling.shards": 0 },
    "spec.polling.shards",
    /at least 1/,
    /greater than or equal to 1/,
  ],
  ["a Pod's lead is at most five minutes", { "spec.polling.startLead": "6m" }, "spec.polling.startLead", /0s to 5m/],
  ["there are resolutions", { "spec.resolutions": [] }, "spec.resolutions", /at least 1 entry/, /at least 1 items/],
  [
    "windows are multiples of the interval",
    { "spec.polling": { interval: "10s" }, "spec.resolutions": [{ window: "1m" }, { window: "65s" }] },
    "spec.resolutions[1].window",
    /Write 1m or 1m10s/,
    /must be a whole multiple of polling\.interval \(10s\)\. Write a multiple/,
  ],
  [
    "windows are no shorter than the interval",
    { "spec.polling": { interval: "5m" }, "spec.resolutions": [{ window: "1m" }] },
    "spec.resolutions[0].window",
    /Write 5m,/,
    /must be a whole multiple of polling\.interval \(5m\)\. Write a multiple/,
  ],
  [
    "windows are at most a day",
    { "spec.polling": { interval: "1h" }, "spec.resolutions": [{ window: "25h" }] },
    "spec.resolutions[0].window",
    /1s to 24h/,
  ],
  [
    "windows differ, however they are written",
    { "spec.polling": { interval: "10s" }, "spec.resolutions": [{ window: "1m" }, { window: "60s" }] },
    "spec.resolutions[1].window",
    /resolutions\[0\] is as long/,
    /must differ from the other windows, however it is written\. Remove one/,
  ],
  [
    "an offset is below the interval",
    { "spec.polling": { interval: "10s" }, "spec.resolutions": [{ window: "1m", offset: "15s" }] },
    "spec.resolutions[0].offset",
    /below polling.interval \(10s\)\. Write 5s/,
    /must be below polling\.interval \(10s\)\. Write what is left/,
  ],
  [
    "lateness is at most a day",
    { "spec.polling": { interval: "1m" }, "spec.resolutions": [{ window: "1m", allowedLateness: "25h" }] },
    "spec.resolutions[0].allowedLateness",
    /0s to 24h/,
  ],
  [
    "windows have bounded state",
    {
      "spec.symbols": range(5000, (i) => `S${i}`),
      "spec.polling": { interval: "1s" },
      "spec.resolutions": [{ window: "1m" }, { window: "10000s" }],
    },
    "spec.resolutions[1].window",
    /5,000 symbols x 10,000 slots are 50,000,000\. Write at most 2h46m39s/,
    /window must keep symbols x slots under 50,000,000\. Shorten it/,
  ],
  [
    "lateness has bounded state",
    {
      "spec.symbols": range(5000, (i) => `S${i}`),
      "spec.polling": { interval: "1s" },
      "spec.resolutions": [{ window: "1m", allowedLateness: "24h" }],
    },
    "spec.resolutions[0].allowedLateness",
    /86,400 slots/,
    /allowedLateness must keep symbols x slots under 50,000,000\. Shorten it/,
  ],
  ...BROKEN_PARTS,
  ...BROKEN_FORMS,
];

/** A break of each rule. */
export const BREAKS = TABLE.map(([rule, set, path, says, server = says]) => ({ rule, set, path, says, server }));
