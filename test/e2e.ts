/**
 * `npm run e2e`: makes the heavy parts that are missing, says how long each took, and runs the end-to-end tests on them.
 * What cannot be made on this machine is said; its tests are then skipped, or fail under CI=true.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { buildControlPlane, builtControlPlane } from "./control-plane/build.ts";
import { installZetasql } from "./bigquery/zetasql-package.ts";
import { cacheDirectory } from "./heavy-parts.ts";
import { kubeTool } from "./kube-tools.ts";
import { fetchMonitoringCrds } from "./monitoring-crds.ts";
import { buildPrism, builtPrism } from "./prism/build.ts";
import { installPythonBeam } from "./python-beam/python-beam.ts";
import { fetchProviderClasses } from "./terraform/provider-package.ts";

const HELP = `Runs the end-to-end tests, after making what they need.

Usage: npm run e2e [-- ARGUMENTS OF THE TEST RUNNER]

  npm run e2e                              all of them
  npm run e2e -- src/adapters/kubernetes   those of a directory
  npm run e2e -- -t "snapshot"             those of a name
  npm run e2e -- --parts                   makes the parts alone

Parts are kept in ${cacheDirectory()}; STOCKFEED_TEST_CACHE names another directory.
STOCKFEED_TEST_KUBECONFIG (an existing cluster) or KUBEBUILDER_ASSETS (a directory with etcd, kube-apiserver and
kube-controller-manager) take the place of the control plane that is built.
`;

interface Part {
  readonly name: string;
  readonly make: (say: (line: string) => void) => Promise<unknown>;
}

/** One after the other in each line, the lines beside each other: downloads mostly wait, builds take every core. */
const lines: readonly (readonly Part[])[] = [
  [
    { name: "kubectl and helm", make: () => kubeTool("kubectl") },
    { name: "Google's GoogleSQL, for BigQuery", make: installZetasql },
    { name: "Apache Beam for Python", make: installPythonBeam },
    { name: "the google provider's schema, for Terraform", make: fetchProviderClasses },
    { name: "CRDs for Prometheus", make: fetchMonitoringCrds },
  ],
  [
    { name: "control plane", make: makeControlPlane },
    { name: "Prism, a Beam runner", make: makePrism },
  ],
];

async function makeControlPlane(say: (line: string) => void): Promise<void> {
  const { STOCKFEED_TEST_KUBECONFIG, KUBEBUILDER_ASSETS } = process.env;
  const given = STOCKFEED_TEST_KUBECONFIG ?? KUBEBUILDER_ASSETS;
  if (given !== undefined) {
    say(`taken from ${given}`);
    return;
  }
  if ((await builtControlPlane()) === undefined) say("go build, which takes some minutes where nothing is built yet");
  await buildControlPlane(say);
}

async function makePrism(say: (line: string) => void): Promise<void> {
  if ((await builtPrism()) === undefined) say("go build, which takes a minute or some where nothing is built yet");
  await buildPrism(say);
}

async function makeParts(parts: readonly Part[]): Promise<void> {
  for (const { name, make } of parts) {
    const start = performance.now();
    const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
    try {
      await make((line) => {
        console.log(`  ${name}: ${line}, ${seconds()}`);
      });
      console.log(`${name}: ready, ${seconds()}`);
    } catch (error) {
      console.log(`${name}: cannot be had. ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

async function runTests(args: readonly string[]): Promise<number> {
  const vitest = ["vitest", "run", "--config", "vitest.e2e.config.ts", "--passWithNoTests", ...args];
  const child = spawn("npx", ["--no-install", ...vitest], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

const args = process.argv.slice(2);
if (args.includes("--help")) {
  console.log(HELP);
} else {
  await Promise.all(lines.map((parts) => makeParts(parts)));
  if (!args.includes("--parts")) process.exitCode = await runTests(args);
}
