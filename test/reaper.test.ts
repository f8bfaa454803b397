import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";

it("ends the groups that a killed process watched, and not those that it had forgotten", async () => {
  const program = `
    import { spawn } from "node:child_process";
    import { forgetGroup, watchGroup } from ${JSON.stringify(new URL("reaper.ts", import.meta.url).href)};
    const sleep = () => spawn("sleep", ["60"], { detached: true, stdio: "ignore" }).pid;
    const [watched, forgotten] = [sleep(), sleep()];
    watchGroup(watched);
    watchGroup(forgotten);
    forgetGroup(forgotten);
    console.log(watched, forgotten);
    setInterval(() => undefined, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const [watched = 0, forgotten = 0] = line.split(" ").map(Number);
  expect([runs(watched), runs(forgotten)]).toEqual([true, true]);
  child.kill("SIGKILL");
  await expect.poll(() => runs(watched), { timeout: 10_000 }).toBe(false);
  expect(runs(forgotten)).toBe(true);
  process.kill(forgotten, "SIGKILL");
});

/** A zombie does not: whoever it was left to has yet to notice. */
function runs(pid: number): boolean {
  return /^[^Z]/.test(spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim());
}
