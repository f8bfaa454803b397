/**
 * Apache Beam's Python SDK, which tests take as the other opinion: what its own runner sends to Dataflow, and what its
 * Beam YAML makes of the same quotes. It is 830 MB with what Google Cloud needs, so it is no dependency: `npm run e2e`
 * installs it once into a virtual environment in the cache of heavy parts.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory, cachedDirectory } from "../heavy-parts.ts";

const VERSION = "2.77.0";
const ENTRY = `python-beam-${VERSION}`;

/** A Python that has the SDK: STOCKFEED_PYTHON_BEAM, or the cache's; undefined where neither is. */
export function pythonBeam(): string | undefined {
  const { STOCKFEED_PYTHON_BEAM: own } = process.env;
  if (own !== undefined && own !== "") return own;
  const cached = join(cacheDirectory(), ENTRY, "bin", "python");
  return existsSync(cached) ? cached : undefined;
}

/** Why tests on the SDK can't run; undefined where they can. */
export function pythonBeamMissing(): string | undefined {
  return pythonBeam() === undefined ? "no apache-beam for Python; npm run e2e -- --parts installs it" : undefined;
}

/** Installs the SDK into the cache where it is missing, by Python 3.10 or newer, which takes two to three minutes. */
export async function installPythonBeam(say: (line: string) => void): Promise<string> {
  const there = pythonBeam();
  if (there !== undefined) return there;
  say("pip install, which takes some minutes");
  const entry = await cachedDirectory(ENTRY, async (directory) => {
    await run("python3", ["-m", "venv", directory]);
    // Called by the interpreter: the scripts beside it keep the path that the directory has while it is filled.
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"];
    await run(join(directory, "bin", "python"), [...pip, `apache-beam[gcp,yaml]==${VERSION}`]);
  });
  return join(entry, "bin", "python");
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${String(code)}.`);
}
