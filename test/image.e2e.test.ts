/**
 * The image's file tree, made by the very steps of the Dockerfile, since no engine that builds images may be at hand; and
 * its programs, started from it as its user, who may write nothing there. Where the machine lets this test mount, the whole
 * file system is read-only to them too, as under `readOnlyRootFilesystem`.
 */
import { execFile, spawn } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeSummary } from "../src/quotes/poll-summary.ts";
import { copyContext } from "./docker-context.ts";
import { asContainer, mayMount, maySwitchUser } from "./like-a-container.ts";
import { readReport, reportingTo } from "./start-report.ts";

const run = promisify(execFile);
const DOCKERFILE = "Dockerfile";
/** The image's user, as its last stage says. */
const USER = "65532";

const FEED = {
  apiVersion: "stockfeed.dev/v1alpha1",
  kind: "StockFeed",
  metadata: { name: "tech", namespace: "markets" },
  spec: {
    symbols: ["AAPL"],
    provider: { type: "Simulated" },
    pubsub: { projectId: "acme" },
    sink: { bigQuery: { projectId: "acme", dataset: "markets" } },
  },
};

/** What is looked at of a CycloneDX list. https://cyclonedx.org/docs/1.5/json/ */
interface SoftwareList {
  readonly metadata: { readonly component: { readonly purl: string } };
  readonly components: readonly { readonly purl: string }[];
}

describe("the image", { timeout: 600_000 }, () => {
  let directory: string;
  let image: string;
  /** The one place that programs may write to: a container's termination log is a mount of its own too. */
  let writable: string;
  let instructions: string[];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "stockfeed-image-"));
    await chmod(directory, 0o755);
    image = join(directory, "app");
    writable = join(directory, "writable");
    await mkdir(writable);
    const build = join(directory, "build");
    instructions = (await readFile(DOCKERFILE, "utf8"))
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    await copyContext(".", build);
    for (const step of instructions.filter((line) => line.startsWith("RUN "))) {
      await run("sh", ["-e", "-c", step.slice("RUN ".length)], { cwd: build, maxBuffer: 2 ** 26 });
    }
    for (const line of instructions) {
      const [, from = "", to = ""] = /^COPY --from=build \/app\/(\S+) (\S+)$/.exec(line) ?? [];
      if (from !== "") await cp(join(build, from), join(image, to === "./" ? from : to), { recursive: true });
    }
    await rm(build, { recursive: true });
  }, 600_000);
  afterAll(() => rm(directory, { recursive: true, force: true }));

  /** Starts the image's entry point, and gives what it has said once `enough` is there, or once it ends. */
  async function start(args: readonly string[], env: Readonly<Record<string, string>>, enough?: RegExp) {
    const [, entry = "[]"] =
      /^ENTRYPOINT (.*)$/.exec(instructions.find((line) => line.startsWith("ENTRYPOINT")) ?? "") ?? [];
    const [, ...words] = JSON.parse(entry) as string[];
    const program = [process.execPath, ...words.map((word) => word.replace(/^\/app\//, `${image}/`)), ...args];
    const [command = "", ...rest] = asContainer(program, { user: USER, tree: image, writable });
    const child = spawn(command, rest, { cwd: image, env: { PATH: process.env.PATH, NODE_ENV: "production", ...env } });
    let said = "";
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const heard = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (chunk: string) => {
          said += chunk;
          if (enough?.test(said) === true) resolve();
        });
      }
    });
    await Promise.race([ended, heard]);
    child.kill("SIGTERM");
    return { code: await ended, said };
  }

  it("holds nothing but the program and its production dependencies", async () => {
    expect((await readdir(image)).toSorted()).toEqual(["dist", "node_modules", "package.json", "sbom.cdx.json"]);
    const { dependencies, devDependencies } = JSON.parse(await readFile("package.json", "utf8")) as {
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
    };
    for (const name of Object.keys(dependencies)) await stat(join(image, "node_modules", name));
    for (const name of ["vitest", "eslint", "playwright-core", "fast-check"]) {
      expect(devDependencies[name]).toBeDefined();
      await expect(stat(join(image, "node_modules", name))).rejects.toThrow("ENOENT");
    }
  });

  it("lists every package that is in it, with its version, and no other", async () => {
    const list = JSON.parse(await readFile(join(image, "sbom.cdx.json"), "utf8")) as SoftwareList;
    expect(list).toMatchObject({ bomFormat: "CycloneDX", metadata: { component: { type: "application" } } });
    expect(list.metadata.component.purl).toMatch(/^pkg:npm\/stockfeed@/);
    // By package URL: `name` is that of the folder, and what stands in another package's place has that one's.
    const nameOf = ({ purl }: SoftwareList["components"][number]) =>
      decodeURIComponent(purl.replace("pkg:npm/", "")).replace(/@(?=[^@]*$)/, " ");
    const listed = new Set(list.components.map(nameOf));
    expect([...listed].toSorted()).toEqual(await installedPackages(join(image, "node_modules")));
  });

  it("has no old minimatch, which cdk8s-plus-27 has in its package and nothing here loads", async () => {
    const packages = await installedPackages(join(image, "node_modules"));
    expect(packages.filter((name) => /^(minimatch 3|brace-expansion 1)\./.test(name))).toEqual([]);
  });

  it("runs as a user with a number, on a tree that this user can't write to", () => {
    expect(instructions).toContain(`USER ${USER}:${USER}`);
  });

  // Neither is allowed to everybody: a tree can be made read-only to one program by root alone, in a namespace of mounts.
  it.skipIf(!mayMount && !maySwitchUser)("can write nothing, not even to /tmp, but where it is let", async () => {
    const touch = async (path: string) => {
      const [command = "", ...args] = asContainer(["touch", path], { user: USER, tree: image, writable });
      return await run(command, args).then(
        () => "done",
        (error: unknown) => String(error),
      );
    };
    await chmod(writable, 0o777);
    expect(await touch(join(writable, "x"))).toBe("done");
    expect(await touch(join(image, "x"))).toMatch(mayMount ? /Read-only file system/ : /Permission denied/);
    if (mayMount) expect(await touch("/tmp/stockfeed-image-x")).toMatch(/Read-only file system/);
  });

  it("is a poller that leaves its summary", async () => {
    const log = join(writable, "termination-log");
    await writeFile(log, "");
    await chmod(log, 0o666);
    const { code, said } = await start(["poll"], {
      STOCKFEED_MANIFEST: JSON.stringify(FEED),
      STOCKFEED_JOB_NAME: `tech-poll-${Math.floor(Date.now() / 60_000) - 5}`,
      STOCKFEED_TERMINATION_LOG: log,
      PUBSUB_EMULATOR_HOST: "127.0.0.1:9",
    });
    expect({ code, said }).toMatchObject({ code: 0 });
    expect(decodeSummary(await readFile(log, "utf8"))).toMatchObject({ feed: "markets/tech", slotsPolled: 0 });
  });

  it("starts a poller in 300 ms of the processor and 80 MB, without a client of Kubernetes or of Pub/Sub", async () => {
    const report = join(writable, "report.json");
    await writeFile(report, "");
    await chmod(report, 0o666);
    const peaks: number[] = [];
    const processor: number[] = [];
    for (let starts = 0; starts < 3; starts++) {
      const { code, said } = await start(["poll"], {
        STOCKFEED_MANIFEST: JSON.stringify(FEED),
        STOCKFEED_JOB_NAME: `tech-poll-${Math.floor(Date.now() / 60_000) - 5}`,
        PUBSUB_EMULATOR_HOST: "127.0.0.1:9",
        NODE_OPTIONS: reportingTo(report, { modules: true }),
      });
      expect({ code, said }).toMatchObject({ code: 0 });
      const { peakBytes, cpuMicros, modules } = await readReport(report);
      peaks.push(peakBytes / 1e6);
      processor.push(cpuMicros / 1e3);
      expect(modules.some((url) => url.endsWith("/dist/src/main/poll.js"))).toBe(true);
      expect(modules.filter((url) => /@kubernetes|@google-cloud|@grpc/.test(url))).toEqual([]);
    }
    expect(Math.max(...peaks)).toBeLessThanOrEqual(80);
    // The least of them: what else the machine does adds to the others, to its time much and to the processor's little.
    expect(Math.min(...processor)).toBeLessThanOrEqual(300);
  });

  it("is an engine, which says what it can't reach", async () => {
    const env = {
      STOCKFEED_MANIFEST: JSON.stringify(FEED),
      STOCKFEED_METRICS_PORT: "0",
      PUBSUB_EMULATOR_HOST: "127.0.0.1:9",
      BIGQUERY_EMULATOR_HOST: "http://127.0.0.1:9",
    };
    const { said } = await start(["stream"], env, /markets\/tech[\s\S]*(?:sink|subscription)/);
    expect(said).not.toMatch(/ERR_MODULE_NOT_FOUND|EACCES|EROFS/);
    expect(said).toMatch(/"feed":"markets\/tech"/);
  });

  it("is an operator, which says what it can't reach", async () => {
    const kubeconfig = join(directory, "kubeconfig");
    const cluster = { server: "https://127.0.0.1:9", "insecure-skip-tls-verify": true };
    const named = (name: string, rest: object) => [{ name, ...rest }];
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: named("c", { cluster }),
      users: named("u", { user: { token: "t" } }),
      contexts: named("x", { context: { cluster: "c", user: "u" } }),
      "current-context": "x",
    };
    await writeFile(kubeconfig, JSON.stringify(config));
    const flags = ["--image", "stockfeed:dev", "--kubeconfig", kubeconfig, "--metrics-address", "127.0.0.1:0"];
    const { said } = await start(["operator", ...flags, "--lease-namespace", "default"], {}, /kube-system/);
    expect(said).toContain("the operator starts");
    expect(said).not.toMatch(/ERR_MODULE_NOT_FOUND|EACCES|EROFS/);
  });
});

/** Names and versions of the packages below a directory `node_modules`, each once, in order. */
async function installedPackages(modules: string): Promise<string[]> {
  const found = new Set<string>();
  const look = async (directory: string): Promise<void> => {
    for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
      if (!entry.isDirectory() || entry.name.startsWith(".")) continue;
      const place = join(directory, entry.name);
      if (entry.name.startsWith("@")) {
        await look(place);
        continue;
      }
      const { name, version } = JSON.parse(await readFile(join(place, "package.json"), "utf8")) as Record<
        string,
        string
      >;
      found.add(`${name ?? entry.name} ${version ?? ""}`);
      await look(join(place, "node_modules"));
    }
  };
  await look(modules);
  return [...found].toSorted();
}
