import type { Command } from "commander";
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { CliError } from "../src/main/cli-error.ts";
import type { CommandIo } from "../src/main/command-io.ts";

/** What a command is given. */
interface CommandRun {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input, whole. */
  readonly input?: string;
  /** On a terminal: keys to press, each once the words before it have come up. */
  readonly typed?: readonly (readonly [afterWords: string, keys: string])[];
}

/** What a command did. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** As the shell would see it. */
  readonly exitCode: number;
}

/**
 * Runs a command as the program does, on streams of its own: a CliError becomes its message and its exit code, every
 * other error is thrown.
 */
export async function runCommand(
  make: (io: CommandIo) => Command,
  { args = [], env = {}, input = "", typed }: CommandRun,
): Promise<CommandResult> {
  const isTTY = typed !== undefined;
  const printed = { stdout: "", stderr: "" };
  const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode: () => stdin });
  const pending = [...(typed ?? [])];
  let seen = 0;
  const collect = (name: keyof typeof printed) => {
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 80, rows: 24 });
    stream.on("data", (chunk: Buffer) => {
      printed[name] += stripVTControlCharacters(chunk.toString());
      const [words, keys] = pending[0] ?? [];
      const at = words === undefined ? -1 : printed.stdout.indexOf(words, seen);
      if (at < 0 || keys === undefined) return;
      seen = at + 1;
      pending.shift();
      setImmediate(() => stdin.write(keys)); // a person sees the whole prompt first
    });
    return stream;
  };
  const io: CommandIo = { stdin, stdout: collect("stdout"), stderr: collect("stderr"), env };
  if (!isTTY) stdin.end(input);
  try {
    await make(io).parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { ...printed, stderr: `${printed.stderr}${error.message}\n`, exitCode: error.exitCode };
  }
  return { ...printed, exitCode: Number(io.exitCode ?? 0) };
}
