/** What a program of Node took until its end, and what it loaded, as the program itself finds it. */
import { readFile } from "node:fs/promises";

export interface StartReport {
  /** Memory at its highest, resident, in bytes. */
  readonly peakBytes: number;
  /** Of the processor, in microseconds. */
  readonly cpuMicros: number;
  /** URLs of modules that were loaded, where they were asked for. */
  readonly modules: readonly string[];
}

/**
 * A flag of Node, which NODE_OPTIONS takes too, with which a program writes its report into a file as it ends.
 *
 * Its peak in memory comes from Linux's books of the process where they are there: in `maxRSS` Linux counts what the
 * process was before it became this program, so the memory of whoever started it.
 * @param modules whether to note modules, which makes loading them a little slower
 */
export function reportingTo(path: string, { modules = false } = {}): string {
  const script = `
    import { readFileSync, writeFileSync } from "node:fs";
    import { registerHooks } from "node:module";
    const modules = [];
    if (${modules}) registerHooks({ load(url, context, next) { modules.push(url); return next(url, context); } });
    process.on("exit", () => {
      const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
      let peak = maxRSS;
      try {
        peak = Number(/^VmHWM:\\s*(\\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
      } catch {}
      const report = { peakBytes: peak * 1024, cpuMicros: userCPUTime + systemCPUTime, modules };
      writeFileSync(${JSON.stringify(path)}, JSON.stringify(report));
    });`;
  return `--import=data:text/javascript,${encodeURIComponent(script)}`;
}

/** The report of a program that has ended. */
export async function readReport(path: string): Promise<StartReport> {
  return JSON.parse(await readFile(path, "utf8")) as StartReport;
}
