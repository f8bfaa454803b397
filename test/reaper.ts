/**
 * Ends processes that a test run started, however the run ends: by itself, by Ctrl-C, or killed.
 *
 * A shell waits at the other end of a pipe for process groups to watch. When the pipe closes, since this process is gone,
 * it kills those groups that are still listed.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Writable } from "node:stream";

const SCRIPT = `
while read -r sign group; do
  if [ "$sign" = + ]; then listed="$listed $group"; continue; fi
  kept=""
  for each in $listed; do [ "$each" = "$group" ] || kept="$kept $each"; done
  listed=$kept
done
for each in $listed; do kill -s KILL -- "-$each" 2>/dev/null; done
`;

let shell: ChildProcessByStdio<Writable, null, null> | undefined;

function tell(line: string): void {
  if (shell === undefined) {
    // A group of its own, so that Ctrl-C does not reach it.
    shell = spawn("sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"], detached: true });
    shell.unref();
    (shell.stdin as Writable & { unref?: () => void }).unref?.();
  }
  shell.stdin.write(`${line}\n`);
}

/** @param group a process that was started `detached`, which makes it the leader of a group */
export function watchGroup(group: number): void {
  tell(`+ ${group}`);
}

/** Its group has ended: the number may be another's soon. */
export function forgetGroup(group: number): void {
  tell(`- ${group}`);
}
