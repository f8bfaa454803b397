/**
 * Everything that has to hold before a commit: what is generated is up to date and the code is formatted (both are put
 * right, and said), lint with the import rules passes, types are right.
 * Usage: npm run verify
 */
import { execFileSync, spawnSync } from "node:child_process";

/** What git sees of the work tree: the difference to the last commit, and files that it does not know. */
function workTree(): string {
  const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  const untracked = git("ls-files", "--others", "--exclude-standard").split("\n").filter(Boolean);
  const contents = untracked.map((file) => git("hash-object", file));
  return [git("diff", "HEAD"), ...untracked, ...contents].join("\n");
}

function run(script: string): void {
  console.log(`\n— npm run ${script}`);
  const { status } = spawnSync("npm", ["run", "--silent", script], { stdio: "inherit" });
  if (status !== 0) fail(`npm run ${script} failed.`);
}

function fail(message: string): never {
  console.error(`\nverify: ${message}`);
  process.exit(1);
}

const before = workTree();
run("generate");
run("format");
if (workTree() !== before) {
  execFileSync("git", ["status", "--short"], { stdio: "inherit" });
  fail("generate or format changed files. Look at them, then commit them too.");
}
run("lint");
run("typecheck");
console.log("\nverify: all is well.");
