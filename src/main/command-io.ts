import type { Readable, Writable } from "node:stream";

/** What a command sees of the process that runs it; `process` itself is one, tests hand in their own. */
export interface CommandIo {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How the process will end. */
  exitCode?: number | string | null | undefined;
}

/** One value as indented JSON and a line's end, for programs to read. */
export function printJson(io: Pick<CommandIo, "stdout">, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
