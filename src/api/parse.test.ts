import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { arbitraryManifest } from "../../test/arbitrary-feed.ts";
import { BREAKS, broken } from "../../test/broken-feeds.ts";
import { parseFeeds, parseManifests } from "./parse.ts";
import { formatProblem, type Problem } from "./problem.ts";

const HEAD = "apiVersion: stockfeed.dev/v1alpha1\nkind: StockFeed\nmetadata: {name: tech}\n";
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
  podTemplate: {serviceAccountName: feeds, poller: {serviceAccountName: poller}, stream: {}, resources: {}, nodeSelector: {}, tolerations: [], labels: {}, annotations: {}}
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

describe("a broken rule gives exactly one problem, at its path:", () => {
  it.each(BREAKS)("$rule", ({ set, path, says }) => {
    fc.assert(
      fc.property(arbitraryManifest, (manifest) => {
        const problems = problemsOf(write(broken(manifest, set)));
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
