/**
 * `stockfeed/cdk8s` as an app outside this repository has it: the packed package, beside its dependencies and no others, held
 * to the types of the app with all declarations checked, and the apps of docs/cdk8s.md run on it.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../src/api/kube-object.ts";
import { fences } from "./markdown.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
/** What an app brings itself: TypeScript's own part of it, which cdk8s' declarations want. */
const APPS_OWN = ["@types/node"];
const COMPILER = {
  module: "nodenext",
  target: "es2024",
  strict: true,
  skipLibCheck: false,
  noEmit: true,
  types: ["node"],
};

let app: string;
let blocks: string[];

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), "stockfeed-cdk8s-app-"));
  const packed = await run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", app], { cwd: root });
  await run("tar", ["-xzf", packed.stdout.trim()], { cwd: app });
  const modules = join(app, "node_modules");
  await mkdir(modules);
  await cp(join(app, "package"), join(modules, "stockfeed"), { recursive: true });
  const { dependencies } = JSON.parse(await readFile(join(app, "package", "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const name of [...Object.keys(dependencies), ...APPS_OWN]) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(root, "node_modules", name), join(modules, name));
  }
  blocks = fences(await readFile(join(root, "docs/cdk8s.md"), "utf8"))
    .filter(({ language }) => language === "ts")
    .map(({ text }) => text);
  await writeFile(join(app, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions: COMPILER, include: ["*.ts"] }));
  for (const [index, text] of blocks.entries()) await writeFile(join(app, `app-${index}.ts`), text);
}, 120_000);
afterAll(() => rm(app, { recursive: true }));

/** Types of a wrong app are seen to be wrong, so that what passes was looked at. */
it("has types that an app is held to, with none of its declarations skipped", async () => {
  await writeFile(
    join(app, "wrong.ts"),
    `import type { StockFeedSpecInput } from "stockfeed/cdk8s";\nexport const spec: StockFeedSpecInput = { symbols: "AAPL" };\n`,
  );
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const ended = run(process.execPath, [compiler, "--pretty", "false"], { cwd: app });
  const { stdout: said } = (await ended.catch((error: unknown) => error)) as { readonly stdout: string };
  expect(said.split("\n").filter((line) => line !== "" && !line.startsWith(" "))).toEqual([
    expect.stringMatching(/^wrong\.ts\(2,\d+\): error TS\d+: /),
  ]);
}, 120_000);

it("makes of the page's apps a fleet of feeds, and an operator", async () => {
  expect(blocks).toHaveLength(2);
  const made: KubeObject[] = [];
  for (const index of blocks.keys()) {
    await run(process.execPath, [`app-${index}.ts`], { cwd: app });
    for (const file of await readdir(join(app, "dist"))) {
      const documents = parseAllDocuments(await readFile(join(app, "dist", file), "utf8"), { version: "1.1" });
      made.push(...documents.map((document) => document.toJS() as KubeObject));
    }
    await rm(join(app, "dist"), { recursive: true });
  }
  const named = made.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);
  expect(named).toEqual(
    expect.arrayContaining([
      "StockFeed markets/tech",
      "StockFeed markets/energy",
      "Deployment stockfeed-system/stockfeed-operator",
      "PrometheusRule stockfeed-system/stockfeed-operator",
    ]),
  );
}, 60_000);
