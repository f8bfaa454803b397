/**
 * One run of a container: a local process in a group of its own, its output in a file, its termination message read when
 * it ends. Its environment is what the container has and nothing of the test's own, beside PATH, HOME and TMPDIR.
 *
 * It sees the machine's files, network and users: an image's file system, mounts and limits are not there.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { constants } from "node:os";
import { forgetGroup, watchGroup } from "../reaper.ts";
import { type Container, type Terminated, timestamp } from "./pod.ts";

const MESSAGE_LIMIT = 4096;
const LOG_MESSAGE = { lines: 80, bytes: 2048 };

export class ContainerProcess {
  readonly pid: number;
  readonly startedAt = timestamp();
  /** How it ended, when it has. */
  readonly ended: Promise<Terminated>;
  readonly #child: ChildProcess;

  /**
   * @param directory of this container's files, made where missing
   * @param attempt 0, 1, …: each has its own log
   */
  constructor(
    container: Container,
    argv: readonly string[],
    environment: Readonly<Record<string, string>>,
    directory: string,
    attempt: number,
  ) {
    mkdirSync(directory, { recursive: true });
    const log = join(directory, `${String(attempt).padStart(4, "0")}.log`);
    const messageFile = join(directory, `${attempt}.message`);
    const [program = "", ...args] = argv;
    const output = openSync(log, "a");
    this.#child = spawn(program, args, {
      env: { ...machineEnvironment(), ...redirectMessage(container, environment, messageFile) },
      stdio: ["ignore", output, output],
      detached: true,
      cwd: directory,
    });
    closeSync(output);
    this.pid = this.#child.pid ?? 0;
    if (this.pid !== 0) watchGroup(this.pid);
    this.ended = new Promise((resolve) => {
      const end = (exitCode: number, problem?: string) => {
        this.#endGroup();
        const message = problem ?? readMessage(container, exitCode, messageFile, log);
        const reason = exitCode === 0 ? "Completed" : "Error";
        const times = { startedAt: this.startedAt, finishedAt: timestamp() };
        resolve({ exitCode, reason, ...(message !== "" && { message }), ...times });
      };
      this.#child.once("exit", (code, signal) => {
        end(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
      // A program that is not there: 128, as a container runtime says.
      this.#child.once("error", (error) => {
        if (this.pid === 0) end(128, error.message);
      });
    });
  }

  /** SIGTERM is for the process alone, SIGKILL for all that it started, as in a container. */
  signal(signal: "SIGTERM" | "SIGKILL"): void {
    if (signal === "SIGTERM") this.#child.kill(signal);
    else this.#killGroup();
  }

  #endGroup(): void {
    if (this.pid === 0) return;
    this.#killGroup();
    forgetGroup(this.pid);
  }

  #killGroup(): void {
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // Nobody is left in it.
    }
  }
}

function machineEnvironment(): Record<string, string> {
  const { PATH = "", HOME = "", TMPDIR } = process.env;
  return { PATH, HOME, ...(TMPDIR !== undefined && { TMPDIR }) };
}

/** Whatever names the container's termination message path gets a real file of this run. */
function redirectMessage(
  { terminationMessagePath = "/dev/termination-log" }: Container,
  environment: Readonly<Record<string, string>>,
  file: string,
): Record<string, string> {
  const entries = Object.entries(environment);
  return Object.fromEntries(entries.map(([name, value]) => [name, value === terminationMessagePath ? file : value]));
}

function readMessage({ terminationMessagePolicy }: Container, exitCode: number, file: string, log: string): string {
  const written = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  if (written.length > 0) return written.subarray(-MESSAGE_LIMIT).toString("utf8");
  if (terminationMessagePolicy !== "FallbackToLogsOnError" || exitCode === 0) return "";
  const end = readFileSync(log).subarray(-LOG_MESSAGE.bytes).toString("utf8");
  return end.split("\n").slice(-LOG_MESSAGE.lines).join("\n");
}
