/** The charts' pages: a README beside each, and the reference of all values. */
import { feedsValuesTable } from "./feeds.ts";
import { valuesTable } from "./files.ts";

/** The README of the chart `stockfeed-operator`. */
export function chartReadme(): string {
  return `<!-- Made by npm run generate from scripts/chart/; edit it there. -->

# stockfeed-operator

Installs the controller of StockFeeds, and the kind StockFeed. Feeds are applied by \`kubectl apply\`, or by the chart
\`stockfeeds\` in a release of its own: a release can't hold a kind and its resources at once.

\`\`\`sh
helm install stockfeed-operator charts/stockfeed-operator --namespace stockfeed-system --create-namespace --wait
helm test stockfeed-operator --namespace stockfeed-system
\`\`\`

- **Upgrade** with \`helm upgrade\`: the CRD is a template, so it is upgraded too. Feeds poll on meanwhile: their CronJobs,
  topics and engines are the cluster's and the cloud's, and the operator finds them again.
- **Uninstall** with \`helm uninstall\`: the CRD and all feeds stay (\`crds.keep\`), and poll on. A feed that is deleted while
  no operator runs waits for one, since its topic is to go too; \`kubectl stockfeed orphan\` frees it without.
- **Rights**: \`files/rules.yaml\`, each of which a test takes away and sees missed. With \`namespaces\` the operator has them
  in those alone.
- **Workload Identity**: \`serviceAccount.annotations\` names the Google service account, which needs
  \`roles/pubsub.editor\` and \`roles/bigquery.metadataViewer\`.
- **Alerts**: \`monitoring.prometheusRule.enabled\`, each with [a runbook](../../docs/runbooks/README.md).

## Values

${valuesTable()}
`;
}

/** The README of the chart `stockfeeds`. */
export function feedsChartReadme(): string {
  return `<!-- Made by npm run generate from scripts/chart/; edit it there. -->

# stockfeeds

Makes StockFeeds from a list of values, on a cluster that has the chart \`stockfeed-operator\` already.

\`\`\`yaml
# feeds.yaml
defaults:
  pubsub: { projectId: my-project }
  sink: { bigQuery: { projectId: my-project, dataset: markets } }
feeds:
  - name: tech
    spec: { symbols: [AAPL, MSFT, NVDA], provider: { type: Simulated } }
\`\`\`

\`\`\`sh
helm install feeds charts/stockfeeds --namespace markets --create-namespace --values feeds.yaml
\`\`\`

Values are checked against the schema of the CRD: what the API server would refuse of types and fields, Helm refuses before
anything is applied. A feed that is taken out of the list is deleted by the next upgrade, and its \`deletionPolicy\` says what
becomes of its topic and subscriptions; \`helm uninstall\` deletes all of them. Do that while the operator runs.

## Values

${feedsValuesTable()}
`;
}

/** The reference of both charts' values, docs/reference/values.md. */
export function valuesReference(): string {
  return `<!-- Generated from scripts/chart by npm run generate; edit it there. -->

# Values of the charts

[Installing with Helm](../helm.md) says which of these most want to set. Each chart's \`values.schema.json\` refuses names and
types that are not here.

## stockfeed-operator

${valuesTable()}

## stockfeeds

${feedsValuesTable()}

Fields of \`spec\` are those of [a StockFeed](stockfeed.md#spec).
`;
}
