/**
 * A fleet of feeds from a list, and the operator that runs them, as a cdk8s app. `npm run synth` writes it to dist/cdk8s;
 * docs/cdk8s.md says how it is applied. Outside this repository the import is the same, and the page says how an app gets
 * the package.
 */
import { App, Chart, YamlOutputType } from "cdk8s";
import { StockFeed, StockFeedOperator } from "stockfeed/cdk8s";

const PROJECT = "acme";

/** Feeds by name: their symbols. */
const FLEET = {
  tech: ["AAPL", "MSFT", "GOOG", "NVDA"],
  energy: ["XOM", "CVX", "COP"],
  gold: ["GLD", "IAU"],
};

const app = new App({
  outdir: "dist/cdk8s",
  outputFileExtension: ".yaml",
  yamlOutputType: YamlOutputType.FILE_PER_CHART,
});

const system = new Chart(app, "operator", { disableResourceNameHashes: true });
new StockFeedOperator(system, "operator", {
  namespace: "stockfeed-system",
  image: "stockfeed:dev",
  imagePullPolicy: "IfNotPresent",
  allowedProjects: [PROJECT],
});

const feeds = new Chart(app, "feeds", { namespace: "default", disableResourceNameHashes: true });
for (const [name, symbols] of Object.entries(FLEET)) {
  new StockFeed(feeds, name, {
    metadata: { name },
    spec: {
      symbols,
      provider: { type: "Simulated" },
      pubsub: { projectId: PROJECT },
      sink: { bigQuery: { projectId: PROJECT, dataset: "markets" } },
    },
  });
}

app.synth();
