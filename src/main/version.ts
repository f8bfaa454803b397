import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/** The program's version, as package.json has it, whether it runs from sources or from a build. */
export function version(): string {
  const path = findPackageJSON("..", import.meta.url);
  if (path === undefined) throw new Error("StockFeed's package.json is missing.");
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
