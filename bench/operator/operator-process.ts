/** The built operator as a process of its own, watched from outside: its log, its metrics, its memory. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { MetricsText } from "./metrics-text.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/src/main/stockfeed.js", import.meta.url));
const PATIENCE_MS = 120_000;
const LINES_KEPT = 30;

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

interface LogEntry {
  readonly message?: string;
  readonly metricsPort?: number;
}

/** When something was, by `performance.now()`. */
type Moment = number;

export class OperatorProcess {
  readonly startedAt: Moment = performance.now();
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #heard = new Map<string, Moment>();
  readonly #lines: string[] = [];
  #metricsPort = 0;
  /** How it ended; undefined while it runs. */
  #how: string | undefined;
  /** Lines of the log that are warnings or worse. */
  complaints = 0;

  constructor(flags: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, [PROGRAM, "operator", "--metrics-address", "127.0.0.1:0", ...flags], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    running.add(child);
    // Its log is whole by then.
    this.#ended = once(child, "close").then(([code, signal]: (number | string | null)[]) => {
      this.#how = typeof signal === "string" ? signal : `exit code ${String(code)}`;
      running.delete(child);
    });
    createInterface(child.stderr).on("line", (line) => {
      this.#hear(line);
    });
  }

  /** When the log first said so; waits until it does. @throws where the process ends before, with the end of its log */
  async said(message: "leads" | "the caches are whole"): Promise<Moment> {
    await this.until(`it says "${message}"`, () => this.#heard.has(message), 5);
    return this.#heard.get(message) ?? 0;
  }

  /** Waits until the caches are whole, whether it leads or stands by. */
  async ready(): Promise<void> {
    await this.until("it is ready", async () => (await this.#get("/readyz")).ok);
  }

  /** @throws with the end of its log where the process has ended */
  async metrics(): Promise<MetricsText> {
    this.assertRuns();
    return new MetricsText(await (await this.#get("/metrics")).text());
  }

  /**
   * @param before what had not come yet, such as ` before it leads`
   * @throws with the end of its log where the process has ended
   */
  assertRuns(before = ""): void {
    if (this.#how === undefined) return;
    throw new Error(`The operator ended with ${this.#how}${before}:\n${this.#lines.join("\n")}`);
  }

  /** Waits for a condition; a failed look counts as not yet. */
  async until(what: string, holds: () => boolean | Promise<boolean>, everyMs = 50): Promise<void> {
    const start = performance.now();
    const look = async () => await holds();
    while (!(await look().catch(() => false))) {
      this.assertRuns(` before ${what}`);
      if (performance.now() - start > PATIENCE_MS) {
        throw new Error(`The operator took too long before ${what}:\n${this.#lines.join("\n")}`);
      }
      await delay(everyMs);
    }
  }

  /** Memory in MiB, resident now and at its highest; Linux tells. */
  memory(): { readonly now: number; readonly peak: number } {
    const status = readFileSync(`/proc/${this.#child.pid ?? 0}/status`, "utf8");
    const mib = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
    return { now: mib("VmRSS"), peak: mib("VmHWM") };
  }

  /** Ends it, and waits until it is gone. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    this.#child.kill(signal);
    await this.#ended;
  }

  #hear(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
    const { message = "", metricsPort } = entryOf(line);
    if (/"severity":"(WARNING|ERROR|CRITICAL)"/.test(line)) this.complaints++;
    if (metricsPort !== undefined) this.#metricsPort = metricsPort;
    if (!this.#heard.has(message)) this.#heard.set(message, performance.now());
  }

  /** Each on a connection of its own: one that is kept may be closed at the moment when it is used again. */
  #get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#metricsPort}${path}`, { headers: { connection: "close" } });
  }
}

function entryOf(line: string): LogEntry {
  try {
    return JSON.parse(line) as LogEntry;
  } catch {
    return {};
  }
}
