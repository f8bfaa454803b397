/** Where the commands of pages on a laptop run. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { writePagePrograms } from "./page-programs.ts";

const root = join(import.meta.dirname, "..");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly scripts: { readonly start: string };
};
/** What `npm start` gives the program. */
const NPM_START = scripts.start.split(" ").slice(2);

/** A directory like a clone, in which `stockfeed` and `npx stockfeed` run the program from its sources. */
export class Checkout {
  readonly directory = mkdtempSync(join(tmpdir(), "stockfeed-docs-"));
  readonly #env: NodeJS.ProcessEnv;
  readonly #program = [process.execPath, join(root, "src/main/stockfeed.ts")];

  constructor() {
    cpSync(join(root, "examples"), join(this.directory, "examples"), { recursive: true });
    const bin = writePagePrograms(join(this.directory, "bin"));
    this.#env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}`, FORCE_COLOR: undefined };
  }

  /** Runs a block in bash, to its first failure; what it prints comes as one text. */
  async bash(script: string): Promise<{ exitCode: number; output: string }> {
    const shell = spawn("bash", ["-euo", "pipefail", "-c", `exec 2>&1\n${script}`], {
      cwd: this.directory,
      env: this.#env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    shell.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const [exitCode] = (await once(shell, "close")) as [number];
    return { exitCode, output };
  }

  /** Starts what serves until it is stopped. @returns it, and the first line that it prints */
  async serve(args: readonly string[]): Promise<{ server: ChildProcess; said: string }> {
    const [node = "", ...program] = this.#program;
    const server = spawn(node, [...program, ...args], {
      cwd: this.directory,
      env: this.#env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said] = (await once(server.stdout, "data")) as [Buffer];
    return { server, said: said.toString() };
  }

  /**
   * Starts the program on a free port.
   * @param args `dev` and its flags; else what `npm start` starts
   * @returns what it printed, once its console is up and windows have closed
   */
  async start(args = NPM_START): Promise<{ dev: ChildProcess; printed: () => string }> {
    const [node = "", ...program] = this.#program;
    const dev = spawn(node, [...program, ...args, "--port", "0"], { cwd: this.directory, env: this.#env });
    let output = "";
    await new Promise((resolve, reject) => {
      for (const stream of [dev.stdout, dev.stderr]) {
        stream.on("data", (chunk: Buffer) => {
          output += chunk.toString();
          if (/console http.*\n\n.*rows/.test(output)) resolve(undefined);
        });
      }
      dev.once("exit", () => {
        reject(new Error(`It ended before its console was up:\n${output}`));
      });
    });
    return { dev, printed: () => output };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
