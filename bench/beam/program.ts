import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { forgetGroup, watchGroup } from "../../test/reaper.ts";

/**
 * Runs a program to its end, which comes with this process's own at the latest.
 * @param log a file that takes what it prints
 * @throws Error with the last lines that it printed when it does not end well
 */
export async function runProgram(command: string, args: readonly string[], log: string): Promise<void> {
  const output = openSync(log, "w");
  const child = spawn(command, args, { stdio: ["ignore", output, output], detached: true });
  closeSync(output);
  const { pid } = child;
  if (pid !== undefined) watchGroup(pid);
  const [code] = (await once(child, "exit")) as [number | null];
  if (pid !== undefined) forgetGroup(pid);
  if (code === 0) return;
  const end = readFileSync(log, "utf8").split("\n").slice(-15).join("\n");
  throw new Error(`${command} ended with ${String(code)}:\n${end}`);
}
