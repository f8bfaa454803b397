import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import type { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { metricsReference } from "../../../scripts/metrics-reference.ts";
import type { Telemetry } from "../../ports.ts";
import { type RequestDurations, withRequest } from "../../quotes/request-durations.ts";
import { teeTelemetry } from "./tee.ts";
import { createControllerTelemetry, type OperatorTelemetry } from "./controller-telemetry.ts";
import { createTelemetry } from "./telemetry.ts";

/** Everything that can be told, once. */
function tellAll(telemetry: Telemetry): void {
  telemetry.countQuotes("markets/tech", "accepted", 10);
  telemetry.countQuotes("markets/tech", "dead_letter", 2);
  telemetry.countPolledSlots("markets/tech", 6);
  telemetry.countMissedSlots("markets/tech", 3);
  telemetry.setMarketState("markets/tech", "Open");
  telemetry.setMarketState("markets/tech", "Stale");
  telemetry.observeProviderRequest("markets/tech", "429", 0.3);
  telemetry.countWindows("markets/tech", "5m", 7);
  telemetry.countLateQuotes("markets/tech", "1m", 4);
  telemetry.observeWindowClose("markets/tech", "15m", 0.02);
  telemetry.countSinkRows("markets/tech", "failed", 5);
  telemetry.measureWatermarkLag("markets/tech", () => 1.5);
}

/** The operator's, told in the same way. */
function tellAllOfTheOperator({
  telemetry,
  queue,
  onRequest,
  setLeader,
  measureFeeds,
  measureJobs,
}: OperatorTelemetry): void {
  telemetry.observeReconcile("ready", 0.002);
  telemetry.countReconcileError();
  telemetry.countDriftCorrections(2);
  telemetry.countPublishedQuotes("markets/tech", "published", 12);
  telemetry.countSymbolFailures("markets/tech", "Timeout", 4);
  telemetry.countProviderRequests("markets/tech", { within: { "0.25": 5, Infinity: 1 }, seconds: 6.5 });
  telemetry.countJobLaunch("15m", "failure");
  queue.onAdd();
  queue.onDepth(3);
  queue.onTaken(0.2);
  onRequest("apply", "201");
  setLeader(true);
  measureFeeds(() => [
    {
      feed: "markets/tech",
      state: "Ready",
      intervalSeconds: 10,
      market: "Closed",
      jobFailures: [{ resolution: "5m", count: 3 }],
    },
  ]);
  measureJobs(() => [{ state: "Running", resolution: "5m", jobs: 2 }]);
}

const EXPECTED_OF_THE_OPERATOR = [
  'stockfeed_reconcile_duration_seconds_count{result="ready"} 1',
  "stockfeed_reconcile_errors_total 1",
  "stockfeed_drift_corrections_total 2",
  'stockfeed_quotes_total{feed="markets/tech",outcome="published"} 12',
  'stockfeed_symbol_failures_total{feed="markets/tech",kind="Timeout"} 4',
  'stockfeed_provider_request_duration_seconds_bucket{le="0.1",feed="markets/tech"} 0',
  'stockfeed_provider_request_duration_seconds_bucket{le="5",feed="markets/tech"} 5',
  'stockfeed_provider_request_duration_seconds_bucket{le="+Inf",feed="markets/tech"} 6',
  'stockfeed_provider_request_duration_seconds_sum{feed="markets/tech"} 6.5',
  'stockfeed_provider_request_duration_seconds_count{feed="markets/tech"} 6',
  "stockfeed_workqueue_adds_total 1",
  "stockfeed_workqueue_depth 3",
  "stockfeed_workqueue_queue_duration_seconds_count 1",
  'stockfeed_api_requests_total{verb="apply",code="201"} 1',
  "stockfeed_leader 1",
  'stockfeed_feed_state{feed="markets/tech",state="Ready"} 1',
  'stockfeed_poll_interval_seconds{feed="markets/tech"} 10',
  'stockfeed_market_state{feed="markets/tech",state="Closed"} 1',
  'stockfeed_job_failures{feed="markets/tech",resolution="5m"} 3',
  'stockfeed_jobs{state="Running",resolution="5m"} 2',
  'stockfeed_job_launches_total{resolution="15m",cause="failure"} 1',
  'stockfeed_job_launches_total{resolution="5m",cause="failure"} 0',
];

const EXPECTED = [
  'stockfeed_quotes_total{feed="markets/tech",outcome="accepted"} 10',
  'stockfeed_quotes_total{feed="markets/tech",outcome="dead_letter"} 2',
  'stockfeed_slots_polled_total{feed="markets/tech"} 6',
  'stockfeed_slots_missed_total{feed="markets/tech"} 3',
  'stockfeed_market_state{feed="markets/tech",state="Stale"} 1',
  'stockfeed_provider_requests_total{feed="markets/tech",code="429"} 1',
  'stockfeed_provider_request_duration_seconds_sum{feed="markets/tech"} 0.3',
  'stockfeed_provider_request_duration_seconds_bucket{le="0.25",feed="markets/tech"} 0',
  'stockfeed_provider_request_duration_seconds_bucket{le="0.5",feed="markets/tech"} 1',
  'stockfeed_windows_emitted_total{feed="markets/tech",resolution="5m"} 7',
  'stockfeed_late_quotes_total{feed="markets/tech",resolution="1m"} 4',
  'stockfeed_window_close_delay_seconds_count{feed="markets/tech",resolution="15m"} 1',
  'stockfeed_sink_rows_total{feed="markets/tech",outcome="failed"} 5',
  'stockfeed_watermark_lag_seconds{feed="markets/tech"} 1.5',
];

/** What a registry shows of how long requests took, by series. */
async function durationsIn(registry: Registry): Promise<Map<string, number>> {
  const lines = (await registry.getSingleMetricAsString("stockfeed_provider_request_duration_seconds")).split("\n");
  return new Map(
    lines.map((line): [string, number] => {
      const [series = "", value] = line.startsWith("#") ? [line, 0] : line.split(" ");
      return [series, Number(value)];
    }),
  );
}

describe("telemetry", () => {
  it("shows Prometheus what it was told, under the names of the reference", async () => {
    const { telemetry, registry } = createTelemetry();
    tellAll(telemetry);
    const lines = (await registry.metrics()).split("\n");
    for (const line of EXPECTED) expect(lines).toContain(line);
  });

  it("shows what the operator told, and its pollers", async () => {
    const { registry } = createTelemetry();
    tellAllOfTheOperator(createControllerTelemetry(registry));
    const lines = (await registry.metrics()).split("\n");
    for (const line of EXPECTED_OF_THE_OPERATOR) expect(lines).toContain(line);
  });

  it("drops what pollers told of a feed that is gone, and keeps what they told of others", async () => {
    const { telemetry, registry } = createTelemetry();
    const operator = createControllerTelemetry(registry);
    for (const feed of ["markets/tech", "markets/gold"]) {
      for (const outcome of ["stale", "dead_letter"] as const) telemetry.countQuotes(feed, outcome, 1);
      for (const outcome of ["published", "undelivered"] as const) {
        operator.telemetry.countPublishedQuotes(feed, outcome, 1);
      }
      telemetry.countMissedSlots(feed, 1);
      telemetry.countPolledSlots(feed, 1);
      operator.telemetry.countProviderRequests(feed, { within: { "0.5": 1 }, seconds: 0.3 });
      for (const kind of ["Timeout", "CircuitOpen"]) operator.telemetry.countSymbolFailures(feed, kind, 1);
    }
    const linesOf = async (feed: string) =>
      (await registry.metrics()).split("\n").filter((line) => line.includes(feed));
    const kept = await linesOf("markets/gold");
    expect(kept).toHaveLength(18);
    operator.telemetry.forgetFeed("markets/tech");
    expect(await linesOf("markets/tech")).toEqual([]);
    expect(await linesOf("markets/gold")).toEqual(kept);
  });

  it("has one state of a feed and of its market at a time, and none of a feed that is gone", async () => {
    const { telemetry, registry } = createTelemetry();
    telemetry.setMarketState("markets/tech", "Open");
    telemetry.setMarketState("markets/tech", "Closed");
    const lines = async (name: string) =>
      (await registry.metrics()).split("\n").filter((line) => line.startsWith(name));
    expect(await lines("stockfeed_market_state{")).toEqual([
      'stockfeed_market_state{feed="markets/tech",state="Closed"} 1',
    ]);
    const { measureFeeds } = createControllerTelemetry(registry);
    const jobFailures = [{ resolution: "5m", count: 1 }];
    let feeds: ReturnType<Parameters<typeof measureFeeds>[0]> = [
      { feed: "markets/tech", state: "New", intervalSeconds: 60, market: "Open", jobFailures },
    ];
    measureFeeds(() => feeds);
    expect(await lines("stockfeed_market_state{")).toEqual([
      'stockfeed_market_state{feed="markets/tech",state="Open"} 1',
    ]);
    feeds = [{ feed: "markets/gold", state: "Stalled", market: "Stale", jobFailures: [] }];
    expect(await lines("stockfeed_poll_interval_seconds{")).toEqual([]);
    expect(await lines("stockfeed_feed_state{")).toEqual([
      'stockfeed_feed_state{feed="markets/gold",state="Stalled"} 1',
    ]);
    feeds = [];
    for (const name of ["feed_state", "poll_interval_seconds", "market_state", "job_failures"])
      expect(await lines(`stockfeed_${name}{`)).toEqual([]);
  });

  it("has counters of a feed from before its pollers tell anything", async () => {
    const { registry } = createTelemetry();
    const { measureFeeds } = createControllerTelemetry(registry);
    measureFeeds(() => [{ feed: "markets/tech", state: "Ready", jobFailures: [] }]);
    await registry.metrics();
    const lines = (await registry.metrics()).split("\n");
    expect(lines).toContain('stockfeed_slots_missed_total{feed="markets/tech"} 0');
    expect(lines).toContain('stockfeed_quotes_total{feed="markets/tech",outcome="undelivered"} 0');
  });

  it("has how long requests took from before the first is told, of feeds whose pollers tell it", async () => {
    const { registry } = createTelemetry();
    const operator = createControllerTelemetry(registry);
    operator.measureFeeds(() => [
      { feed: "markets/tech", state: "Ready", timesRequests: true, jobFailures: [] },
      { feed: "markets/simulated", state: "Ready", jobFailures: [] },
    ]);
    const counts = async () => {
      await registry.metrics();
      const lines = (await registry.metrics()).split("\n");
      return lines.filter((line) => line.startsWith("stockfeed_provider_request_duration_seconds_count"));
    };
    expect(await counts()).toEqual(['stockfeed_provider_request_duration_seconds_count{feed="markets/tech"} 0']);
    operator.telemetry.countProviderRequests("markets/tech", { within: { "0.05": 2 }, seconds: 0.06 });
    expect(await counts()).toEqual(['stockfeed_provider_request_duration_seconds_count{feed="markets/tech"} 2']);
  });

  it("shows of pollers that ended what one that is scraped shows of the same requests", async () => {
    const durations = fc.array(fc.nat(8_000), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(durations, { minLength: 1, maxLength: 5 }), async (runs) => {
        const [scraped, told] = [createTelemetry(), createTelemetry()];
        const operator = createControllerTelemetry(told.registry);
        for (const run of runs) {
          let requests: RequestDurations | undefined;
          for (const ms of run) {
            scraped.telemetry.observeProviderRequest("markets/tech", "200", ms / 1000);
            requests = withRequest(requests, ms / 1000);
          }
          if (requests !== undefined) operator.telemetry.countProviderRequests("markets/tech", requests);
        }
        const [expected, shown] = await Promise.all([durationsIn(scraped.registry), durationsIn(told.registry)]);
        expect([...shown.keys()]).toEqual([...expected.keys()]);
        for (const [series, value] of expected) expect(shown.get(series), series).toBeCloseTo(value, 6);
      }),
      { numRuns: 30 },
    );
  });

  it("has the process's own metrics too", async () => {
    const { registry } = createTelemetry();
    expect(await registry.metrics()).toMatch(/^process_resident_memory_bytes \d+$/m);
  });

  it("tells all of several what it is told", async () => {
    const [one, other] = [createTelemetry(), createTelemetry()];
    tellAll(teeTelemetry(one.telemetry, other.telemetry));
    for (const { registry } of [one, other]) {
      const lines = (await registry.metrics()).split("\n");
      for (const line of EXPECTED) expect(lines).toContain(line);
    }
  });

  it("keeps apart what two registries were told", async () => {
    const [one, other] = [createTelemetry(), createTelemetry()];
    one.telemetry.countMissedSlots("markets/tech", 1);
    expect(await other.registry.metrics()).not.toContain("markets/tech");
  });

  const promtool = spawnSync("promtool", ["--version"]).error === undefined;
  it.skipIf(!promtool && process.env.CI !== "true")(
    `passes promtool check metrics${promtool ? "" : " (skipped: no promtool on this machine)"}`,
    async () => {
      const { telemetry, registry } = createTelemetry();
      tellAll(telemetry);
      tellAllOfTheOperator(createControllerTelemetry(registry));
      const check = spawnSync("promtool", ["check", "metrics"], { input: await registry.metrics(), encoding: "utf8" });
      expect({ status: check.status, said: check.stderr + check.stdout }).toEqual({ status: 0, said: "" });
    },
  );
});

describe("docs/reference/metrics.md", () => {
  it("is what npm run generate makes of the definitions", () => {
    const page = new URL("../../../docs/reference/metrics.md", import.meta.url);
    expect(readFileSync(page, "utf8")).toBe(metricsReference());
  });

  it("names every metric that the registry has, and no other", async () => {
    const { registry } = createTelemetry();
    createControllerTelemetry(registry);
    const exposed = (await registry.getMetricsAsJSON()).map(({ name }) => name);
    const documented = [...metricsReference().matchAll(/^\| `(stockfeed_[a-z_]+)`/gm)].map(([, name]) => name);
    expect(documented.toSorted()).toEqual(exposed.filter((name) => name.startsWith("stockfeed_")).toSorted());
  });
});
