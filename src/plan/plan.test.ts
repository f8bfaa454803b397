import { describe, expect, it } from "vitest";
import { feedWith, symbols } from "../../test/feed.ts";
import { planFeeds } from "./plan.ts";

const TEN = ["AAPL", "MSFT", "GOOG", "AMZN", "NVDA", "META", "TSLA", "NFLX", "INTC", "IBM"];
const PLACES = {
  pubsub: { projectId: "acme-feeds" },
  sink: { bigQuery: { projectId: "acme-data", dataset: "markets" } },
};
const DATAFLOW = { projectIds: ["acme-feeds"], region: "europe-west2", tempLocation: "gs://acme/tmp" };

const tableOf = (spec: object) =>
  planFeeds([feedWith({ metadata: { namespace: "markets" }, spec })]).feeds[0]!.objects.map(
    ({ platform, kind, name, in: place, purpose, shared }) =>
      [platform, kind, name, place ?? "", purpose, shared ? "shared" : "own"].join(" | "),
  );

it("plans a poller, one engine and one subscription under Embedded", () => {
  expect(tableOf({ symbols: TEN, ...PLACES })).toMatchInlineSnapshot(`
    [
      "Kubernetes | CronJob | tech-poll | markets | polls, 1 Pod at "* * * * *" Etc/UTC | own",
      "Kubernetes | StatefulSet | tech-windows | markets | computes 1m, 5m, 15m | own",
      "Pub/Sub | Topic | stockfeed-markets-tech-ltpc47aj-quotes | acme-feeds | quotes, kept for 7 days | own",
      "Pub/Sub | Subscription | stockfeed-markets-tech-ltpc47aj-windows | acme-feeds | quotes to the engine | own",
      "Pub/Sub | BigQuery subscription | stockfeed-markets-tech-ltpc47aj-archive | acme-feeds | quotes to the table quotes | own",
      "Pub/Sub | Topic | stockfeed-dead-letter | acme-feeds | quotes that could not be used | shared",
      "Pub/Sub | Subscription | stockfeed-dead-letter | acme-feeds | the same, for stockfeed deadletter | shared",
      "BigQuery | Table | quotes | acme-data.markets | raw quotes | shared",
      "BigQuery | Table | windows | acme-data.markets | one row a symbol, resolution and window | shared",
      "BigQuery | View | top_stocks | acme-data.markets | ranks 1 to 3 by mean price | shared",
      "BigQuery | View | percentage_gain | acme-data.markets | first to last price | shared",
    ]
  `);
});

it("plans a job and a subscription for each resolution under Dataflow", () => {
  expect(tableOf({ symbols: TEN, ...PLACES, engine: "Dataflow", dataflow: DATAFLOW, archive: false }))
    .toMatchInlineSnapshot(`
    [
      "Kubernetes | CronJob | tech-poll | markets | polls, 1 Pod at "* * * * *" Etc/UTC | own",
      "Pub/Sub | Topic | stockfeed-markets-tech-ltpc47aj-quotes | acme-feeds | quotes, kept for 7 days | own",
      "Pub/Sub | Subscription | stockfeed-markets-tech-ltpc47aj-windows-1m | acme-feeds | quotes to the job of 1m | own",
      "Pub/Sub | Subscription | stockfeed-markets-tech-ltpc47aj-windows-5m | acme-feeds | quotes to the job of 5m | own",
      "Pub/Sub | Subscription | stockfeed-markets-tech-ltpc47aj-windows-15m | acme-feeds | quotes to the job of 15m | own",
      "Pub/Sub | Topic | stockfeed-windows | acme-feeds | rows of every job | shared",
      "Pub/Sub | BigQuery subscription | stockfeed-windows | acme-feeds | rows to the table windows | shared",
      "Pub/Sub | Topic | stockfeed-dead-letter | acme-feeds | quotes that could not be used | shared",
      "Pub/Sub | Subscription | stockfeed-dead-letter | acme-feeds | the same, for stockfeed deadletter | shared",
      "Dataflow | Job | stockfeed-markets-tech-ltpc47aj-1m | acme-feeds europe-west2 | computes 1m, up to 3 workers | own",
      "Dataflow | Job | stockfeed-markets-tech-ltpc47aj-5m | acme-feeds europe-west2 | computes 5m, up to 3 workers | own",
      "Dataflow | Job | stockfeed-markets-tech-ltpc47aj-15m | acme-feeds europe-west2 | computes 15m, up to 3 workers | own",
      "BigQuery | Table | windows | acme-data.markets | one row a symbol, resolution and window | shared",
      "BigQuery | View | top_stocks | acme-data.markets | ranks 1 to 3 by mean price | shared",
      "BigQuery | View | percentage_gain | acme-data.markets | first to last price | shared",
    ]
  `);
});

it("names the workload and its schedule as the feed has them", () => {
  expect(tableOf({ polling: { workload: "Deployment" } })[0]).toBe(
    "Kubernetes | Deployment | tech-poll | markets | polls, 1 Pod without end | own",
  );
  expect(tableOf({ symbols: symbols(4), polling: { workload: "Deployment", shards: 2 } }).slice(0, 3)).toEqual([
    "Kubernetes | Deployment | tech-poll-0 | markets | polls, 1 Pod without end | own",
    "Kubernetes | Deployment | tech-poll-1 | markets | polls, 1 Pod without end | own",
    expect.stringContaining("StatefulSet"),
  ]);
  expect(tableOf({ symbols: symbols(4), polling: { shards: 3, session: "NYSE" } })[0]).toBe(
    'Kubernetes | CronJob | tech-poll | markets | polls, 3 Pods at "* 9-15 * * 1-5" America/New_York | own',
  );
  expect(tableOf({ suspend: true })[0]).toMatch(/suspended/);
});

it("gives no two objects of a kind one name", () => {
  const { feeds } = planFeeds([feedWith({ metadata: { name: "a" } }), feedWith({ metadata: { name: "b" } })]);
  const own = feeds.flatMap(({ objects }) => objects.filter(({ shared }) => !shared));
  expect(new Set(own.map(({ platform, kind, name }) => `${platform} ${kind} ${name}`)).size).toBe(own.length);
});

const warningsOf = (spec: object) => planFeeds([feedWith({ spec })]).feeds[0]!.warnings;

it.each([
  ["a feed that a cluster can't run yet", {}, /a cluster also needs pubsub and sink/],
  [
    "a recording, which no Pod has",
    { ...PLACES, provider: { type: "Replay", file: "day.ndjson" } },
    /day\.ndjson is a file of this machine/,
  ],
  ["a suspended feed", { ...PLACES, suspend: true }, /nothing polls/],
  ["a simulator behind an exchange's hours", { ...PLACES, polling: { session: "NYSE" } }, /exchange's alone/],
  ["what Dataflow takes", { ...PLACES, engine: "Dataflow", dataflow: DATAFLOW }, /^3 Dataflow jobs .* of the 25/],
])("warns of %s", (_, spec, says) => {
  expect(warningsOf(spec)).toEqual([expect.stringMatching(says)]);
});

it("warns that Beam YAML drops late quotes, where any were to be allowed", () => {
  const beam = { ...PLACES, engine: "Dataflow", dataflow: { ...DATAFLOW, template: "BeamYaml" } };
  expect(warningsOf(beam)[1]).toMatch(/allowedLateness 60s has no effect/);
  expect(warningsOf({ ...beam, resolutions: [{ window: "1m", allowedLateness: "0s" }] })).toHaveLength(1);
});

it("has nothing to warn of in a feed that is ready for a cluster", () => {
  expect(warningsOf(PLACES)).toEqual([]);
});

describe("quotes that one Pod may not take", () => {
  const many = { ...PLACES, symbols: symbols(5000), polling: { interval: "1s" } };

  it("are warned of with the figures", () => {
    expect(warningsOf(many)).toEqual([
      "5,000 quotes a second may be more than one Pod takes, whose one core was full at 4,630 to 5,160: " +
        "measure, split the feed into several, or have engine Dataflow.",
    ]);
    expect(warningsOf({ ...many, polling: { interval: "10s" } })).toEqual([]);
  });

  it("are not said to fit one, and ask for more workers than the spec allows", () => {
    const [jobs, workers, ...others] = warningsOf({
      ...many,
      engine: "Dataflow",
      dataflow: { ...DATAFLOW, maxWorkers: 1 },
    });
    expect(jobs).toBe("3 Dataflow jobs run without pause, of the 25 that a project may run by default.");
    expect(workers).toMatch(/at least: 2 for 5m, 3 for 15m; spec\.dataflow\.maxWorkers is 1,/);
    expect(others).toEqual([]);
    expect(warningsOf({ ...many, engine: "Dataflow", dataflow: { ...DATAFLOW, maxWorkers: 3 } })).toHaveLength(1);
  });

  it("are a figure of the plan for programs", () => {
    const loadOf = (spec: object) => planFeeds([feedWith({ spec })]).feeds[0]!.load;
    expect(loadOf(many)).toEqual({ quotesPerSecond: 5000, onePod: false });
    expect(loadOf(PLACES)).toMatchObject({ onePod: true });
  });
});
