/** The alerts of an install as groups of rules, as every Prometheus has them. */
import { type Alert, ALERTS } from "./operator-alerts.ts";
import type { AlertSettings, OperatorSettings, RawObject } from "./operator-settings.ts";

/**
 * @param name the install's
 * @param job the label by which its metrics are found among other installs'; undefined where it is not known
 * @throws where settings name an alert that there is not, or a threshold that it has not
 */
export function alertGroups(name: string, settings: OperatorSettings, job: string | undefined): RawObject[] {
  const { namespace, alerts = {} } = settings;
  check(alerts);
  const operator = job === undefined ? "" : `namespace=${JSON.stringify(namespace)},job=${JSON.stringify(job)}`;
  const rules = ALERTS.filter(({ alert }) => alerts.rules?.[alert]?.enabled !== false).map((alert) =>
    rule(alert, alerts, { operator, ownLabels: { namespace, operator: name } }),
  );
  return [...(rules.length > 0 ? [{ name, rules }] : []), ...(alerts.additionalGroups ?? [])];
}

interface Install {
  /** Labels of its metrics, as an expression has them. */
  readonly operator: string;
  readonly ownLabels: Readonly<Record<string, string>>;
}

function rule({ alert, of, expr, ...texts }: Alert, alerts: AlertSettings, install: Install): RawObject {
  const { labels, runbookUrl = "docs/runbooks", rules = {} } = alerts;
  const { severity = texts.severity, for: lasts = texts.for, threshold = texts.threshold?.value } = rules[alert] ?? {};
  const whose = of === "feed" ? { namespace: '{{ reReplaceAll "/.*" "" $labels.feed }}' } : install.ownLabels;
  return {
    alert,
    expr: expr.replaceAll("$operator", () => install.operator).replaceAll("$threshold", () => String(threshold)),
    for: lasts,
    labels: { severity, ...whose, ...labels },
    annotations: {
      summary: texts.summary,
      description: texts.description,
      runbook_url: `${runbookUrl.replace(/\/$/, "")}/${alert}.md`,
    },
  };
}

function check({ rules = {} }: AlertSettings): void {
  for (const [name, { threshold }] of Object.entries(rules)) {
    const alert = ALERTS.find((each) => each.alert === name);
    const all = ALERTS.map((each) => each.alert).join(", ");
    if (alert === undefined) throw new Error(`alerts.rules has ${name}, which is no alert. There are ${all}.`);
    if (threshold !== undefined && alert.threshold === undefined) {
      throw new Error(`alerts.rules.${name}.threshold is ${threshold}, but ${name} has none. Leave it out.`);
    }
  }
}
