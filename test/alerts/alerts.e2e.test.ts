/**
 * The chart's alerts on a real Prometheus that scrapes a real operator, with feeds on a real API server that are broken,
 * stale and closed; and the events that go with it. Waits are of seconds here, which the chart's values are for.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { emptySummary, encodeSummary, type PollSummary } from "../../src/quotes/poll-summary.ts";
import { prometheusMissing, PrometheusServer } from "../grafana/prometheus-server.ts";
import type { AnyObject } from "../kube-client.ts";
import { helm, kubeToolMissing } from "../kube-tools.ts";
import { withoutPart } from "../missing-part.ts";
import { addressOf, FEEDS, OperatorWorld, operatorWorldMissing, until } from "../operator-world.ts";
import type { StockfeedProcess } from "../stockfeed-process.ts";

const without = withoutPart((await operatorWorldMissing()) ?? prometheusMissing() ?? kubeToolMissing("helm"));
const PODS = "/api/v1/namespaces/markets/pods";
const PATIENCE_MS = 90_000;
/** Ten seconds before the close of a Friday. */
const BEFORE_CLOSE = Date.parse("2026-01-09T20:59:50Z");

/** The chart's rules, which fire after seconds. */
async function quickRules(home: string): Promise<string> {
  const soon = Object.fromEntries(
    ["StockFeedNotReady", "StockFeedQuotesStale", "StockFeedNoLeader"].map((alert) => [alert, { for: "2s" }]),
  );
  const values = join(home, "values.json");
  writeFileSync(values, JSON.stringify({ monitoring: { prometheusRule: { enabled: true } }, alerts: { rules: soon } }));
  const text = await helm(home, "template", "stockfeed-operator", "charts/stockfeed-operator", "--values", values);
  const rule = parseAllDocuments(text, { version: "1.1" })
    .flatMap((document) => (document.toJS() as AnyObject | null) ?? [])
    .find(({ kind }) => kind === "PrometheusRule") as { readonly spec: object } | undefined;
  return stringify(rule?.spec);
}

/** The environment in which a Node process takes now for another time, and goes on from there. */
function startedAt(time: number): Readonly<Record<string, string>> {
  const program = `const real = Date, offset = ${time - Date.now()};
globalThis.Date = class extends real {
  constructor(...args) { if (args.length === 0) super(real.now() + offset); else super(...args); }
  static now() { return real.now() + offset; }
};`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}` };
}

describe.skipIf(without)("alerts on a real Prometheus", { timeout: 180_000 }, () => {
  const home = mkdtempSync(join(tmpdir(), "stockfeed-alerting-"));
  let world: OperatorWorld;
  let operator: StockfeedProcess;
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    world = await OperatorWorld.start();
    operator = await world.startOperator();
    await world.kube.create(FEEDS, world.manifest("tech"));
    const provider = { type: "Finnhub", credentialsSecretRef: { name: "finnhub" } };
    await world.kube.create(FEEDS, world.manifest("keyless", { provider }));
    prometheus = await PrometheusServer.start(
      { "stockfeed-operator": [await addressOf(operator)] },
      await quickRules(home),
    );
  });
  afterAll(async () => {
    await prometheus.stop();
    await world.stop();
    rmSync(home, { recursive: true });
  });

  /** What fires, as alert and what it is of. */
  const firing = async () => {
    const alerts = (await prometheus.alerts()).filter(({ state }) => state === "firing");
    return alerts.map(({ labels }) => `${labels.alertname} ${labels.feed ?? labels.operator}`).toSorted();
  };
  const untilFiring = (...wanted: readonly string[]) =>
    until(async () => (await firing()).join() === wanted.toSorted().join(), PATIENCE_MS).catch(async () => {
      expect(await firing()).toEqual(wanted.toSorted());
    });
  const eventsOf = async (name: string) => {
    const { items } = await world.kube.list("/apis/events.k8s.io/v1/namespaces/markets/events");
    type Event = AnyObject & {
      readonly reason: string;
      readonly type: string;
      readonly regarding: { readonly name: string };
    };
    const own = (items as readonly Event[]).filter(({ regarding }) => regarding.name === name);
    return own.map(({ type, reason }) => `${type} ${reason}`);
  };

  /** A poller of the feed `tech` that has just ended, as a kubelet would tell it. */
  async function endPoller(name: string, change: Partial<PollSummary>): Promise<void> {
    const labels = {
      "app.kubernetes.io/managed-by": "stockfeed",
      "app.kubernetes.io/component": "poller",
      "stockfeed.dev/feed": "tech",
    };
    const container = { name: "poller", image: "stockfeed:test" };
    await world.kube.create(PODS, { metadata: { name, labels }, spec: { containers: [container] } });
    const message = encodeSummary({
      ...emptySummary("markets/tech", "Simulated"),
      slotsPolled: 6,
      quotes: 12,
      ...change,
    });
    const finishedAt = new Date().toISOString();
    const state = { terminated: { exitCode: 0, reason: "Completed", message, finishedAt, startedAt: finishedAt } };
    const status = { name: "poller", image: "stockfeed:test", imageID: "", ready: false, restartCount: 0, state };
    await world.kube.patch(`${PODS}/${name}/status`, { status: { phase: "Succeeded", containerStatuses: [status] } });
  }

  it("wait, then fire for the feed whose Secret is missing, with its runbook, and for no other", async () => {
    await world.untilReady("tech");
    await until(async () => (await world.condition("keyless"))?.reason === "CredentialsMissing", PATIENCE_MS);
    await untilFiring("StockFeedNotReady markets/keyless");
    const [alert] = (await prometheus.alerts()).filter(({ state }) => state === "firing");
    expect(alert).toMatchObject({
      labels: { severity: "warning", feed: "markets/keyless", namespace: "markets" },
      annotations: {
        summary: "Feed markets/keyless is not Ready.",
        runbook_url: "docs/runbooks/StockFeedNotReady.md",
      },
    });
  });

  it("end when the Secret is there", async () => {
    const stringData = { token: "a-key" };
    await world.kube.create("/api/v1/namespaces/markets/secrets", { metadata: { name: "finnhub" }, stringData });
    await world.untilReady("keyless");
    await untilFiring();
  });

  it("fire while prices stand still, which the feed says in an event, and end when one moves", async () => {
    await world.untilReady("tech");
    await endPoller("tech-stands", { marketState: "Stale", lastSlot: Date.now() });
    await until(async () => (await world.feed("tech")).status?.marketState === "Stale", PATIENCE_MS);
    await untilFiring("StockFeedQuotesStale markets/tech");
    await until(async () => (await eventsOf("tech")).includes("Warning QuotesStale"), PATIENCE_MS);
    await endPoller("tech-moves", { marketState: "Open", lastSlot: Date.now() });
    await untilFiring();
    await until(async () => (await eventsOf("tech")).includes("Normal MarketOpen"), PATIENCE_MS);
  });

  it("fire when no operator is left", async () => {
    operator.kill("SIGTERM");
    await operator.ended;
    await until(async () => (await firing()).includes("StockFeedNoLeader stockfeed-operator"), PATIENCE_MS);
  });

  it("are none of a session that ends: that is an event, MarketClosed", async () => {
    await world.kube.patch(`${FEEDS}/tech`, { spec: { polling: { session: "NYSE" } } });
    await world.startOperator([], startedAt(BEFORE_CLOSE));
    await until(async () => (await world.feed("tech")).status?.marketState === "Closed", PATIENCE_MS);
    await until(async () => (await eventsOf("tech")).includes("Normal MarketClosed"), PATIENCE_MS);
  });
});
