import { valuesTable } from "./files.ts";

/** The README of the chart `stockfeed-operator`. */
export function chartReadme(): string {
  return `<!-- Made by npm run generate from scripts/chart/; edit it there. -->

# stockfeed-operator

Installs the controller of StockFeeds, and the kind StockFeed. Feeds are applied by \`kubectl apply\`, or by the chart
\`stockfeeds\` in a release of its own: a release can't hold a kind and its resources at once.

\`\`\`sh
helm install stockfeed-operator charts/stockfeed-operator --namespace stockfeed-system --create-namespace
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

## Values

${valuesTable()}
`;
}
