/**
 * The architecture as rules: imports run one way,
 *   api, quotes, windows, views, plan, lanes (pure) → cdk8s, dashboards; ports → adapters, poll, stream, replay, pipeline, reconcile,
 *   console → main.
 * @type {import("dependency-cruiser").IConfiguration}
 */
const pure = "^src/(api|quotes|windows|views|plan|lanes)/";

export default {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "pure-core",
      comment: "The core knows no ports, no adapters and no entrypoints.",
      severity: "error",
      from: { path: pure, pathNot: "\\.test\\.ts$" },
      to: { path: "^src/", pathNot: pure },
    },
    {
      name: "pure-core-no-io",
      comment: "No clock, no network, no files, no processes inside the core.",
      severity: "error",
      from: { path: pure, pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "ports-see-the-core-only",
      severity: "error",
      from: { path: "^src/((controller|job)-)?ports\\.ts$" },
      to: { path: "^src/", pathNot: pure },
    },
    {
      name: "adapters-see-ports",
      comment: "An adapter imports the core, the ports and itself, never another adapter or a room.",
      severity: "error",
      from: { path: "^src/adapters/([^/]+)/", pathNot: "\\.test\\.ts$" },
      to: { path: "^src/", pathNot: ["^src/adapters/$1/", "^src/((controller|job)-)?ports\\.ts$", pure] },
    },
    {
      name: "rooms-see-ports",
      comment:
        "poll, stream, replay, pipeline, reconcile and console work on ports alone; main hands them their adapters.",
      severity: "error",
      from: { path: "^src/(poll|stream|replay|pipeline|reconcile|console)/", pathNot: "\\.test\\.ts$" },
      to: { path: "^src/", pathNot: ["^src/$1/", "^src/((controller|job)-)?ports\\.ts$", pure] },
    },
    {
      name: "worker-sees-the-pipeline",
      comment: "What a Dataflow job's workers run, and the functions of pipelines that they run; nothing of a cluster.",
      severity: "error",
      from: { path: "^src/worker/", pathNot: "\\.test\\.ts$" },
      to: { path: "^src/", pathNot: ["^src/(worker|pipeline)/", pure] },
    },
    {
      name: "constructs-see-the-core-only",
      comment: "The constructs make objects of feeds; the controller uses them at run time.",
      severity: "error",
      from: { path: "^cdk8s/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(src|test|bench|scripts)/", pathNot: pure },
    },
    {
      name: "dashboards-see-the-core-only",
      comment: "Boards are data: what they import is pure, or Grafana's SDK. No program loads them.",
      severity: "error",
      from: { path: "^src/dashboards/", pathNot: "\\.test\\.ts$" },
      to: {
        path: ["^src/", "^node_modules/"],
        pathNot: ["^src/dashboards/", pure, "^node_modules/@grafana/grafana-foundation-sdk/"],
      },
    },
    {
      name: "programs-know-no-dashboards",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/dashboards/" },
      to: { path: "^src/dashboards/" },
    },
    {
      name: "nothing-imports-main",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/main/" },
      to: { path: "^src/main/" },
    },
    {
      name: "src-imports-no-tests",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(test|bench|scripts)/" },
    },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "node", "default"] },
  },
};
