/**
 * Commands of a page, run as a reader would: blocks that begin with "```sh MARK NAME", which readers don't see. Each runs in
 * bash to its first failure.
 */
import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { fences } from "./markdown.ts";

interface Where {
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the block has to be before it runs here, such as with other addresses. */
  readonly adapt?: (script: string) => string;
}

/** The text of a block, of any language. */
export async function pageBlock(page: string, mark: string, name: string): Promise<string> {
  const block = fences(await readFile(page, "utf8")).find(({ marks }) => marks[0] === mark && marks[1] === name);
  if (block === undefined) throw new Error(`${page} has no block "${mark} ${name}".`);
  return block.text;
}

/** Commands of kubectl in runbooks that look at what is there, each once; what wants a node's logs or metrics is left out. */
export async function looksOfRunbooks(): Promise<string[]> {
  const pages = globSync(["docs/runbooks/*.md", "docs/troubleshooting.md"]);
  const texts = await Promise.all(pages.map((file) => readFile(file, "utf8")));
  const blocks = texts.flatMap((text) => fences(text)).filter(({ language }) => language === "sh");
  const lines = blocks.flatMap(({ text }) => text.split("\n"));
  return [...new Set(lines.filter((line) => /^kubectl (get|describe) [^|;&]*$/.test(line)))];
}

/** @returns what a block prints @throws with what it said on standard error, where it fails */
export async function runPageBlock(page: string, mark: string, name: string, where: Where): Promise<string> {
  const text = await pageBlock(page, mark, name);
  const script = where.adapt?.(text) ?? text;
  const { cwd, env } = where;
  const options = { ...(cwd !== undefined && { cwd }), env: { ...env }, maxBuffer: 2 ** 24 };
  const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", script], options);
  return stdout;
}
