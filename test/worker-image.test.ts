import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleWorker } from "../scripts/bundle-worker.ts";
import { type FnRunner, startFnRunner } from "./fakes/fn-runner.ts";
import { mapStage } from "./fakes/map-stage.ts";

/** What the image's last stage copies, made by the same script; outside the tree, where no packages are found. */
let directory: string;
let runner: FnRunner;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stockfeed-worker-"));
  await bundleWorker(directory);
  // A function that refers to nothing is sent by its text.
  runner = await startFnRunner({ stage: (endpoint) => mapStage(endpoint, (bytes) => bytes.map((byte) => byte + 1)) });
});

afterAll(async () => {
  runner.stop();
  await rm(directory, { recursive: true, force: true });
});

describe("the worker image's directory", () => {
  it("is all that Node needs to do a runner's work", async () => {
    const flags = ["--id=1", `--provision_endpoint=${runner.endpoint}`];
    const child = spawn(process.execPath, [join(directory, "boot.mjs"), ...flags], {
      cwd: directory,
      env: {},
      stdio: "inherit",
    });
    const ended = once(child, "exit");
    const worker = await runner.worker("1");
    expect((await worker.run([Uint8Array.of(1, 2)])).values).toEqual([Uint8Array.of(2, 3)]);
    worker.end();
    expect(await ended).toEqual([0, null]);
  });

  it("is what Dockerfile.worker makes and starts", async () => {
    const dockerfile = await readFile(new URL("../Dockerfile.worker", import.meta.url), "utf8");
    expect(dockerfile).toContain("RUN node scripts/bundle-worker.ts /worker");
    expect(dockerfile).toContain('ENTRYPOINT ["node", "/worker/boot.mjs"]');
    expect(await readdir(directory)).toContain("boot.mjs");
  });
});
