/**
 * examples/kubernetes/bigquery.Dockerfile by its own steps, as image.e2e.test.ts takes those of the Dockerfile: its server is
 * started as its user, and asked. Of packages those of this checkout and of the tests' cache are taken, not installed anew:
 * of `npm ci` and of the package's install it is only held that they are what the file says.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyContext } from "../docker-context.ts";
import { asContainer } from "../like-a-container.ts";
import { withoutZetasql } from "./require-zetasql.ts";
import { installZetasql } from "./zetasql-package.ts";

const run = promisify(execFile);
const DOCKERFILE = "examples/kubernetes/bigquery.Dockerfile";

describe.skipIf(withoutZetasql())("the image of the BigQuery for tests", { timeout: 120_000 }, () => {
  let directory: string;
  let app: string;
  let steps: string[];

  beforeAll(async () => {
    steps = (await readFile(DOCKERFILE, "utf8")).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    directory = await mkdtemp(join(tmpdir(), "stockfeed-bigquery-image-"));
    await chmod(directory, 0o755);
    app = join(directory, "app");
    for (const step of steps) await take(step);
  }, 120_000);
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const env: Record<string, string> = { PATH: process.env.PATH ?? "" };
  const here = (text: string) => text.replace(/^\/app(?=\/|$)/, app);

  /** Does what a builder would at a line of the file. @throws Error for a line that is not known here */
  async function take(step: string): Promise<void> {
    const [instruction = ""] = step.split(" ", 1);
    const rest = step.slice(instruction.length + 1);
    if (step === "FROM node:24-slim" || step === "COPY package.json package-lock.json ./") return;
    if (instruction === "USER" || instruction === "ENTRYPOINT") return;
    if (step === "WORKDIR /app") await mkdir(app);
    else if (step === "RUN npm ci --ignore-scripts") await symlink(resolve("node_modules"), join(app, "node_modules"));
    else if (step === "COPY . .") await copyContext(".", app);
    else if (instruction === "ENV") {
      const [name = "", value = ""] = rest.split("=");
      env[name] = here(value);
    } else if (instruction === "RUN" && rest.startsWith("node ")) {
      await putCache();
      await run("sh", ["-e", "-c", rest], { cwd: app, env });
    } else throw new Error(`${DOCKERFILE}: "${step}" is a step that this test does not know.`);
  }

  /** The package is in the image's cache already: a copy of the tests', by links where the file system allows that. */
  async function putCache(): Promise<void> {
    const entry = resolve(await installZetasql(), "../../..");
    const cache = env.STOCKFEED_TEST_CACHE ?? "";
    await mkdir(cache);
    const to = join(cache, basename(entry));
    await run("cp", ["-al", entry, to]).catch(() => run("cp", ["-a", entry, to]));
  }

  it("answers GoogleSQL, as a user with a number on a tree to read only", async () => {
    const [user = ""] = /(?<=^USER )\d+(?=:\d+$)/m.exec(steps.join("\n")) ?? [];
    expect(Number(user)).toBeGreaterThan(0);
    const [entry = "[]"] = /(?<=^ENTRYPOINT ).*$/m.exec(steps.join("\n")) ?? [];
    const [program, ...words] = JSON.parse(entry) as string[];
    expect(program).toBe("node");
    const writable = join(directory, "writable");
    await mkdir(writable);
    const flags = ["--host=127.0.0.1", "--port=0", "--project=acme"];
    const started = asContainer([process.execPath, ...words.map(here), ...flags], { user, tree: app, writable });
    const [command = "", ...args] = started;
    const server = spawn(command, args, { cwd: app, env, stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(server, "exit");
    const lines = createInterface({ input: server.stdout });
    const [said] = (await Promise.race([once(lines, "line"), ended])) as [unknown];
    const [url = ""] = /http:\/\/\S+(?=,)/.exec(String(said)) ?? [];
    expect(url, `It says, or ends with: ${String(said)}`).not.toBe("");
    const body = JSON.stringify({ useLegacySql: false, query: "SELECT SUM(n) AS n FROM UNNEST([1, 41]) AS n" });
    const answer = await fetch(`${url}/bigquery/v2/projects/acme/queries`, { method: "POST", body });
    expect(await answer.json()).toMatchObject({ jobComplete: true, rows: [{ f: [{ v: "42" }] }] });
    server.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });
});
