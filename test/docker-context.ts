/**
 * What `docker build` is sent of a directory: all that is in it, tracked or not, less what its .dockerignore names.
 *
 * Of that file's format it has what ours uses: paths from the root, `*` within a name, and `**` for any directories.
 * Exceptions (`!`) are refused. https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
import { cp, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** Copies the context of a build from a directory to one outside of it. */
export async function copyContext(from: string, to: string): Promise<void> {
  const ignored = ignoredBy(await readFile(join(from, ".dockerignore"), "utf8"));
  await cp(from, to, { recursive: true, filter: (path) => !ignored(relative(from, path).split(sep).join("/")) });
}

/** Whether a file or directory, by its path from the root, is left out; what is below one that is, is never asked for. */
function ignoredBy(text: string): (path: string) => boolean {
  const patterns = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(expressionOf);
  return (path) => patterns.some((pattern) => pattern.test(path));
}

function expressionOf(pattern: string): RegExp {
  if (/[!?[\]\\]/.test(pattern)) throw new Error(`.dockerignore: "${pattern}" has signs that are not understood here.`);
  const parts = pattern.split("/").map((part) => part.replaceAll(".", String.raw`\.`));
  const source = parts.map((part, n) => {
    const last = n === parts.length - 1;
    if (part === "**") return last ? ".*" : "(?:[^/]+/)*";
    return part.replaceAll("*", "[^/]*") + (last ? "" : "/");
  });
  return new RegExp(`^${source.join("")}$`);
}
