/**
 * A server that a test starts: its output in a file, its readiness waited for, and gone when the test's process is gone,
 * however that ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { forgetGroup, watchGroup } from "./reaper.ts";

/** How long a server may take to come up, and to end after SIGTERM, in milliseconds. */
const START_LIMIT = 90_000;
const STOP_LIMIT = 10_000;

export class ServerProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly #ended: Promise<void>;

  /** @param log file that its output is added to */
  constructor(command: readonly string[], log: string, env: Readonly<Record<string, string>> = {}) {
    const [program = "", ...args] = command;
    this.#name = program;
    this.#log = log;
    mkdirSync(dirname(log), { recursive: true });
    const output = openSync(log, "a");
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["pipe", output, output],
      detached: true,
    });
    closeSync(output);
    this.#child = child;
    const { pid } = child;
    if (pid !== undefined) watchGroup(pid);
    this.#ended = new Promise((resolve) => {
      const end = () => {
        if (pid !== undefined) forgetGroup(pid);
        resolve();
      };
      child.once("exit", end).once("error", end);
    });
  }

  get #over(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined;
  }

  /** Waits until `ready` says so; an error of it counts as not yet. Rejects with the log's end when the server ends first. */
  async until(ready: () => Promise<boolean>): Promise<void> {
    const start = Date.now();
    while (!(await ready().catch(() => false))) {
      const late = Date.now() - start > START_LIMIT;
      if (this.#over || late) throw new Error(`${this.#name} ${late ? "is not ready" : "ended"}:\n${this.#logEnd()}`);
      await delay(50);
    }
  }

  /** Sends a signal and waits for the end; SIGKILL follows where it does not come. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.#over) return;
    this.#child.kill(signal);
    const patience = setTimeout(() => this.#child.kill("SIGKILL"), STOP_LIMIT);
    await this.#ended;
    clearTimeout(patience);
  }

  #logEnd(): string {
    return readFileSync(this.#log, "utf8").split("\n").slice(-30).join("\n");
  }
}

/**
 * A port of 127.0.0.1 that nothing listens on, below those that systems give to outgoing connections: a server that is
 * restarted finds it free again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer().listen(port, "127.0.0.1");
    const free = await Promise.race([
      once(server, "listening").then(() => true),
      once(server, "error").then(() => false),
    ]);
    if (!free) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
