import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../src/main/stockfeed.ts", import.meta.url));

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  readonly cwd?: string;
  /** On top of the test's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A command that runs the program, such as `sh -c 'ulimit ...; exec "$@"' sh`. */
  readonly wrap?: readonly string[];
  readonly stdin?: string;
}

/** The program as a process of its own, as a person runs it. */
export class StockfeedProcess {
  readonly ended: Promise<Ending>;
  /** Lines of standard output so far. */
  readonly lines: string[] = [];
  stderr = "";
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();

  constructor(args: readonly string[], { cwd, env, wrap = [], stdin }: StartOptions = {}) {
    const [command = "", ...rest] = [...wrap, process.execPath, PROGRAM, ...args];
    const child = spawn(command, rest, { cwd, env: { ...process.env, ...env }, stdio: "pipe" });
    this.#child = child;
    child.stdin.end(stdin);
    createInterface(child.stdout).on("line", (line) => {
      this.lines.push(line);
      for (const watch of this.#watchers) watch();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      for (const watch of this.#watchers) watch();
    });
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        resolve({ code, signal });
        for (const watch of this.#watchers) watch();
      });
    });
  }

  get stdout(): string {
    return this.lines.join("\n");
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The first line that fits, once it is there; rejects with all that was said when the process ends without it. */
  line(pattern: RegExp): Promise<string> {
    return this.#find(() => this.lines.find((line) => pattern.test(line)), pattern);
  }

  /** Resolves once standard error holds this. */
  async complaint(pattern: RegExp): Promise<void> {
    await this.#find(() => pattern.exec(this.stderr)?.[0], pattern);
  }

  #find(look: () => string | undefined, pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const watch = () => {
        const found = look();
        const over = this.#child.exitCode !== null || this.#child.signalCode !== null;
        if (found === undefined && !over) return;
        this.#watchers.delete(watch);
        if (found !== undefined) resolve(found);
        else reject(new Error(`Nothing like ${String(pattern)} came.\n${this.stdout}\n${this.stderr}`));
      };
      this.#watchers.add(watch);
      watch();
    });
  }

  /** Resolves once there are so many more lines of standard output. */
  async more(count: number): Promise<void> {
    const before = this.lines.length;
    while (this.lines.length < before + count) await once(this.#child.stdout ?? this.#child, "data");
  }

  /** The page's address, once it is up. */
  async url(): Promise<string> {
    return (await this.line(/^✓ console /)).slice("✓ console ".length);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Closes the reading end of standard output, as `head` does once it has its lines. */
  closeOutput(): void {
    this.#child.stdout?.destroy();
  }
}
