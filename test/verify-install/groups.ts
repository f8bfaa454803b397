/** What `npm run verify:install` looks at: each part of an install, and the test files that hold it to its word. */
export interface Group {
  readonly name: string;
  /** What it shows, in a few words. */
  readonly what: string;
  /** Its test files, as patterns from the repository's root; each pattern has to name one at least. */
  readonly files: readonly string[];
}

export const GROUPS: readonly Group[] = [
  {
    name: "helm",
    what: "both charts: lint, render, install, test, upgrade, roll back, uninstall, install again",
    files: ["test/charts.test.ts", "test/charts.e2e.test.ts", "test/chart-metadata.test.ts"],
  },
  {
    name: "cdk8s",
    what: "constructs and npm run synth, equal to the charts, applied to the API server, and to Prometheus' own CRDs",
    files: [
      "cdk8s/*.test.ts",
      "test/cdk8s-package.test.ts",
      "test/charts-and-constructs.test.ts",
      "test/examples.test.ts",
    ],
  },
  {
    name: "image",
    what: "the image's file tree, its list of packages, and its entry points as another user on a read-only tree",
    files: ["test/image.e2e.test.ts", "test/docker-context.test.ts"],
  },
  { name: "terraform", what: "modules, plans and views of the Terraform code", files: ["test/terraform/*.test.ts"] },
  {
    name: "dashboards",
    what: "every query of every board, on Prometheus and BigQuery's SQL",
    files: ["src/dashboards/**/*.test.ts", "test/grafana/*.test.ts", "test/dashboards.e2e.test.ts"],
  },
  { name: "alerts", what: "every alert's rule, with promtool", files: ["{src,test}/**/*alert*.test.ts"] },
  {
    name: "docs",
    what: "the pages' own commands, on a laptop and on a cluster, and others' by their help",
    files: ["test/docs*.test.ts", "test/page-account.test.ts", "test/ten-stocks.e2e.test.ts"],
  },
];
