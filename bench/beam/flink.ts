/**
 * Apache Flink from Maven, and the program that computes the windows on it, compiled once into the cache of heavy parts:
 * 80 MB, some seconds where Maven has the jars already and a minute where not. pom.xml pins the version.
 */
import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cachedDirectory, cacheDirectory, hashOf } from "../../test/heavy-parts.ts";

const SOURCE = fileURLToPath(new URL("flink/", import.meta.url));
const FILES = ["pom.xml", "SlidingRows.java"];
/** What Flink's own scripts open of Java for it. */
const OPENED = ["java.base/java.lang", "java.base/java.util", "java.base/java.time"];

async function entry(): Promise<string> {
  return `flink-${await hashOf(FILES.map((name) => join(SOURCE, name)))}`;
}

/** Why there is no Flink on this machine, or undefined where there is or can be one. */
export async function flinkMissing(): Promise<string | undefined> {
  if (!runs("java")) return "no Java";
  if (existsSync(join(cacheDirectory(), await entry())) || (runs("mvn") && runs("javac"))) return undefined;
  return "no Maven and Java compiler to make it with";
}

/** Makes the program where it is missing. @returns how to run it: `java` with these arguments, then the job's file */
export async function flinkProgram(say: (line: string) => void): Promise<readonly string[]> {
  const directory = await cachedDirectory(await entry(), async (target) => {
    say("Flink: fetched by Maven and compiled, in a minute or less");
    const scratch = await mkdtemp(join(tmpdir(), "stockfeed-flink-"));
    try {
      for (const name of FILES) await copyFile(join(SOURCE, name), join(scratch, name));
      const fetch = ["-B", "-q", "dependency:copy-dependencies", "-DincludeScope=runtime"];
      await promisify(execFile)("mvn", [...fetch, `-DoutputDirectory=${join(target, "lib")}`], { cwd: scratch });
      const classes = ["-d", join(target, "classes"), "-cp", join(target, "lib", "*")];
      await promisify(execFile)("javac", [...classes, "SlidingRows.java"], { cwd: scratch });
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
  const opened = OPENED.map((name) => `--add-opens=${name}=ALL-UNNAMED`);
  return [...opened, "-cp", `${join(directory, "classes")}:${join(directory, "lib", "*")}`, "SlidingRows"];
}

function runs(command: string): boolean {
  return spawnSync(command, [command === "mvn" ? "--version" : "-version"]).status === 0;
}
