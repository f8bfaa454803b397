/** The chart's alerts, as the real helm renders them and the real promtool evaluates them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import { type Alert, ALERTS } from "../../cdk8s/operator-alerts.ts";
import { createControllerTelemetry } from "../../src/adapters/telemetry/controller-telemetry.ts";
import { createTelemetry } from "../../src/adapters/telemetry/telemetry.ts";
import type { KubeObject } from "../../src/api/kube-object.ts";
import type { AlertCase } from "./alert-case.ts";
import { POLLING_CASES } from "./feed-and-polling-cases.ts";
import { PROVIDER_CASES } from "./provider-cases.ts";
import { ROW_CASES } from "./rows-and-operator-cases.ts";
import { helm, kubeToolMissing } from "../kube-tools.ts";
import { fences } from "../markdown.ts";
import { withoutPart } from "../missing-part.ts";

const ALERT_CASES = [...POLLING_CASES, ...PROVIDER_CASES, ...ROW_CASES];

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
interface Groups {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

const withoutHelm = withoutPart(kubeToolMissing("helm"));
const hasPromtool = spawnSync("promtool", ["--version"]).error === undefined;
const withoutPromtool = withoutPart(hasPromtool ? undefined : "no promtool on this machine (Debian: prometheus)");

const home = mkdtempSync(join(tmpdir(), "stockfeed-alerts-"));
afterAll(() => {
  rmSync(home, { recursive: true });
});

/** What the chart makes of one kind, with these values. */
async function rendered(kind: string, monitoring: object, alerts: object = {}): Promise<KubeObject | undefined> {
  const values = join(home, "values.json");
  writeFileSync(values, JSON.stringify({ monitoring, alerts }));
  const chart = ["stockfeed-operator", "charts/stockfeed-operator"];
  const text = await helm(home, "template", ...chart, "--namespace", "stockfeed-system", "--values", values);
  return parseAllDocuments(text, { version: "1.1" })
    .flatMap((document) => (document.toJS() as KubeObject | null) ?? [])
    .find((object) => object.kind === kind);
}
async function alertRules(alerts: object = {}): Promise<Groups> {
  const monitoring = { prometheusRule: { enabled: true }, podMonitor: { enabled: true } };
  return (await rendered("PrometheusRule", monitoring, alerts))?.spec as Groups;
}
const rulesOf = ({ groups }: Groups) => groups.flatMap(({ rules }) => rules);
const alertOf = (name: string) => ALERTS.find(({ alert }) => alert === name);

/** What an alert of the feed `markets/tech`, or of the operator, is to have. */
function expected({ alert, fires }: AlertCase): object[] {
  const of = alertOf(alert);
  if (fires === undefined) return [];
  const whose =
    of?.of === "feed"
      ? { feed: "markets/tech", namespace: "markets" }
      : { namespace: "stockfeed-system", operator: "stockfeed-operator" };
  const runbook = { runbook_url: `docs/runbooks/${alert}.md` };
  return [{ exp_labels: { severity: of?.severity, ...whose }, exp_annotations: { ...fires, ...runbook } }];
}

/** Names of the metrics in an expression; a histogram's without the part that is asked for. */
function namedIn(expr: string): string[] {
  return (expr.match(/stockfeed_[a-z_]+/g) ?? []).map((name) => name.replace(/_(bucket|count|sum)$/, ""));
}
async function metricNames(): Promise<ReadonlySet<string>> {
  const { registry } = createTelemetry();
  createControllerTelemetry(registry);
  return new Set((await registry.getMetricsAsJSON()).map(({ name }) => name));
}

function promtool(...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync("promtool", args, { cwd: home, encoding: "utf8" });
  return { status, said: stdout + stderr };
}

describe.skipIf(withoutHelm || withoutPromtool)("the alerts on promtool", () => {
  beforeAll(async () => {
    writeFileSync(join(home, "rules.yaml"), stringify(await alertRules()));
  });

  it("are rules that Prometheus takes", () => {
    expect(promtool("check", "rules", "rules.yaml")).toEqual({
      status: 0,
      said: expect.stringContaining(`SUCCESS: ${ALERTS.length} rules found`) as string,
    });
  });

  it.each(ALERT_CASES.map((each, at) => [`${each.alert} ${each.behaves}`, each, at] as const))("%s", (_, each, at) => {
    const file = `case-${at}.yaml`;
    const test = {
      rule_files: ["rules.yaml"],
      evaluation_interval: "30s",
      tests: [
        {
          interval: "30s",
          input_series: Object.entries(each.series).map(([series, values]) => ({ series, values })),
          alert_rule_test: [{ eval_time: each.at, alertname: each.alert, exp_alerts: expected(each) }],
        },
      ],
    };
    writeFileSync(join(home, file), stringify(test));
    expect(promtool("test", "rules", file)).toEqual({
      status: 0,
      said: expect.stringContaining("SUCCESS") as string,
    });
  });
});

describe("the alerts", () => {
  it("are each seen to fire, and to stay silent", () => {
    const seen = (fires: boolean) =>
      new Set(ALERT_CASES.filter((each) => (each.fires !== undefined) === fires).map(({ alert }) => alert));
    const all = new Set(ALERTS.map(({ alert }) => alert));
    expect(seen(true)).toEqual(all);
    expect(seen(false)).toEqual(all);
  });

  it("ask for metrics that there are", async () => {
    const known = await metricNames();
    const asked = ALERTS.flatMap(({ expr }) => namedIn(expr));
    expect(asked.length).toBeGreaterThan(ALERTS.length);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  it("have a runbook each, with the same parts, and the index names them all", () => {
    const pages = readdirSync("docs/runbooks").filter((page) => page !== "README.md");
    expect(pages.toSorted()).toEqual(ALERTS.map(({ alert }) => `${alert}.md`).toSorted());
    const parts = ["## Meaning", "## Impact", "## What to look at", "## What to do", "## Silence"];
    for (const page of pages) {
      const text = readFileSync(join("docs/runbooks", page), "utf8");
      expect(text.match(/^#+ .*/gm), page).toEqual([`# ${page.replace(".md", "")}`, ...parts]);
    }
    const index = readFileSync("docs/runbooks/README.md", "utf8");
    const rows = [...index.matchAll(/^\| \[(\w+)\]\(\1\.md\) +\| (\w+) +\|/gm)].map(([, alert, severity]) => ({
      alert,
      severity,
    }));
    expect(rows).toEqual(ALERTS.map(({ alert, severity }) => ({ alert, severity })));
  });

  it.skipIf(withoutPromtool)("have runbooks whose queries Prometheus takes, of metrics that there are", async () => {
    const queries = readdirSync("docs/runbooks").flatMap((page) =>
      fences(readFileSync(join("docs/runbooks", page), "utf8")).filter(({ language }) => language === "promql"),
    );
    expect(queries.length).toBeGreaterThan(10);
    const rules = queries.map(({ text }, at) => ({ record: `query:${at}`, expr: text }));
    writeFileSync(join(home, "queries.yaml"), stringify({ groups: [{ name: "runbooks", rules }] }));
    expect(promtool("check", "rules", "queries.yaml").said).toContain(`SUCCESS: ${queries.length} rules found`);
    const known = await metricNames();
    expect(queries.flatMap(({ text }) => namedIn(text)).filter((name) => !known.has(name))).toEqual([]);
  });

  it("never tell of a symbol, and of a feed by its label", () => {
    for (const { alert, of, expr, summary, description } of ALERTS) {
      expect(expr, alert).not.toMatch(/by \([^)]*symbol/);
      if (of === "feed")
        expect([summary, description].filter((text) => !text.includes("{{ $labels.feed }}"))).toEqual([]);
    }
  });
});

describe.skipIf(withoutHelm)("the chart's rules", () => {
  it("have for, severity and threshold as the values say, labels and runbooks of one's own, and more groups", async () => {
    const rule: Partial<Alert> = { alert: "MyOwn", expr: "vector(1)" };
    const spec = await alertRules({
      runbookUrl: "https://example.com/runbooks/",
      labels: { team: "markets" },
      additionalGroups: [{ name: "mine", rules: [rule] }],
      rules: {
        StockFeedNotReady: { for: "1m", severity: "critical" },
        StockFeedSlotsMissed: { threshold: 0.5 },
        StockFeedDeadLetters: { enabled: false },
      },
    });
    expect(spec.groups.map(({ name }) => name)).toEqual(["stockfeed-operator", "mine"]);
    expect(spec.groups[1]?.rules).toEqual([rule]);
    const rules = spec.groups[0]?.rules ?? [];
    const find = (name: string) => rules.find(({ alert }) => alert === name);
    expect(rules.map(({ alert }) => alert)).toEqual(
      ALERTS.map(({ alert }) => alert).filter((alert) => alert !== "StockFeedDeadLetters"),
    );
    expect(find("StockFeedNotReady")).toMatchObject({
      for: "1m",
      labels: { severity: "critical", team: "markets" },
      annotations: { runbook_url: "https://example.com/runbooks/StockFeedNotReady.md" },
    });
    expect(find("StockFeedSlotsMissed")?.expr).toContain("\n> 0.5\n");
  });

  it("are not there unless they are asked for, and are the same for Google's Prometheus", async () => {
    for (const kind of ["PrometheusRule", "ClusterRules"]) expect(await rendered(kind, {})).toBeUndefined();
    const monitoring = { clusterRules: { enabled: true }, podMonitoring: { enabled: true } };
    const google = (await rendered("ClusterRules", monitoring))?.spec as Groups;
    const leader = rulesOf(google).find(({ alert }) => alert === "StockFeedNoLeader");
    expect(leader?.expr).toBe('absent(stockfeed_leader{namespace="stockfeed-system",job="stockfeed-operator"} == 1)');
    const wherever = (rules: Groups) =>
      rulesOf(rules).map(({ expr, ...rest }) => ({ ...rest, expr: expr.replaceAll(/job="[^"]*"/g, "") }));
    expect(wherever(google)).toEqual(wherever(await alertRules()));
    expect(wherever(google)).toHaveLength(ALERTS.length);
  });

  it("find the operator's metrics without labels where the chart does not say how they are scraped", async () => {
    const spec = (await rendered("PrometheusRule", { prometheusRule: { enabled: true } }))?.spec as Groups;
    expect(rulesOf(spec).find(({ alert }) => alert === "StockFeedNoLeader")?.expr).toBe(
      "absent(stockfeed_leader{} == 1)",
    );
  });

  it("refuse an alert that there is not", async () => {
    await expect(alertRules({ rules: { StockFeedIsSlow: { enabled: false } } })).rejects.toThrow("StockFeedIsSlow");
  });

  it("keep what Prometheus fills in as it is", () => {
    const text = readFileSync("charts/stockfeed-operator/files/alerts.yaml", "utf8");
    const file = parse(text, { version: "1.1" }) as { rules: Alert[] };
    expect(file.rules.map(({ summary }) => summary)).toEqual(ALERTS.map(({ summary }) => summary));
  });
});
