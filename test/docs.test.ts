/**
 * Holds the documentation to the program. In Markdown files a block that begins with "```sh run" is run, those of one
 * file in one directory and in order; "exit-2" after it says how it ends, and a "text output" or "json output" block
 * behind it has to be what it prints. "```sh running" wants the quickstart's feed to run, "```sh stopped" wants it stopped.
 * What runs nowhere is told in page-account.ts, with the reason.
 */
import { once } from "node:events";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cliReference } from "../scripts/cli-reference.ts";
import { stockFeedCrd } from "../src/api/crd.ts";
import { buildProgram } from "../src/main/cli.ts";
import { PLUGIN } from "../src/main/plugin/plugin.ts";
import { Checkout } from "./checkout.ts";
import { conditionReasons } from "./condition-reasons.ts";
import { anchors, type Fence, fences, links } from "./markdown.ts";
import { pageBlock } from "./page-commands.ts";
import { freePort } from "./server-process.ts";

const root = join(import.meta.dirname, "..");
const files = globSync(["*.md", "docs/**/*.md"], { cwd: root }).sort();
const read = (file: string) => readFileSync(join(root, file), "utf8");
const scripts = (JSON.parse(read("package.json")) as { scripts: Record<string, string> }).scripts;

/** Commands of the blocks for a shell, comments and prompts left out: a line each. */
function commandLines(file: string): string[] {
  const blocks = fences(read(file)).filter(({ language }) => language === "sh" || language === "console");
  return blocks.flatMap(({ language, text }) => {
    const lines = text.replaceAll("\\\n", " ").split("\n");
    return language === "sh" ? lines : lines.flatMap((line) => (line.startsWith("$ ") ? line.slice(2) : []));
  });
}

interface FieldSchema {
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
}

/** Fields of the spec as the CRD has them, to the second level. */
function changeableFields(): string[] {
  const { versions } = stockFeedCrd().spec as {
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: FieldSchema } }[];
  };
  const fields = Object.entries(versions[0]?.schema.openAPIV3Schema.properties?.spec?.properties ?? {});
  const paths = fields.flatMap(([name, { properties, items }]) => {
    if (properties !== undefined) return Object.keys(properties).map((inner) => `${name}.${inner}`);
    if (items?.properties !== undefined) return Object.keys(items.properties).map((inner) => `${name}[].${inner}`);
    return [name];
  });
  return paths.toSorted();
}

describe("the documentation", () => {
  it("is found", () => {
    expect(files).toEqual(expect.arrayContaining(["README.md", "CONTRIBUTING.md", "docs/quickstart-laptop.md"]));
  });

  it.each(files)("%s links to files and headings that are there", (file) => {
    const broken = links(read(file)).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? file : join(dirname(file), path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchors(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each([
    ["stockfeed", /(?:^|[|;&] *|npx |\w=\S* )stockfeed ([a-z]+)([^|;]*)/, undefined],
    ["kubectl stockfeed", /\bkubectl stockfeed ([a-z]+)([^|;]*)/, PLUGIN],
  ] as const)("shows no command of %s and no flag that does not exist", async (_, pattern, commands) => {
    const program = await buildProgram(undefined, commands);
    const unknown = files.flatMap((file) =>
      commandLines(file).flatMap((line) => {
        const [, name = "", rest = ""] = pattern.exec(line) ?? [];
        if (name === "") return [];
        const command = program.commands.find((each) => each.name() === name);
        if (command === undefined) return [`${file}: ${line}`];
        const flags = rest.replaceAll(/"[^"]*"/g, "").match(/(?<=\s)--?[a-z][a-z-]*/g) ?? [];
        const known = [command, ...command.commands].flatMap(({ options }) =>
          options.flatMap(({ short, long }) => [short, long]),
        );
        return flags.filter((flag) => !known.includes(flag)).map((flag) => `${file}: ${line} has ${flag}`);
      }),
    );
    expect(unknown).toEqual([]);
  });

  it("sets no value of the operator's chart that does not exist", () => {
    const known = [...read("docs/reference/values.md").matchAll(/^\| `([\w.[\]]+)` \|/gm)].map(
      (match) => match[1] ?? "",
    );
    const set = files.flatMap((file) =>
      commandLines(file)
        .filter((line) => line.includes("charts/stockfeed-operator"))
        .flatMap((line) =>
          [...line.matchAll(/--set ([\w.\\/-]+)=/g)].map((match) => ({ file, value: match[1] ?? "" })),
        ),
    );
    expect(set.length).toBeGreaterThan(5);
    // A value that is a map, such as env, has keys of its own.
    const exists = (value: string) => known.some((name) => value === name || value.startsWith(`${name}.`));
    expect(set.filter(({ value }) => !exists(value))).toEqual([]);
  });

  it("says of every reason that the controller can give what to do", () => {
    const reasons = conditionReasons("src/reconcile");
    expect([...reasons.keys()]).toEqual(expect.arrayContaining(["CredentialsMissing", "NotReached", "Held"]));
    for (const page of ["docs/troubleshooting.md", "docs/spec/stockfeed.md"]) {
      const text = read(page);
      const untold = [...reasons].filter(([reason]) => !text.includes(`\`${reason}\``));
      expect(untold, page).toEqual([]);
    }
  });

  it("says of every field what changing it does", () => {
    const [, section = ""] = read("docs/spec/stockfeed.md").split("\n## What a change does\n");
    const items = section.split("\n## ")[0]?.split("\n- ") ?? [];
    const told = items.flatMap((item) => {
      const [fields = ""] = /^`[^:]+`(?=:)/.exec(item) ?? [];
      return fields.split(",").flatMap((field) => /`(.+)`/.exec(field)?.slice(1) ?? []);
    });
    expect(told.toSorted()).toEqual(changeableFields());
  });

  it("shows no npm script that does not exist", () => {
    const named = files.flatMap((file) => [...read(file).matchAll(/\bnpm (?:run (?:--silent )?)([a-z0-9:]+)/g)]);
    expect(named.length).toBeGreaterThan(5);
    expect(named.map((match) => match[1]).filter((name) => !Object.hasOwn(scripts, name ?? ""))).toEqual([]);
  });

  it("has the commands' own help as its reference (else: npm run generate)", async () => {
    expect(read("docs/reference/cli.md")).toBe(await cliReference());
  });
});

/** Output without the figures that differ from run to run. */
function steady(output: string): string {
  return output.replaceAll(/^[\d.]+ s, .*$/gm, "(speed)").trim();
}

/** Runs the blocks of a file that are marked, each a test. */
function runBlocks(file: string, checkout: () => Checkout, mark = "run"): void {
  const blocks = fences(read(file));
  const isRun = ({ language, marks }: Fence) => language === "sh" && marks[0] === mark;
  it.each(blocks.filter(isRun).map((block) => ({ ...block, first: block.text.split("\n")[0] })))(
    "line $line runs as written: $first",
    async (block) => {
      const { exitCode, output } = await checkout().bash(block.text);
      const expected = block.marks.includes("exit-2") ? 2 : 0;
      expect(exitCode, output).toBe(expected);
      const next = blocks[blocks.findIndex(({ line }) => line === block.line) + 1];
      if (next?.marks[0] !== "output") return;
      if (next.language === "json")
        expect(JSON.parse(output.trim().split("\n").at(-1)!)).toEqual(JSON.parse(next.text));
      else expect(steady(output)).toBe(steady(next.text));
    },
  );
}

describe("the README", () => {
  const checkout = new Checkout();
  afterAll(() => {
    checkout.remove();
  });
  runBlocks("README.md", () => checkout);
});

describe("pages that need no store", () => {
  const checkout = new Checkout();
  afterAll(() => {
    checkout.remove();
  });
  for (const page of ["docs/replay.md", "docs/bigquery.md"]) runBlocks(page, () => checkout);
});

describe("the page on providers", () => {
  const checkout = new Checkout();
  afterAll(() => {
    checkout.remove();
  });

  it("has a simulator that answers as it is asked there, but for the port", async () => {
    const block = await pageBlock(join(root, "docs/providers.md"), "simulate");
    const [start = "", ...asked] = block.trim().split("\n");
    expect(start).toBe("stockfeed simulate --listen :8181 --seed 7 &");
    const { server, said } = await checkout.serve(start.replace(":8181 ", ":0 ").split(" ").slice(1, -1));
    const host = /127\.0\.0\.1:\d+/.exec(said)?.[0] ?? "";
    const { exitCode, output } = await checkout.bash(
      asked
        .map((line) => `${line.replace("127.0.0.1:8181", host).replace("curl", "curl --silent --fail")}; echo`)
        .join("\n"),
    );
    server.kill("SIGTERM");
    expect(exitCode, output).toBe(0);
    const [quote, batch] = output.trim().split("\n");
    expect(JSON.parse(quote ?? "")).toMatchObject({ symbol: "AAPL", latestPrice: expect.any(Number) as number });
    expect(Object.keys(JSON.parse(batch ?? "") as object)).toEqual(["AAPL", "MSFT"]);
  });
});

describe("the quickstart", () => {
  const checkout = new Checkout();
  let running: Awaited<ReturnType<Checkout["start"]>>;
  beforeAll(async () => {
    running = await checkout.start();
  });
  afterAll(() => {
    running.dev.kill("SIGKILL");
    checkout.remove();
  });

  async function interrupt(): Promise<void> {
    running.dev.kill("SIGINT");
    const [exitCode] = (await once(running.dev, "exit")) as [number];
    expect(exitCode, running.printed()).toBe(0);
  }

  // The page on the store asks for what is in the store of the quickstart.
  for (const page of ["docs/quickstart-laptop.md", "docs/store.md"]) runBlocks(page, () => checkout);

  it("shows the README's top stocks, in the form that it has there", async () => {
    const shown = await pageBlock(join(root, "README.md"), "running");
    const { exitCode, output } = await checkout.bash(shown);
    expect(exitCode, output).toBe(0);
    const form = (text: string) =>
      text
        .trim()
        .replaceAll(/\d+/g, "0")
        .replaceAll(/ +/g, " ")
        .replaceAll(/ [A-Z]{3,4} (?=0)/g, " SYMBOL ");
    const blocks = fences(read("README.md"));
    const promised = blocks[blocks.findIndex(({ text }) => text === shown) + 1]?.text ?? "";
    expect(form(output)).toBe(form(promised));
  });

  it("is well where the doctor looks, once it is stopped", async () => {
    await interrupt();
    const port = await freePort();
    const doctor = (await pageBlock(join(root, "docs/quickstart-laptop.md"), "stopped")).trim();
    const { exitCode, output } = await checkout.bash(`${doctor} --port ${port}`);
    running = await checkout.start();
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/^ok +store .*\n[^]*^All is well\.$/m);
  });

  it("stops at Ctrl-C, and goes on with the same store", async () => {
    await interrupt();
    running = await checkout.start();
    expect(running.printed()).toMatch(/windows restored from [1-9]\d* stored quotes/);
  });

  // The one on real quotes wants an account.
  const feeds = commandLines("docs/quickstart-laptop.md").filter((line) => /^npx stockfeed dev (?!-f real)/.test(line));
  it("has feeds of the reader's own to run", () => {
    expect(feeds).toHaveLength(2);
  });
  it.each(feeds)("closes windows by %s, but for the port", async (line) => {
    await interrupt();
    running = await checkout.start(line.split(" ").slice(2));
  });
});
