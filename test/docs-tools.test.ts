/**
 * Commands of others that pages show, held to the real program's own help: that there is such a command, and that it has
 * each flag. Nothing is run but `--help`.
 */
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { kubeTool, kubeToolMissing } from "./kube-tools.ts";
import { fences } from "./markdown.ts";

const missing = kubeToolMissing("helm");
const files = globSync(["*.md", "docs/**/*.md", "charts/*/README.md"]).toSorted();

interface ShownCommand {
  readonly file: string;
  /** What it is: `get`, `create secret generic`; an object's name may follow. */
  readonly words: readonly string[];
  /** Without their values. */
  readonly flags: readonly string[];
}

/** Commands of a program in the pages' blocks for a shell. */
function shown(program: string): ShownCommand[] {
  const commands = files.flatMap((file) =>
    fences(readFileSync(file, "utf8"))
      .filter(({ language }) => language === "sh")
      .flatMap(({ text }) => text.replaceAll("\\\n", " ").split("\n"))
      .flatMap((line) => line.replaceAll(/'[^']*'|"[^"]*"/g, "TEXT").split(/[|;&()]+/))
      .map((text) => ({ file, words: text.replace(/#.*/, "").trim().split(/\s+/) })),
  );
  return commands.flatMap(({ file, words: [first, ...args] }) => {
    if (first !== program || args[0] === "stockfeed") return [];
    const isFlag = (word: string) => /^--?[a-zA-Z]/.test(word);
    const until = args.findIndex(isFlag);
    return [
      {
        file,
        words: until < 0 ? args : args.slice(0, until),
        flags: args.filter(isFlag).map((flag) => flag.replace(/=.*/, "")),
      },
    ];
  });
}

/** What a program says of a command, and of the flags that all commands have. */
class Help {
  readonly #program: string;
  readonly #common: readonly string[];
  readonly #nested: readonly string[];
  readonly #texts = new Map<string, Promise<string>>();

  /**
   * @param common arguments that print the flags of all commands
   * @param nested commands that have commands of their own
   */
  constructor(program: string, common: readonly string[], nested: readonly string[]) {
    this.#program = program;
    this.#common = common;
    this.#nested = nested;
  }

  /** Why a command is none; undefined where it is one. */
  async problem({ file, words, flags }: ShownCommand): Promise<string | undefined> {
    const [command = ""] = words;
    // Of three words the program takes those that are a command, and gives its help.
    const own = await this.#text([...words.slice(0, this.#nested.includes(command) ? 3 : 1), "--help"]);
    if (!new RegExp(`Usage:\\s+\\S+ ${command}\\b`).test(own)) return `${file}: there is no ${command}`;
    const known = own + (await this.#text(this.#common));
    const unknown = flags.filter((flag) => !new RegExp(`(^|[\\s,])${flag}([\\s,=]|$)`, "m").test(known));
    return unknown.length === 0 ? undefined : `${file}: ${words.join(" ")} has ${unknown.join(" ")}`;
  }

  #text(args: readonly string[]): Promise<string> {
    const key = args.join(" ");
    const text = this.#texts.get(key) ?? this.#run(args);
    this.#texts.set(key, text);
    return text;
  }

  async #run(args: readonly string[]): Promise<string> {
    const ran = await promisify(execFile)(this.#program, args).catch((error: unknown) => error as { stdout: string });
    return ran.stdout;
  }
}

describe.skipIf(missing !== undefined && process.env.CI === undefined)("the pages", () => {
  it.each([
    ["helm", ["--help"], ["get", "show"]],
    ["kubectl", ["options"], ["auth", "config", "create", "rollout", "set"]],
  ] as const)("show no command of %s and no flag that the real one has not", async (program, common, nested) => {
    const help = new Help(await kubeTool(program), common, nested);
    const commands = shown(program);
    expect(commands.length).toBeGreaterThan(10);
    const problems: string[] = [];
    for (const command of commands) {
      const problem = await help.problem(command);
      if (problem !== undefined) problems.push(problem);
    }
    expect(problems).toEqual([]);
  });
});
