import { zetasqlDirectory } from "./zetasql-package.ts";

/**
 * Whether tests that need Google's engine are skipped: where it is not installed, as on a contributor's machine that
 * never ran `npm run e2e`. Under CI it has to be there.
 * @throws Error under CI where it is not
 */
export function withoutZetasql(): boolean {
  if (zetasqlDirectory() !== undefined) return false;
  if (process.env.CI === "true") throw new Error("Google's ZetaSQL is not installed; `npm run e2e` installs it.");
  return true;
}
