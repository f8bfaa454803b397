/** Grafana's boards in ConfigMaps, from the very files that the chart has. */
import * as k8s from "cdk8s-plus-27/lib/imports/k8s.js";
import type { Construct } from "constructs";
import dataflow from "../charts/stockfeed-operator/dashboards/dataflow.json" with { type: "json" };
import feed from "../charts/stockfeed-operator/dashboards/feed.json" with { type: "json" };
import market from "../charts/stockfeed-operator/dashboards/market.json" with { type: "json" };
import operator from "../charts/stockfeed-operator/dashboards/operator.json" with { type: "json" };
import { operatorLabels } from "./operator-labels.ts";
import type { OperatorSettings } from "./operator-settings.ts";

const BOARDS: Readonly<Record<string, object>> = { dataflow, feed, market, operator };
/** What boards ask for where nobody says otherwise: the texts that an install puts its own in the place of. */
const PLACEHOLDERS = { project: "acme", dataset: "markets" };
/** As many as a label may have, to which the names of parts are cut. */
const LONGEST_NAME = 63;

export function boards(scope: Construct, name: string, settings: OperatorSettings): void {
  const { namespace, dashboards: own } = settings;
  if (own === undefined) return;
  const labels = { ...operatorLabels(name), ...(own.labels ?? { grafana_dashboard: "1" }) };
  const annotations = own.annotations ?? { grafana_folder: "StockFeed" };
  for (const [board, contents] of Object.entries(BOARDS)) {
    new k8s.KubeConfigMap(scope, `board-${board}`, {
      metadata: {
        name: `${name}-board-${board}`.slice(0, LONGEST_NAME).replace(/-$/, ""),
        namespace: own.namespace ?? namespace,
        labels,
        annotations,
      },
      data: { [`stockfeed-${board}.json`]: textOf(contents, settings) },
    });
  }
}

/** A board's JSON, which begins with the install's project and dataset. */
function textOf(board: object, settings: OperatorSettings): string {
  const begins = (key: string, value: unknown) => {
    if (key !== "query") return value;
    if (value === PLACEHOLDERS.project) return settings.project ?? value;
    return value === PLACEHOLDERS.dataset ? (settings.dataset ?? value) : value;
  };
  return JSON.stringify(board, begins, 2);
}
