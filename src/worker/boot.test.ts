import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type FnRunner, type FnRunnerOptions, startFnRunner } from "../../test/fakes/fn-runner.ts";
import { mapStage } from "../../test/fakes/map-stage.ts";
import { WORKER_FUNCTIONS, workerFunctions } from "../../test/fakes/worker-functions.ts";
import { LogEntry_Severity_Enum as Severity } from "./beam-sdk.ts";

const PROGRAM = fileURLToPath(new URL("../main/beam-worker.ts", import.meta.url));
const options = { "beam:option:registered_node_modules:v1": ["apache-beam/pvalue", WORKER_FUNCTIONS] };

let runner: FnRunner | undefined;
let stopProgram: (() => void) | undefined;

async function start(more: Partial<FnRunnerOptions> = {}): Promise<FnRunner> {
  runner = await startFnRunner({
    stage: (endpoint) => mapStage(endpoint, workerFunctions.talkative),
    pipelineOptions: options,
    ...more,
  });
  return runner;
}

/** Starts the program as a container's host does. */
function run(...flags: string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...flags], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stderr }));
  stopProgram = () => child.kill("SIGKILL");
  return { ended, kill: (signal: NodeJS.Signals) => child.kill(signal) };
}

const flagsOf = ({ endpoint }: FnRunner) => ["--id=1-1", `--provision_endpoint=${endpoint}`];
const bytes = (...values: number[]) => values.map((value) => Uint8Array.of(value));

afterEach(() => {
  stopProgram?.();
  runner?.stop();
});

describe("the container", () => {
  it("starts a worker for its own ID and each sibling's, and ends with 0 when the runner has ended them", async () => {
    const started = await start({ siblingWorkerIds: ["1-1", "1-2", "1-3"] });
    const { ended } = run(...flagsOf(started), "--semi_persist_dir=/tmp", "--unheard-of=1");
    const workers = await Promise.all(["1-1", "1-2", "1-3"].map((id) => started.worker(id)));
    const results = await Promise.all(workers.map((worker, i) => worker.run(bytes(i))));
    expect(results.map(({ values }) => values)).toEqual([bytes(0), bytes(1), bytes(2)]);
    for (const worker of workers) worker.end();
    expect((await ended).code).toBe(0);
  });

  it("logs what functions say to the runner, at its level and its bundle, and no instruction", async () => {
    const started = await start();
    const { ended } = run(...flagsOf(started));
    const worker = await started.worker("1-1");
    await worker.run(bytes(7));
    worker.end();
    await ended;
    const warned = started.logged.filter(({ severity }) => severity === Severity.WARN);
    expect(warned.map(({ message, instructionId }) => [message, instructionId])).toEqual([
      ["warned of 7", "bundle-1"],
      ["Control channel closed.", ""],
    ]);
    expect(started.logged.filter(({ message }) => /processBundle|debug/.test(message))).toEqual([]);
  });

  it("ends with 1 when the runner goes away", async () => {
    const started = await start();
    const { ended } = run(...flagsOf(started));
    await started.worker("1-1");
    started.stop();
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/control channel to 127\.0\.0\.1:\d+ broke/);
  });

  it("ends with 1 when its data stream alone breaks, so that it is started anew", async () => {
    const started = await start();
    const { ended } = run(...flagsOf(started));
    const worker = await started.worker("1-1");
    await worker.run(bytes(7));
    await worker.breakData();
    expect((await ended).code).toBe(1);
    const critical = started.logged.filter(({ severity }) => severity === Severity.CRITICAL);
    expect(critical.map(({ message }) => message.split("\n")[0])).toEqual([
      expect.stringMatching(/data channel to 127\.0\.0\.1:\d+ broke: the data went away/),
    ]);
  });

  it("ends with 0 when the runner ends the data stream and then the control channel", async () => {
    const started = await start();
    const { ended } = run(...flagsOf(started));
    const worker = await started.worker("1-1");
    await worker.run(bytes(7));
    await worker.endData();
    worker.end();
    expect((await ended).code).toBe(0);
  });

  it("stops all its workers when it is stopped, and ends with 143", async () => {
    const started = await start({ siblingWorkerIds: ["1-2"] });
    const { ended, kill } = run(...flagsOf(started));
    await Promise.all([started.worker("1-1"), started.worker("1-2")]);
    kill("SIGTERM");
    expect((await ended).code).toBe(143);
  });

  it("says what artifacts it leaves, and names a module that the image does not have", async () => {
    const started = await start({
      artifactRoles: ["beam:artifact:type:npm:v1"],
      pipelineOptions: { registered_node_modules: ["somebody/elses-functions"] },
    });
    const { ended } = run(...flagsOf(started));
    expect((await ended).code).toBe(1);
    await vi.waitFor(() => {
      const said = started.logged.map(({ severity, message }) => `${Severity[severity]} ${message}`).join("\n");
      expect(said).toMatch(/WARN .*beam:artifact:type:npm:v1/);
      expect(said).toMatch(/CRITICAL .*a module somebody\/elses-functions that this worker's image does not have/);
    });
  });

  it("says which flag is missing and ends with 2", async () => {
    expect(await run("--id=1-1").ended).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--provision_endpoint is missing") as string,
    });
  });
});
