import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runCommand } from "../../test/run-command.ts";
import { validateCommand } from "./validate.ts";

const containing = (text: string) => expect.stringContaining(text) as string;
const matching = (pattern: RegExp) => expect.stringMatching(pattern) as string;

const folder = mkdtempSync(join(tmpdir(), "validate-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const FEED = `apiVersion: stockfeed.dev/v1alpha1
kind: StockFeed
metadata: {name: tech}
spec:
  symbols: [AAPL, MSFT]
  provider: {type: Simulated}
`;
const BROKEN = FEED.replace("tech", "broken").replace("MSFT", "msft");

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const validate = async (args: readonly string[], input?: string) =>
  runCommand(validateCommand, { args, ...(input !== undefined && { input }) });

describe("stockfeed validate", () => {
  it("says what each valid feed is, and ends with 0", async () => {
    const path = file("two.yaml", `${FEED}---\n${FEED.replace("tech", "banks")}`);
    expect(await validate(["-f", path])).toEqual({
      stdout:
        "default/tech is valid: 2 symbols from Simulated every 10s, windows of 1m, 5m, 15m, engine Embedded.\n" +
        "default/banks is valid: 2 symbols from Simulated every 10s, windows of 1m, 5m, 15m, engine Embedded.\n",
      stderr: "",
      exitCode: 0,
    });
  });

  it("says what is wrong, where and how to mend it, and ends with 2", async () => {
    const path = file("broken.yaml", BROKEN);
    const { stdout, stderr, exitCode } = await validate(["-f", path]);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/broken\.yaml:5:19: spec\.symbols\[1\] is "msft" but must be a symbol.* Write it as /);
    expect(exitCode).toBe(2);
  });

  it("reads standard input where the file is -", async () => {
    expect(await validate(["-f", "-"], FEED)).toMatchObject({
      exitCode: 0,
      stdout: containing("default/tech"),
    });
    expect(await validate(["-f", "-"], BROKEN)).toMatchObject({
      exitCode: 2,
      stderr: matching(/^-:5:19: /),
    });
    expect(await validate(["-f", "-", "-"], FEED)).toMatchObject({
      exitCode: 2,
      stderr: containing("once only"),
    });
  });

  it("takes several files as one set", async () => {
    const paths = [file("a.yaml", FEED), file("b.yaml", FEED)];
    const { stderr, exitCode } = await validate(["-f", ...paths]);
    expect(stderr).toMatch(/b\.yaml:3:18: metadata\.name is "tech" but must differ from the feed at .*a\.yaml:3/);
    expect(exitCode).toBe(2);
  });

  it("prints the same for programs, every field of a problem by its name", async () => {
    const valid = await validate(["--json", "-f", "-"], FEED);
    expect(JSON.parse(valid.stdout)).toEqual({ valid: true, feeds: ["default/tech"], problems: [] });
    const broken = await validate(["--json", "-f", "-"], BROKEN);
    expect(broken).toMatchObject({ exitCode: 2, stderr: "" });
    expect(JSON.parse(broken.stdout)).toEqual({
      valid: false,
      feeds: [],
      problems: [
        {
          source: "-",
          document: 1,
          line: 5,
          column: 19,
          path: "spec.symbols[1]",
          value: '"msft"',
          rule: "must be a symbol: a capital letter, then up to nine of A-Z, 0-9, . and -",
          fix: "Write it as the exchange does, such as AAPL or BRK.B.",
        },
      ],
    });
  });

  it("shows people the first twenty of many problems, and programs all", async () => {
    const text = FEED.replace("MSFT", Array.from({ length: 50 }, (_, index) => `s${index}`).join(", "));
    const { stderr } = await validate(["-f", "-"], text);
    expect(stderr.trimEnd().split("\n")).toHaveLength(21);
    expect(stderr).toContain("… and 30 more; --json shows all.");
    const { stdout } = await validate(["-f", "-", "--json"], text);
    expect((JSON.parse(stdout) as { problems: unknown[] }).problems).toHaveLength(50);
  });

  it.each([
    [
      "is not there",
      () => join(folder, "nothing.yaml"),
      /nothing\.yaml can't be read: there is no such file\. Run stockfeed init/,
    ],
    ["is a folder", () => folder, /can't be read: it is a directory\. Name the files in it/],
    ["is no text", () => file("binary", new Uint8Array([0xff, 0xfe, 0x00])), /binary is no UTF-8 text/],
    ["is empty", () => file("empty.yaml", ""), /empty\.yaml:1:1: the document must hold a StockFeed/],
    ["has no end", () => "/dev/zero", /\/dev\/zero is over 8 MiB/],
  ])("ends with 2 and says why where a file %s", async (_, path, says) => {
    const { stderr, exitCode } = await validate(["-f", path()]);
    expect(stderr).toMatch(says);
    expect(stderr.trimEnd()).not.toContain("\n");
    expect(exitCode).toBe(2);
  });

  it("shows examples in its help", () => {
    let help = "";
    validateCommand()
      .configureOutput({ writeOut: (text) => (help += text) })
      .outputHelp();
    expect(help).toContain("$ stockfeed validate -f feed.yaml");
    expect(help).toContain("Exit codes: 0 valid, 2 ");
  });
});
