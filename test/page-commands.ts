/**
 * Commands of a page, run as a reader would: blocks that begin with "```sh MARK NAME", which readers don't see. Each runs in
 * bash to its first failure. What runs where, and what doesn't, is in page-account.ts.
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

/** The text of a block, of any language. @param name undefined where a page has one block of the mark */
export async function pageBlock(page: string, mark: string, name?: string): Promise<string> {
  const block = fences(await readFile(page, "utf8")).find(({ marks }) => marks[0] === mark && marks[1] === name);
  if (block === undefined) throw new Error(`${page} has no block "${[mark, name ?? ""].join(" ").trim()}".`);
  return block.text;
}

/** A block's commands, a line each; comments are left out. */
export function commandsOf(text: string): string[] {
  const lines = text.replaceAll(/\\\n\s*/g, "").split("\n");
  return lines.map((line) => line.replace(/(^|\s)#.*/, "").trim()).filter((line) => line !== "");
}

/**
 * Pages for whoever looks after the feed `tech` of the namespace `markets`. Their commands that change nothing run on a
 * cluster that has it, without a mark.
 */
export const LOOKING_PAGES = globSync([
  "docs/runbooks/*.md",
  "docs/troubleshooting.md",
  "docs/controller.md",
]).toSorted();

/** Whether a command only looks at what the API server, a Pod's log, Pub/Sub or BigQuery has, with nothing behind a pipe. */
export function isLook(command: string): boolean {
  if (/[|;&]/.test(command)) return false;
  return /^((\w+=\$\()?kubectl (get|describe|logs|stockfeed (status|top|gain)) |stockfeed deadletter list )/.test(
    command,
  );
}

/** The commands that look of those pages, each once. */
export async function looks(): Promise<string[]> {
  const texts = await Promise.all(LOOKING_PAGES.map((file) => readFile(file, "utf8")));
  const blocks = texts.flatMap((text) => fences(text)).filter(({ language }) => language === "sh");
  return [...new Set(blocks.flatMap(({ text }) => commandsOf(text)).filter(isLook))];
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

/**
 * Lines that a page shows as the output of a block, and that did not come: what stands in its next block, where that is
 * "text output". Figures, times, ranked symbols, how often an event came and widths of columns may differ; "…" stands for
 * anything.
 */
export async function untold(page: string, name: string, output: string): Promise<string[]> {
  const blocks = fences(await readFile(page, "utf8"));
  const shown = blocks[blocks.findIndex(({ marks }) => marks[1] === name) + 1];
  if (shown?.marks[0] !== "output") return [];
  const form = (text: string) =>
    text
      .trim()
      .replace(/ \(x\d+ over \w+\)/, "")
      .replaceAll(/[0-9][0-9:.TZms-]*/g, "0")
      .replaceAll(/ +/g, " ")
      .replace(/^0 [A-Z]+ /, "0 SYMBOL ");
  const came = output.split("\n").map(form);
  const lines = shown.text.split("\n").filter((line) => line.trim() !== "" && line !== "…");
  return lines.filter((line) => {
    const [begin = "", end] = form(line).split("…");
    return !came.some((each) => (end === undefined ? each === begin : each.startsWith(begin) && each.endsWith(end)));
  });
}
