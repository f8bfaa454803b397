/**
 * The README's first command as it is written there, through npm and on the built program: what a person sees who has just
 * cloned. Of it only the install is left out, which whoever runs this has done, and the port is a free one.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { fences } from "./markdown.ts";
import { forgetGroup, watchGroup } from "./reaper.ts";

const root = join(import.meta.dirname, "..");
const clone = mkdtempSync(join(tmpdir(), "stockfeed-start-"));
// Its store is made where it runs. What is built and installed can be this checkout's.
for (const part of ["package.json", "examples"]) cpSync(join(root, part), join(clone, part), { recursive: true });
for (const part of ["dist", "node_modules"]) symlinkSync(join(root, part), join(clone, part));

afterAll(() => {
  rmSync(clone, { recursive: true, force: true });
});

it("the README's first command shows windows of ten stocks, and Ctrl-C ends it", async () => {
  const first = fences(readFileSync(join(root, "README.md"), "utf8")).find(({ language }) => language === "sh");
  const [install, start = ""] = first?.text.trim().split(" && ") ?? [];
  expect([install, start]).toEqual(["npm ci", "npm start"]);

  const shell = spawn("sh", ["-c", `${start} -- --port 0`], {
    cwd: clone,
    env: { ...process.env, FORCE_COLOR: undefined },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const group = shell.pid ?? 0;
  watchGroup(group);
  let said = "";
  const rows = new Promise<void>((resolve, reject) => {
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (/ 15m +10 rows +top .+gain /.test(said)) resolve();
      });
    }
    shell.once("close", () => {
      reject(new Error(`It ended before it had rows:\n${said}`));
    });
  });
  const ended = once(shell, "close");
  await rows;
  const console = /console (http:\S+)/.exec(said)?.[1] ?? "";
  expect(await (await fetch(console)).text()).toContain("<title>");

  // A terminal sends it to all of them: npm, its shell and the program.
  process.kill(-group, "SIGINT");
  await ended; // and nothing holds their output any more
  forgetGroup(group);
  expect(said).toMatch(/^Stopped\. \.stockfeed\/store\.duckdb keeps everything/m);
}, 60_000);
