import { describe, expect, it } from "vitest";
import { runCommand } from "../../../test/run-command.ts";
import { operatorCommand } from "../operator.ts";
import { type OperatorFlags, readOptions } from "./options.ts";

const DEFAULTS: OperatorFlags = {
  concurrency: "16",
  jobsPerProject: "25",
  leaderElect: "true",
  leaseName: "stockfeed-operator",
  workerPublicIps: "true",
  metricsAddress: ":8080",
  driftInterval: "5m",
  image: "stockfeed:1",
};

describe("the operator's options", () => {
  it("watch everything, lead in turns and look for drift every five minutes unless told otherwise", () => {
    expect(readOptions(DEFAULTS, {})).toEqual({
      concurrency: 16,
      lease: { name: "stockfeed-operator" },
      metrics: { port: 8080 },
      driftIntervalMs: 300_000,
      defaults: {},
      dataflow: { jobsPerProject: 25 },
      image: "stockfeed:1",
      podEnv: {},
    });
  });

  it("say where feeds send that don't say it themselves, and allow that", () => {
    const flags = { ...DEFAULTS, project: "acme", dataset: "markets", allowedProjects: "other" };
    expect(readOptions(flags, {})).toMatchObject({
      defaults: { pubsub: { projectId: "acme" }, sink: { bigQuery: { projectId: "acme", dataset: "markets" } } },
      allowedProjects: ["other", "acme"],
    });
    expect(readOptions({ ...DEFAULTS, project: "acme" }, {}).defaults).toEqual({ pubsub: { projectId: "acme" } });
  });

  it("take lists with commas, repeated, or both, as an environment variable has them too", () => {
    const lists = { namespaces: ["a,b", " c "], allowedProjects: "acme, ,acme,other" };
    expect(readOptions({ ...DEFAULTS, ...lists }, {})).toMatchObject({
      namespaces: ["a", "b", "c"],
      allowedProjects: ["acme", "other"],
    });
    expect(readOptions({ ...DEFAULTS, namespaces: "" }, {})).not.toHaveProperty("namespaces");
  });

  it("say how Dataflow jobs run", () => {
    const flags = { ...DEFAULTS, workerServiceAccount: "beam@acme.iam.gserviceaccount.com", workerNetwork: "feeds" };
    const machine = { workerImage: "worker:1", workerMachineType: "n2d-standard-2" };
    expect(readOptions({ ...flags, ...machine }, {}).dataflow).toEqual({
      workerImage: "worker:1",
      machineType: "n2d-standard-2",
      serviceAccountEmail: "beam@acme.iam.gserviceaccount.com",
      network: "feeds",
      jobsPerProject: 25,
    });
  });

  it("leave Dataflow's workers without external addresses where they are told so", () => {
    const dataflow = (workerPublicIps: string) => readOptions({ ...DEFAULTS, workerPublicIps }, {}).dataflow;
    expect(dataflow("false")).toEqual({ privateIps: true, jobsPerProject: 25 });
    expect(dataflow("true")).toEqual({ jobsPerProject: 25 });
  });

  it("pass the emulators on to every Pod", () => {
    const env = { PUBSUB_EMULATOR_HOST: "pubsub:8085", BIGQUERY_EMULATOR_HOST: "", HOME: "/root" };
    expect(readOptions(DEFAULTS, env).podEnv).toEqual({ PUBSUB_EMULATOR_HOST: "pubsub:8085" });
  });

  it.each([
    ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
    ["[::1]:9000", { host: "::1", port: 9000 }],
    ["9000", { port: 9000 }],
  ])("listen at %s", (metricsAddress, metrics) => {
    expect(readOptions({ ...DEFAULTS, metricsAddress }, {}).metrics).toEqual(metrics);
  });

  it.each([
    [{ concurrency: "0" }, "--concurrency 0 is no number of workers"],
    [{ leaderElect: "yes" }, "--leader-elect yes is neither true nor false"],
    [{ workerPublicIps: "no" }, "--worker-public-ips no is neither true nor false"],
    [{ metricsAddress: ":99999" }, "--metrics-address :99999 is no address"],
    [{ driftInterval: "10" }, "--drift-interval 10 is no interval"],
    [{ driftInterval: "10ms" }, "--drift-interval 10ms is no interval"],
    [{ imagePullPolicy: "Sometimes" }, "--image-pull-policy Sometimes is none"],
    [{ jobsPerProject: "many" }, "--jobs-per-project many is no number of Dataflow jobs"],
    [{ dataset: "markets" }, "--dataset markets is of no project"],
    [{ image: "" }, "--image is required"],
  ])("are refused with the mend: %j", (flags, message) => {
    expect(() => readOptions({ ...DEFAULTS, ...flags }, {})).toThrow(message);
  });
});

describe("stockfeed operator", () => {
  it("says which flag is missing, before it looks for a cluster", async () => {
    expect(await runCommand(operatorCommand, {})).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("--image is required") as string,
    });
  });

  it("says which kubeconfig can't be read", async () => {
    const args = ["--image", "stockfeed:1", "--kubeconfig", "/nowhere/config", "--metrics-address", "127.0.0.1:0"];
    expect(await runCommand(operatorCommand, { args })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/The kubeconfig \/nowhere\/config can't be read: .*--kubeconfig/) as string,
    });
  });
});
