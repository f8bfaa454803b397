import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { forgetGroup, watchGroup } from "../../test/reaper.ts";

/** Runs its arguments, and then prints on the last line what processor time they took, by themselves and by the system. */
const TIMED = '"$@"; code=$?; times; exit "$code"';
const TIMES = /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/;

/**
 * Runs a program to its end, which comes with this process's own at the latest.
 * @param log a file that takes what it prints
 * @returns the processor time that it took, all its cores together, in seconds
 * @throws Error with the last lines that it printed when it does not end well
 */
export async function runProgram(command: string, args: readonly string[], log: string): Promise<number> {
  const output = openSync(log, "w");
  const env = { ...process.env, LC_ALL: "C" };
  const timed = ["-c", TIMED, "sh", command, ...args];
  const child = spawn("sh", timed, { stdio: ["ignore", output, output], detached: true, env });
  closeSync(output);
  const { pid } = child;
  if (pid !== undefined) watchGroup(pid);
  const [code] = (await once(child, "exit")) as [number | null];
  if (pid !== undefined) forgetGroup(pid);
  const printed = readFileSync(log, "utf8");
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}:\n${lastOf(printed)}`);
  const times = TIMES.exec(printed);
  if (times === null) throw new Error(`${command} ended without the shell's times:\n${lastOf(printed)}`);
  const [, minutes = 0, seconds = 0, systemMinutes = 0, systemSeconds = 0] = times.map(Number);
  return (minutes + systemMinutes) * 60 + seconds + systemSeconds;
}

function lastOf(printed: string): string {
  return printed.split("\n").slice(-15).join("\n");
}
