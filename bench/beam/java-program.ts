/**
 * The rivals in Java, Flink by itself and Beam on Flink: their jars from Maven and a program that computes the windows,
 * compiled once into the cache of heavy parts. 80 and 160 MB; some seconds where Maven has the jars already, and a minute
 * or two where not. The pom files pin the versions.
 */
import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cachedDirectory, cacheDirectory, hashOf } from "../../test/heavy-parts.ts";

const SOURCE = fileURLToPath(new URL("java/", import.meta.url));
/** What every program is of: what it is to do, quotes, the winners of their slots and rows, and files. */
const SHARED = ["Job.java", "Quote.java", "Slots.java", "LineFile.java"];
/** What Flink's own scripts open of Java for it. */
const OPENED = ["java.base/java.lang", "java.base/java.util", "java.base/java.time"];

export interface JavaProgram {
  readonly name: string;
  readonly pom: string;
  readonly main: string;
  readonly sources: readonly string[];
}

export const FLINK: JavaProgram = {
  name: "flink",
  pom: "flink.pom.xml",
  main: "FlinkRows",
  sources: ["FlinkRows.java"],
};
export const BEAM_FLINK: JavaProgram = {
  name: "beam-flink",
  pom: "beam.pom.xml",
  main: "BeamRows",
  sources: ["BeamRows.java", "QuoteFile.java"],
};

/** Why a program can't run on this machine, or undefined where it is there or can be made. */
export async function javaMissing(program: JavaProgram): Promise<string | undefined> {
  if (!runs("java")) return "no Java";
  if (existsSync(join(cacheDirectory(), await entry(program))) || (runs("mvn") && runs("javac"))) return undefined;
  return "no Maven and Java compiler to make it with";
}

/** Makes a program where it is missing. @returns how to run it: `java` with these arguments, then the job's file */
export async function javaArguments(program: JavaProgram, say: (line: string) => void): Promise<readonly string[]> {
  const directory = await cachedDirectory(await entry(program), async (target) => {
    say(`${program.name}: fetched by Maven and compiled, in two minutes or less`);
    const scratch = await mkdtemp(join(tmpdir(), "stockfeed-java-"));
    try {
      await copyFile(join(SOURCE, program.pom), join(scratch, "pom.xml"));
      const fetch = ["-B", "-q", "dependency:copy-dependencies", "-DincludeScope=runtime"];
      await promisify(execFile)("mvn", [...fetch, `-DoutputDirectory=${join(target, "lib")}`], { cwd: scratch });
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
    const classes = ["-d", join(target, "classes"), "-cp", join(target, "lib", "*")];
    await promisify(execFile)("javac", [...classes, ...sourcesOf(program)]);
  });
  const opened = OPENED.map((name) => `--add-opens=${name}=ALL-UNNAMED`);
  return [...opened, "-cp", `${join(directory, "classes")}:${join(directory, "lib", "*")}`, program.main];
}

async function entry(program: JavaProgram): Promise<string> {
  return `${program.name}-${await hashOf([join(SOURCE, program.pom), ...sourcesOf(program)])}`;
}

function sourcesOf({ sources }: JavaProgram): string[] {
  return [...SHARED, ...sources].map((name) => join(SOURCE, name));
}

function runs(command: string): boolean {
  return spawnSync(command, [command === "mvn" ? "--version" : "-version"]).status === 0;
}
