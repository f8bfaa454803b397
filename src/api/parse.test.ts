import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { arbitraryManifest, type Manifest } from "../../test/arbitrary-feed.ts";
import { parseFeeds, parseManifests } from "./parse.ts";
import { formatProblem, type Problem } from "./problem.ts";

const HEAD = "apiVersion: stockfeed.dev/v1alpha1\nkind: StockFeed\nmetadata: {name: tech}\n";
const CLOUD = {
  "spec.engine": "Dataflow",
  "spec.pubsub": { projectId: "acme-feeds" },
  "spec.sink": { bigQuery: { projectId: "acme-data", dataset: "markets" } },
  "spec.dataflow": { projectIds: ["acme-feeds"], region: "europe-west2", tempLocation: "gs://acme/tmp" },
};
const SPEC = "spec:\n  symbols: [AAPL]\n  provider: {type: Simulated}\n";

function problemsOf(text: string): readonly Problem[] {
  const result = parseFeeds(text, { source: "feed.yaml" });
  return result.ok ? [] : result.problems;
}

function linesOf(text: string): string[] {
  return problemsOf(text).map(formatProblem);
}

function write(manifest: unknown): string {
  return stringify(manifest, { compat: "yaml-1.1" });
}

function range<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => make(index));
}

/** A copy with values set at dotted paths; undefined removes. */
function applied(manifest: Manifest, set: Readonly<Record<string, unknown>>): unknown {
  const copy = structuredClone(manifest) as Record<string, unknown>;
  for (const [path, value] of Object.entries(set)) {
    const steps = path.split(".");
    const last = steps.pop()!;
    const parent = steps.reduce((at, step) => at[step] as Record<string, unknown>, copy);
    parent[last] = structuredClone(value);
  }
  return copy;
}

/** Aliases that multiply tenfold a level. */
function laughs(levels: number): string {
  const lines = range(
    levels,
    (level) => `a${level}: &a${level} [${range(10, () => (level === 0 ? "x" : `*a${level - 1}`)).join(", ")}]`,
  );
  return `${lines.join("\n")}\n`;
}

/** Text made of what YAML is made of. */
const yamlSoup = fc
  .array(
    fc.constantFrom(
      "a",
      ": ",
      "- ",
      "\n",
      "  ",
      "\t",
      "[",
      "]",
      "{",
      "}",
      "&x ",
      "*x",
      "---\n",
      "'",
      '"',
      "|",
      "!",
      "#",
      "? ",
      "spec",
      "symbols",
    ),
    {
      maxLength: 60,
    },
  )
  .map((parts) => parts.join(""));

describe("a valid manifest", () => {
  it("keeps all that was written, and comes back the same when written again", () => {
    fc.assert(
      fc.property(arbitraryManifest, (manifest) => {
        const first = parseFeeds(write(manifest), { source: "feed.yaml" });
        expect(first).toMatchObject({ ok: true, feeds: [manifest] });
        if (!first.ok) return;
        const again = parseFeeds(write(first.feeds[0]), { source: "feed.yaml" });
        expect(again).toEqual(first);
      }),
    );
  });

  it("has every default filled in", () => {
    expect(parseFeeds(HEAD + SPEC, { source: "feed.yaml" })).toEqual({
      ok: true,
      feeds: [
        {
          apiVersion: "stockfeed.dev/v1alpha1",
          kind: "StockFeed",
          metadata: { name: "tech", namespace: "default" },
          spec: {
            symbols: ["AAPL"],
            provider: { type: "Simulated", seed: 1 },
            polling: {
              interval: "10s",
              session: "Always",
              extendedHours: false,
              staleAfter: "5m",
              shards: 1,
              workload: "CronJob",
              startLead: "10s",
            },
            resolutions: [
              { window: "1m", allowedLateness: "60s" },
              { window: "5m", allowedLateness: "60s" },
              { window: "15m", allowedLateness: "60s" },
            ],
            engine: "Embedded",
            archive: true,
            deletionPolicy: "Drain",
            suspend: false,
          },
        },
      ],
    });
  });

  it("may have every field of the resource, empty ones and the operator's status among them", () => {
    const text = `
apiVersion: stockfeed.dev/v1alpha1
kind: StockFeed
metadata: {name: tech, namespace: markets, uid: 1b4e, generation: 3, managedFields: [{manager: kubectl}]}
spec:
  symbols: [AAPL, MSFT, GOOG, AMZN, NVDA, META, TSLA, NFLX, INTC, IBM]
  provider:
    type: Alpaca
    baseUrl:                     # optional, for a compatible server
    credentialsSecretRef: {name: alpaca}
  polling: {interval: 10s, session: NYSE, shards: 1, workload: CronJob, startLead: 10s}
  resolutions: [{window: 1m}, {window: 5m}, {window: 15m}]
  engine: Embedded
  archive: true
  pubsub: {projectId: acme}
  sink: {bigQuery: {projectId: acme, dataset: markets}}
  dataflow: {template: TypeScript, projectIds: [acme], region: europe-west2, tempLocation: "gs://acme/tmp", maxWorkers: 3, updatePolicy: Replace, drainTimeout: 10m}
  podTemplate: {serviceAccountName: feeds, resources: {}, nodeSelector: {}, tolerations: [], labels: {}, annotations: {}}
  deletionPolicy: Drain
  suspend: false
status:
  observedGeneration: 3
  conditions: []
  marketState: Open
  pipelines: [{window: 1m, engine: Dataflow, jobId: 2026-1, state: Running, specHash: abc, newer: field}]
`;
    expect(linesOf(text)).toEqual([]);
  });

  it("may share parts by anchor and alias", () => {
    expect(
      linesOf(
        `${HEAD}spec:\n  symbols: [AAPL]\n  provider: {type: Simulated}\n  resolutions: [&a {window: 1m}]\n  podTemplate: {labels: &l {team: x}, nodeSelector: *l}\n`,
      ),
    ).toEqual([]);
  });

  it("may be one of several in a text", () => {
    const second = HEAD.replace("tech", "banks") + SPEC;
    const result = parseFeeds(`---\n${HEAD}${SPEC}---\n${second}`, { source: "feed.yaml" });
    expect(result.ok && result.feeds.map((feed) => feed.metadata.name)).toEqual(["tech", "banks"]);
  });
});

/** A break of each rule: what is set in a valid manifest, where the one problem must then be, and what it must say. */
const breaks: readonly [rule: string, set: Record<string, unknown>, path: string, says: RegExp][] = [
  ["names are Kubernetes names", { "metadata.name": "Tech_1" }, "metadata.name", /Kubernetes name/],
  ["names have no empty part", { "metadata.name": "a..b" }, "metadata.name", /Kubernetes name/],
  ["names are at most 253 long", { "metadata.name": "a".repeat(254) }, "metadata.name", /at most 253/],
  ["namespaces have no dot", { "metadata.namespace": "a.b" }, "metadata.namespace", /Kubernetes namespace/],
  ["namespaces are at most 63 long", { "metadata.namespace": "a".repeat(64) }, "metadata.namespace", /up to 63/],
  ["there are symbols", { "spec.symbols": [] }, "spec.symbols", /at least 1 entry/],
  [
    "there are at most 5000 symbols",
    { "spec.symbols": range(5001, (i) => `S${i}`) },
    "spec.symbols",
    /at most 5,000 entries/,
  ],
  ["symbols are in capitals", { "spec.symbols": ["aapl"] }, "spec.symbols[0]", /must be a symbol/],
  ["symbols are at most ten long", { "spec.symbols": ["A".repeat(11)] }, "spec.symbols[0]", /must be a symbol/],
  ["symbols start with a letter", { "spec.symbols": ["AAPL", "1A"] }, "spec.symbols[1]", /must be a symbol/],
  ["symbols are unique", { "spec.symbols": ["AAPL", "IBM", "AAPL"] }, "spec.symbols[2]", /symbols\[0\] is the same/],
  ["symbols are text", { "spec.symbols": ["AAPL", true] }, "spec.symbols[1]", /is true but must be text.*quotes/],
  ["the provider is known", { "spec.provider": { type: "Yahoo" } }, "spec.provider.type", /Simulated, Replay, IEX/],
  ["the provider has a type", { "spec.provider": { seed: 1 } }, "spec.provider.type", /is required/],
  [
    "a seed is a whole number",
    { "spec.provider": { type: "Simulated", seed: 1.5 } },
    "spec.provider.seed",
    /whole number/,
  ],
  ["a seed is not negative", { "spec.provider": { type: "Simulated", seed: -1 } }, "spec.provider.seed", /at least 0/],
  ["a replay has a file", { "spec.provider": { type: "Replay" } }, "spec.provider.file", /is required/],
  [
    "a speed is above zero",
    { "spec.provider": { type: "Replay", file: "a", speed: 0 } },
    "spec.provider.speed",
    /above 0/,
  ],
  ["IEX has an address", { "spec.provider": { type: "IEX" } }, "spec.provider.baseUrl", /is required/],
  ...["Alpaca", "Finnhub", "Tiingo"].map((type): (typeof breaks)[number] => [
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
  ],
  ["an interval is a duration", { "spec.polling": { interval: "ten" } }, "spec.polling.interval", /must be a duration/],
  ["an interval is no bare number", { "spec.polling": { interval: 10 } }, "spec.polling.interval", /with a unit/],
  ["an interval is above zero", { "spec.polling": { interval: "0s" } }, "spec.polling.interval", /1s to 24h/],
  ["an interval divides a minute", { "spec.polling": { interval: "7s" } }, "spec.polling.interval", /Write 6s or 10s/],
  [
    "an interval is in whole minutes",
    { "spec.polling": { interval: "90s" } },
    "spec.polling.interval",
    /Write 1m or 2m/,
  ],
  [
    "sessions are known",
    { "spec.polling": { interval: "1s", session: "nyse" } },
    "spec.polling.session",
    /Did you mean NYSE/,
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
  ],
  [
    "shards have symbols",
    { "spec.symbols": ["A", "B"], "spec.polling.shards": 3 },
    "spec.polling.shards",
    /number of symbols \(2\)/,
  ],
  ["shards are at least one", { "spec.polling.shards": 0 }, "spec.polling.shards", /at least 1/],
  ["a Pod's lead is at most five minutes", { "spec.polling.startLead": "6m" }, "spec.polling.startLead", /0s to 5m/],
  ["there are resolutions", { "spec.resolutions": [] }, "spec.resolutions", /at least 1 entry/],
  [
    "windows are multiples of the interval",
    { "spec.polling": { interval: "10s" }, "spec.resolutions": [{ window: "1m" }, { window: "65s" }] },
    "spec.resolutions[1].window",
    /Write 1m or 1m10s/,
  ],
  [
    "windows are no shorter than the interval",
    { "spec.polling": { interval: "5m" }, "spec.resolutions": [{ window: "1m" }] },
    "spec.resolutions[0].window",
    /Write 5m,/,
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
  ],
  [
    "an offset is below the interval",
    { "spec.polling": { interval: "10s" }, "spec.resolutions": [{ window: "1m", offset: "15s" }] },
    "spec.resolutions[0].offset",
    /below polling.interval \(10s\)\. Write 5s/,
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
  ],
  ["engines are known", { "spec.engine": "Flink" }, "spec.engine", /Embedded or Dataflow/],
  ...(["dataflow", "pubsub", "sink"] as const).map((part): (typeof breaks)[number] => [
    `Dataflow needs ${part}`,
    { ...CLOUD, [`spec.${part}`]: undefined },
    `spec.${part}`,
    /required under engine Dataflow/,
  ]),
  [
    "a region is no zone",
    { ...CLOUD, "spec.dataflow.region": "europe-west2-a" },
    "spec.dataflow.region",
    /must be a Google Cloud region/,
  ],
  [
    "a temporary location is a bucket's",
    { ...CLOUD, "spec.dataflow.tempLocation": "/tmp" },
    "spec.dataflow.tempLocation",
    /Cloud Storage/,
  ],
  ["projects have IDs", { "spec.pubsub": { projectId: "Acme" } }, "spec.pubsub.projectId", /project ID/],
  ["a sink is BigQuery", { "spec.sink": {} }, "spec.sink.bigQuery", /is required/],
  ["archive is true or false", { "spec.archive": "yes" }, "spec.archive", /true or false/],
  [
    "label keys are Kubernetes'",
    { "spec.podTemplate": { labels: { "a b": "c" } } },
    'spec.podTemplate.labels["a b"]',
    /label key/,
  ],
  [
    "label values are text",
    { "spec.podTemplate": { labels: { team: 5 } } },
    "spec.podTemplate.labels.team",
    /Put it in quotes/,
  ],
  [
    "the operator's labels are its own",
    { "spec.podTemplate": { labels: { "stockfeed.dev/feed": "x" } } },
    'spec.podTemplate.labels["stockfeed.dev/feed"]',
    /operator's/,
  ],
  [
    "quantities are Kubernetes'",
    { "spec.podTemplate": { resources: { limits: { cpu: "lots" } } } },
    "spec.podTemplate.resources.limits.cpu",
    /quantity/,
  ],
  [
    "tolerations have a key",
    { "spec.podTemplate": { tolerations: [{ value: "x" }] } },
    "spec.podTemplate.tolerations[0].key",
    /unless operator is Exists/,
  ],
  [
    "Exists has no value",
    { "spec.podTemplate": { tolerations: [{ key: "a", operator: "Exists", value: "x" }] } },
    "spec.podTemplate.tolerations[0].value",
    /left out/,
  ],
  [
    "only NoExecute has seconds",
    { "spec.podTemplate": { tolerations: [{ key: "a", tolerationSeconds: 5 }] } },
    "spec.podTemplate.tolerations[0].tolerationSeconds",
    /NoExecute/,
  ],
  ["a field is known in the spec", { "spec.symbol": ["A"] }, "spec.symbol", /Did you mean symbols\?/],
  [
    "a field is known in polling",
    { "spec.polling.intervall": "10s" },
    "spec.polling.intervall",
    /Did you mean interval\?/,
  ],
  ["a field is known in the metadata", { "metadata.label": {} }, "metadata.label", /Did you mean labels\?/],
  [
    "a field is at its own place",
    { "spec.drainTimeout": "10m" },
    "spec.drainTimeout",
    /belongs at spec\.dataflow\.drainTimeout/,
  ],
  ["a field is known at the top", { specs: {} }, "specs", /Did you mean spec\?/],
  ["a resource is a StockFeed", { kind: "Secret" }, "kind", /must be StockFeed/],
  ["a version is known", { apiVersion: "stockfeed.dev/v9" }, "apiVersion", /v1alpha1/],
];

describe("a broken rule gives exactly one problem, at its path:", () => {
  it.each(breaks)("%s", (_, set, path, says) => {
    fc.assert(
      fc.property(arbitraryManifest, (manifest) => {
        const broken = applied(manifest, set);
        const problems = problemsOf(write(broken));
        expect(problems.map((problem) => problem.path)).toEqual([path]);
        expect(formatProblem(problems[0]!)).toMatch(says);
      }),
      { numRuns: 5 },
    );
  });
});

describe("a problem", () => {
  it("says where it is, what is there, what must hold and how to mend it", () => {
    expect(linesOf(`${HEAD}${SPEC}  polling:\n    interval: 7s\n`)).toEqual([
      'feed.yaml:8:15: spec.polling.interval is "7s" but must divide a minute or be whole minutes. Write 6s or 10s.',
    ]);
  });

  it("stands at the key of an unknown field, and at the parent of a missing one", () => {
    const [missing, unknown] = problemsOf(`${HEAD}spec:\n  provider: {type: Simulated}\n  colour: red\n`);
    expect(missing).toMatchObject({ path: "spec.symbols", line: 5, column: 3 });
    expect(unknown).toMatchObject({ path: "spec.colour", line: 6, column: 3 });
  });

  it("counts lines through the whole text, and says which document it is in", () => {
    const text = `# first\n${HEAD}${SPEC}---\n${HEAD.replace("tech", "x")}spec: {symbols: [a], provider: {type: Simulated}}\n`;
    expect(problemsOf(text)).toMatchObject([{ document: 2, line: 12, column: 18, path: "spec.symbols[0]" }]);
  });

  it("is told of every field at once, in the text's order", () => {
    const text = `${HEAD}spec:\n  symbols: [aapl]\n  provider: {type: simulated}\n  polling: {shards: 0}\n  resolutions: [{window: 7}]\n`;
    expect(problemsOf(text).map(({ path }) => path)).toEqual([
      "spec.symbols[0]",
      "spec.provider.type",
      "spec.polling.shards",
      "spec.resolutions[0].window",
    ]);
  });

  it("never shows a key that was written into the manifest", () => {
    const provider = "{type: IEX, baseUrl: 'https://me:hunter2@a.b/?token=hunter3', token: hunter4}";
    const lines = linesOf(`${HEAD}spec: {symbols: [A], provider: ${provider}}\n`);
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toMatch(/hunter/);
  });

  it("stays short and printable, whatever was written", () => {
    const lines = linesOf(
      `${HEAD}spec: {symbols: ["${"x".repeat(100_000)}", "\\e[31m\\u202e"], provider: {type: Simulated}}\n`,
    );
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/^[^\p{Cc}\u202e]{1,300}$/u);
  });
});

describe("a text that is no manifest", () => {
  const cases: readonly [name: string, text: string, says: RegExp][] = [
    ["is empty", "", /^feed.yaml:1:1: the document must hold a StockFeed\. Run stockfeed init/],
    ["holds comments alone", "# nothing\n\n", /must hold a StockFeed/],
    ["has an empty document", `${HEAD}${SPEC}---\n`, /^feed.yaml:7:4: the document must not be empty/],
    ["is a list", "- a\n", /is a list but must be a mapping/],
    ["is a word", "hello\n", /is "hello" but must be a mapping/],
    ["is indented with tabs", `${HEAD}spec:\n\tsymbols: [A]\n`, /^feed.yaml:5:1: .*tabs.*Indent with spaces/],
    ["has a field twice", `${HEAD}${SPEC}  symbols: [A]\n`, /^feed.yaml:7:3: .*field twice/],
    ["has a list for a field's name", "? [a]\n: b\n", /text for field names/],
    ["has an open bracket", `${HEAD}spec: {symbols: [A\n`, /valid YAML/],
    ["has an open quote", `${HEAD}spec: 'x\n`, /valid YAML/],
    ["is nested without end", "[".repeat(50_000), /sane depth/],
    ["has an alias without anchor", "a: *b\n", /Set the anchor/],
    ["has tags of its own", "a: !secret x\n", /tags of its own/],
    ["is a billion laughs", laughs(12), /must not expand an alias/],
    ["is too long", "#".repeat(8 * 1024 * 1024 + 1), /at most 8 MiB/],
  ];
  it.each(cases)("and %s is one clear problem", (_, text, says) => {
    const lines = linesOf(text);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(says);
  });

  it("is refused as a whole where it is of another kind, with nothing said of its other fields", () => {
    expect(linesOf("apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {a: b}\n")).toEqual([
      'feed.yaml:1:13: apiVersion is "v1" but must be stockfeed.dev/v1alpha1. Write stockfeed.dev/v1alpha1.',
      'feed.yaml:2:7: kind is "Secret" but must be StockFeed. Write StockFeed.',
    ]);
  });

  it("has no way to reach the prototype, or round an alias for ever", () => {
    expect(linesOf(`${HEAD}${SPEC}  __proto__: {archive: false}\n`)).toEqual([
      expect.stringContaining("spec.__proto__ is no field of a StockFeed"),
    ]);
    expect(linesOf(`${HEAD}${SPEC}  podTemplate: &p {labels: *p}\n`)).toHaveLength(1);
  });

  it("never throws, and is never taken for a feed, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json(), yamlSoup), (text) => {
        expect(parseFeeds(text, { source: "x" }).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a word that kubectl reads as something else", () => {
  it("is refused where it is bare, since one manifest has to mean one thing", () => {
    expect(linesOf(`${HEAD}spec: {symbols: [AAPL, ON, Y], provider: {type: Simulated}}\n`)).toEqual([
      expect.stringMatching(/^feed.yaml:4:24: spec.symbols\[1\] is ON but must be in quotes.*Write "ON"\.$/),
      expect.stringMatching(/^feed.yaml:4:28: spec.symbols\[2\] is Y but must be in quotes/),
    ]);
  });

  it("is a symbol in quotes", () => {
    expect(linesOf(`${HEAD}spec: {symbols: [AAPL, "ON", 'Y', "TRUE"], provider: {type: Simulated}}\n`)).toEqual([]);
  });
});

describe("a set of manifests", () => {
  const feed = (name: string) => HEAD.replace("tech", name) + SPEC;

  it("has each feed once, across its files", () => {
    const result = parseManifests([
      { source: "a.yaml", text: `${feed("tech")}---\n${feed("banks")}` },
      { source: "b.yaml", text: `${feed("oil")}---\n${feed("tech")}` },
    ]);
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([
      'b.yaml:10:18: metadata.name is "tech" but must differ from the feed at a.yaml:3. Give it another name or namespace.',
    ]);
  });

  it("may have one name in two namespaces", () => {
    const elsewhere = feed("tech").replace("name: tech", "name: tech, namespace: markets");
    expect(
      parseManifests([
        { source: "a", text: feed("tech") },
        { source: "b", text: elsewhere },
      ]).ok,
    ).toBe(true);
  });

  it("tells of the problems of every file", () => {
    const result = parseManifests([
      { source: "a.yaml", text: "" },
      { source: "b.yaml", text: "x" },
    ]);
    expect(result.ok ? [] : result.problems.map(({ source }) => source)).toEqual(["a.yaml", "b.yaml"]);
  });
});
