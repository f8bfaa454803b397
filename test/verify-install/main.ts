/**
 * `npm run verify:install`: whether the artifacts that a platform engineer installs do what they say, each on the real tool.
 * It runs the tests of each group by the test runner, and prints a line a group; what failed is named below. It adds no
 * check of its own: `npm test` and `npm run e2e` run the same files.
 *
 * Exits with 1 where a group failed. Under CI=true a group without tests fails too.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Group, GROUPS } from "./groups.ts";
import { lineOf, type Run, runSchema, type Verdict, verdictOf } from "./report.ts";

const CONFIGS = ["vitest.config.ts", "vitest.e2e.config.ts"] as const;

const HELP = `Tries what is installed on a cluster, each artifact on the real tool, and prints a line for each.

Usage: npm run verify:install [-- GROUP…]

${GROUPS.map(({ name, what }) => `  ${name.padEnd(10)}  ${what}`).join("\n")}
`;

async function verify({ files: patterns }: Group, reports: string): Promise<Verdict> {
  const found = patterns.map((pattern) => ({ pattern, files: globSync(pattern).toSorted() }));
  const files = [...new Set(found.flatMap((each) => each.files))];
  const runs: Run[] = [];
  for (const config of CONFIGS) {
    const isE2e = config === "vitest.e2e.config.ts";
    const own = files.filter((file) => file.endsWith(".e2e.test.ts") === isE2e);
    if (own.length > 0) runs.push(await runTests(config, own, join(reports, `${config}.json`)));
  }
  return verdictOf(
    runs,
    found.filter((each) => each.files.length === 0).map(({ pattern }) => pattern),
  );
}

/** Runs test files; what they and the runner print goes to standard error, and only where one fails. */
async function runTests(config: string, files: readonly string[], report: string): Promise<Run> {
  await rm(report, { force: true });
  const vitest = [
    "vitest",
    "run",
    "--config",
    config,
    "--reporter=default",
    "--reporter=json",
    `--outputFile=${report}`,
    ...files,
  ];
  const child = spawn("npx", ["--no-install", ...vitest], { stdio: ["ignore", "pipe", "pipe"] });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => said.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) process.stderr.write(Buffer.concat(said));
  const text = await readFile(report, "utf8").catch(() => undefined);
  if (text !== undefined) return runSchema.parse(JSON.parse(text));
  const message = `The test runner ended with ${code ?? "a signal"} and left no report.`;
  return { testResults: files.map((name) => ({ name, status: "failed", message, assertionResults: [] })) };
}

/** Makes the heavy parts that are missing; what can't be had is said, and its tests are skipped. */
async function makeParts(): Promise<void> {
  await once(spawn(process.execPath, ["test/e2e.ts", "--parts"], { stdio: "inherit" }), "exit");
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !GROUPS.some((group) => group.name === name));
  if (unknown.length > 0) {
    console.error(`There is no group ${unknown.join(", ")}. There are ${GROUPS.map(({ name }) => name).join(", ")}.`);
    return 2;
  }
  await makeParts();
  const reports = await mkdtemp(join(tmpdir(), "stockfeed-verify-"));
  let failed = 0;
  for (const group of GROUPS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const start = performance.now();
    const verdict = await verify(group, reports);
    console.log(lineOf(group.name, verdict, (performance.now() - start) / 1000));
    for (const failure of verdict.failures) console.log(`         ${failure}`);
    if (verdict.state === "failed" || (verdict.state === "skipped" && process.env.CI === "true")) failed += 1;
  }
  await rm(reports, { recursive: true });
  return failed === 0 ? 0 : 1;
}

const args = process.argv.slice(2);
if (args.includes("--help")) console.log(HELP);
else process.exitCode = await main(args);
