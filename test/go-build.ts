/** Builds a Go program for tests, from a directory with its go.mod. */
import { spawn, spawnSync } from "node:child_process";

export interface GoProgram {
  /** Where its go.mod is. */
  readonly directory: string;
  /** The package to build, `.` or an import path. */
  readonly package: string;
  /** Values of Go variables, by `import/path.name`, that are set as the program is linked. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Whether this machine has Go. */
export function hasGo(): boolean {
  return spawnSync("go", ["version"]).status === 0;
}

/**
 * `-v` prints each package as it is compiled: hundreds, so only their count is said.
 * @param output the program's path
 * @param say takes lines on how far it is
 */
export async function goBuild(program: GoProgram, output: string, say: (line: string) => void): Promise<void> {
  const { directory, variables = {} } = program;
  const set = Object.entries(variables).map(([name, value]) => ` -X ${name}=${value}`);
  // Without paths in it, what one directory has compiled serves another.
  const args = ["build", "-v", "-trimpath", `-ldflags=-s -w${set.join("")}`, "-o", output, program.package];
  const child = spawn("go", args, { cwd: directory, stdio: ["ignore", "ignore", "pipe"] });
  let packages = 0;
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-4000);
    packages += chunk.split("\n").length - 1;
  });
  const progress = setInterval(() => {
    say(`${packages} packages`);
  }, 15_000);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  clearInterval(progress);
  if (code !== 0) throw new Error(`go build of ${program.package} in ${directory} failed:\n${text}`);
}
