/**
 * An account of every block of commands in the pages: which test runs it, or why none does. A block with a mark is run by
 * name; of blocks without one, each command is a look (page-commands.ts), or has its line here. So no block comes into a
 * page unseen: see page-account.test.ts.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fences } from "./markdown.ts";
import { commandsOf, isLook, LOOKING_PAGES } from "./page-commands.ts";

const root = join(import.meta.dirname, "..");

/** Tests that run marked blocks: by the page's path and the mark's name, which both stand in them. */
export const RUNNERS = [
  "test/docs.test.ts",
  "test/charts.test.ts",
  "test/charts.e2e.test.ts",
  "test/ten-stocks.e2e.test.ts",
  "cdk8s/objects.e2e.test.ts",
];

/** Pages that a test follows from end to end, block after block in one shell. */
export const FOLLOWED = {
  test: "test/terraform/pages.e2e.test.ts",
  pages: ["docs/quickstart-gke.md", "docs/terraform.md"],
};

/** Commands that a test runs by itself: page, how the command begins, and the test. */
export const RUN_ELSEWHERE: readonly (readonly [page: string, command: string, test: string])[] = [
  ["README.md", "npm ci && npm start", "test/readme-start.test.ts"],
  ["docs/quickstart-laptop.md", "npm ci && npm start", "test/readme-start.test.ts"],
  ["README.md", "npm cit", ".ci/run"],
  ["CONTRIBUTING.md", "npm ci", ".ci/run"],
  ["CONTRIBUTING.md", "npx stockfeed dev -f examples/ten-stocks.yaml", "test/readme-start.test.ts"],
  ["CONTRIBUTING.md", "node src/main/stockfeed.ts --help", "scripts/cli-reference.ts"],
  ["docs/quickstart-laptop.md", "npx stockfeed dev -f tech.yaml", "test/docs.test.ts"],
  ["docs/quickstart-laptop.md", "npx stockfeed dev -f examples/ten-stocks.yaml --speed 60", "test/docs.test.ts"],
  ["docs/bigquery.md", "node test/bigquery/main.ts --port 9050", "test/bigquery/bigquery-server.e2e.test.ts"],
  ["docs/bigquery.md", "export BIGQUERY_EMULATOR_HOST=", "test/bigquery/bigquery-server.e2e.test.ts"],
  ["docs/quickstart-kubernetes.md", "npm ci", ".ci/run"],
];

/** Commands that no test runs, by why: page, and how the command begins. */
export const NOT_RUN: Readonly<Record<string, readonly (readonly [page: string, command: string])[]>> = {
  "Google Cloud can't be reached": [
    ["docs/controller.md", "gcloud pubsub topics list"],
    ["docs/controller.md", "gcloud pubsub subscriptions list"],
    ["docs/dataflow.md", "gcloud services enable"],
    ["docs/dataflow.md", "gcloud storage buckets create"],
    ["docs/dataflow.md", "gcloud iam service-accounts create"],
    ["docs/dataflow.md", "gcloud dataflow jobs list"],
    ["docs/dataflow.md", "gcloud dataflow jobs describe"],
    ["docs/runbooks/StockFeedJobFailed.md", "gcloud dataflow jobs list"],
    ["docs/runbooks/StockFeedJobFailed.md", "gcloud logging read"],
    ["docs/uninstall.md", "gcloud pubsub subscriptions delete"],
    ["docs/uninstall.md", "gcloud pubsub topics delete"],
  ],
  "there is no Docker engine; image.e2e, worker-image and bigquery-image.e2e.test.ts take the Dockerfiles' steps": [
    ["docs/dataflow.md", "docker build"],

    ["docs/dataflow.md", "docker push"],
    ["docs/quickstart-kubernetes.md", "docker build -t"],
    ["docs/quickstart-kubernetes.md", "docker build -f"],
    ["docs/quickstart-kubernetes.md", "docker image rm"],
    ["docs/security.md", "docker run"],
  ],
  "kind wants a Docker engine": [
    ["docs/quickstart-kubernetes.md", "kind create cluster"],
    ["docs/quickstart-kubernetes.md", "kind load docker-image"],
    ["docs/quickstart-kubernetes.md", "kind delete cluster"],
  ],
  "the images of Deployments that it waits for want a network": [
    ["docs/quickstart-kubernetes.md", "kubectl wait --for=condition=Available -n emulators"],
  ],
  "a node's kubelet answers it, and that of the tests serves no ports and no metrics": [
    ["docs/quickstart-kubernetes.md", "kubectl port-forward"],
    ["docs/runbooks/StockFeedWatermarkLag.md", "kubectl top pod"],
  ],
  "it wants an account of the provider; the providers' tests hold what it asks to the public formats": [
    ["docs/quickstart-laptop.md", "npx stockfeed doctor -f real.yaml"],
    ["docs/quickstart-laptop.md", "npx stockfeed dev -f real.yaml"],
  ],
  "the chart's defaults name an image that nobody has; charts.test.ts renders them, charts.e2e.test.ts installs another":
    [["charts/stockfeed-operator/README.md", "helm install stockfeed-operator"]],
  "there is no Alertmanager to ask": [["docs/runbooks/README.md", "amtool silence add"]],
  "it asks a registry for what is known today, which no test may hang on": [
    ["docs/security.md", "npm audit --omit=dev"],
    ["docs/cdk8s.md", "(cd CHECKOUT && npm ci && npm pack"],
    ["docs/cdk8s.md", "npm install cdk8s constructs"],
  ],
  "it is npm start from the sources, run again at each edit": [["CONTRIBUTING.md", "npm run dev"]],
  "an address that only the reader knows": [["docs/quickstart-kubernetes.md", "git clone REPOSITORY"]],
  "a setting of the shell, which tests make their own way": [
    ["docs/quickstart-kubernetes.md", "export PATH="],
    ["docs/quickstart-kubernetes.md", "unset BIGQUERY_EMULATOR_HOST"],
  ],
};

/** A command of a block without a mark, or a marked block as a whole. */
export interface AccountItem {
  readonly page: string;
  readonly line: number;
  readonly marks: readonly string[];
  /** Undefined of a marked block. */
  readonly command?: string;
}

/** Pages that have commands to type. */
export const PAGES = globSync(
  ["*.md", "docs/**/*.md", "charts/*/README.md", "terraform/**/README.md", "examples/**/*.md", "bench/**/*.md"],
  { cwd: root },
).toSorted();

/** Languages of blocks that are typed into a shell. */
const SHELLS = ["sh", "bash", "shell", "console", "zsh"];

/** All that the pages have one type. */
export function accountItems(): AccountItem[] {
  return PAGES.flatMap((page) =>
    fences(readFileSync(join(root, page), "utf8"))
      .filter(({ language }) => SHELLS.includes(language))
      .flatMap(({ marks, text, line }): AccountItem[] => {
        if (marks.length > 0) return [{ page, line, marks }];
        return commandsOf(text).map((command) => ({ page, line, marks, command }));
      }),
  );
}

/** Commands of marked blocks, which elsewhere need no run of their own. */
export function commandsOfMarked(): ReadonlySet<string> {
  const marked = PAGES.flatMap((page) => fences(readFileSync(join(root, page), "utf8"))).filter(
    ({ language, marks }) => language === "sh" && marks.length > 0,
  );
  return new Set(marked.flatMap(({ text }) => commandsOf(text)));
}

/** Whether a page's command is run without a mark, as it looks only. */
export function isRunAsLook(page: string, command: string): boolean {
  return LOOKING_PAGES.includes(page) && isLook(command);
}
