import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

/** The page's files by name. */
export type Assets = ReadonlyMap<string, Uint8Array>;

/**
 * Bundles the page from its sources beside this file. For the build, and for running from sources, where esbuild, a
 * dev dependency, is installed.
 */
export async function bundlePage(): Promise<Assets> {
  const { build, stop } = await import("esbuild");
  const client = new URL("./client/", import.meta.url);
  const { outputFiles } = await build({
    entryPoints: {
      app: fileURLToPath(new URL("main.tsx", client)),
      style: fileURLToPath(new URL("style.css", client)),
    },
    outdir: "/",
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["chrome120", "firefox121", "safari17"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "silent",
  });
  // Its helper process has done its work.
  await stop();
  const assets = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
  for (const name of ["index.html", "icon.svg"]) assets.set(name, await readFile(new URL(name, client)));
  return assets;
}
