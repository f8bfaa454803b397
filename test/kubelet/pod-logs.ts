import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What all Pods of a name have written, oldest first, run after run.
 * @param directory where the containers' directories are
 * @param container that one's alone; by default all
 */
export function podLogs(directory: string, namespace: string, pod: string, container?: string): string {
  const pods = join(directory, namespace, pod);
  if (!existsSync(pods)) return "";
  const logs: string[] = [];
  for (const each of readdirSync(pods).sort())
    for (const name of readdirSync(join(pods, each)).sort())
      if (container === undefined || name === container) logs.push(...logsIn(join(pods, each, name)));
  return logs.join("");
}

function logsIn(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith(".log"));
  return names.sort().map((name) => readFileSync(join(directory, name), "utf8"));
}
