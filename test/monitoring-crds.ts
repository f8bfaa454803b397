/**
 * The CRDs of those who scrape and alert, as their authors publish them in Go modules: the Prometheus Operator's and
 * Google's managed Prometheus. A cluster's may be newer; on GKE they come with its version. Of 440 MB three files are kept,
 * in the cache of heavy parts.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../src/api/kube-object.ts";
import { cacheDirectory, cachedDirectory, hashOf } from "./heavy-parts.ts";

const OF_THE_OPERATOR = "example/prometheus-operator-crd/monitoring.coreos.com_";
const FILES: Readonly<Record<string, readonly string[]>> = {
  "github.com/prometheus-operator/prometheus-operator@v0.85.0": ["podmonitors", "prometheusrules"].map(
    (plural) => `${OF_THE_OPERATOR}${plural}.yaml`,
  ),
  "github.com/GoogleCloudPlatform/prometheus-engine@v0.13.0": ["manifests/setup.yaml"],
};

async function entry(): Promise<string> {
  return `monitoring-crds-${await hashOf([], JSON.stringify(FILES))}`;
}

/** The CRDs, as data; undefined where they were not fetched yet. */
export async function monitoringCrds(): Promise<KubeObject[] | undefined> {
  const place = join(cacheDirectory(), await entry());
  if (!existsSync(place)) return undefined;
  const texts = await Promise.all((await readdir(place)).map((name) => readFile(join(place, name), "utf8")));
  return texts
    .flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as KubeObject | null))
    .filter((object) => object?.kind === "CustomResourceDefinition") as KubeObject[];
}

/** Fetches the files where they are missing, by Go, which takes half a minute. */
export async function fetchMonitoringCrds(): Promise<void> {
  await cachedDirectory(await entry(), async (directory) => {
    // Not in Go's own cache, where the modules would stay.
    const scratch = await mkdtemp(join(tmpdir(), "stockfeed-monitoring-"));
    try {
      const env = { ...process.env, GOMODCACHE: scratch, GOFLAGS: "-modcacherw" };
      for (const [module, files] of Object.entries(FILES)) {
        const { stdout } = await promisify(execFile)("go", ["mod", "download", "-json", module], { cwd: scratch, env });
        const { Dir: source } = JSON.parse(stdout) as { readonly Dir: string };
        for (const file of files) await copyFile(join(source, file), join(directory, basename(file)));
      }
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
}
