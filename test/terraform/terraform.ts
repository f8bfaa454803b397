/**
 * The real terraform on a copy of `terraform/`, with a google provider that knows the real one's schema and makes nothing
 * (`startProvider`). It asks no registry and no cloud, and writes nothing into the source tree.
 */
import { execFile, spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TERRAFORM } from "./hcl.ts";
import { providerClasses } from "./provider-package.ts";
import { startProvider } from "./provider-server.ts";

const { STOCKFEED_TEST_TERRAFORM: PROGRAM = "terraform" } = process.env;

/** It asks nobody whether there is a newer one. */
const QUIET = { CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1" };

/** Why tests can't run terraform; undefined where they can. */
export async function terraformMissing(): Promise<string | undefined> {
  const { stdout } = spawnSync(PROGRAM, ["version"], { encoding: "utf8", env: { ...process.env, ...QUIET } });
  const [, major, minor] = /^Terraform v(\d+)\.(\d+)/m.exec(stdout) ?? [];
  if (!(Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 9)))
    return "no terraform 1.9 or newer on the path; STOCKFEED_TEST_TERRAFORM names one";
  if ((await providerClasses()) === undefined)
    return "no schema of the google provider; npm run e2e -- --parts fetches it";
  return undefined;
}

export interface Ran {
  readonly code: number;
  /** Both outputs, as they came. */
  readonly output: string;
}

/** A resource as the state has it after a run. */
export interface AppliedResource {
  readonly type: string;
  readonly name: string;
  /** With `for_each` its key. */
  readonly index?: string | number;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What a run of a test has made. */
export interface Applied {
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Those of the root module, then those of the modules in it. */
  readonly resources: readonly AppliedResource[];
}

export interface Terraform {
  /** The copy, whose files a test may change. */
  readonly directory: string;
  /** Runs terraform in a directory of the copy, such as `modules/gke`, after `terraform init`. */
  run(directory: string, ...args: string[]): Promise<Ran>;
  /** Runs the tests of a directory. @returns what each run has made, by its name */
  applied(directory: string): Promise<ReadonlyMap<string, Applied>>;
  stop(): Promise<void>;
}

export async function startTerraform(): Promise<Terraform> {
  const classes = await providerClasses();
  if (classes === undefined) throw new Error("There is no schema of the provider.");
  const provider = await startProvider(classes);
  const scratch = await mkdtemp(join(tmpdir(), "stockfeed-terraform-"));
  const copy = join(scratch, "terraform");
  const isState = (path: string) => /\/\.terraform$|\.tfstate|\/terraform\.tfvars$/.test(path);
  await cp(TERRAFORM, copy, { recursive: true, filter: (path) => !isState(path) });
  const initialized = new Map<string, Promise<Ran>>();

  function terraform(directory: string, args: readonly string[]): Promise<Ran> {
    const data = join(scratch, "data", directory.replaceAll("/", "-"));
    const env = {
      PATH: process.env.PATH,
      HOME: scratch,
      ...QUIET,
      TF_DATA_DIR: data,
      ...provider.env,
    };
    return new Promise((resolve) => {
      const options = { env, maxBuffer: 2 ** 28 };
      execFile(PROGRAM, [`-chdir=${join(copy, directory)}`, ...args], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
      });
    });
  }

  async function run(directory: string, ...args: string[]): Promise<Ran> {
    await mkdir(join(scratch, "data"), { recursive: true });
    const init = ["init", "-backend=false", "-input=false", "-no-color"];
    const first = initialized.get(directory) ?? terraform(directory, init);
    initialized.set(directory, first);
    const { code, output } = await first;
    if (code !== 0) throw new Error(`terraform init of ${directory} failed:\n${output}`);
    return terraform(directory, args);
  }

  return {
    directory: copy,
    run,
    async applied(directory) {
      const { output } = await run(directory, "test", "-json", "-verbose");
      return new Map(output.split("\n").flatMap(appliedIn));
    },
    async stop() {
      provider.stop();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

interface Module {
  readonly resources?: readonly AppliedResource[];
  readonly child_modules?: readonly Module[];
}

/** A line of `terraform test -json -verbose`. */
interface TestLine {
  readonly "@testrun"?: string;
  readonly test_state?: {
    readonly root_module?: Module;
    readonly outputs?: Readonly<Record<string, { readonly value: unknown }>>;
  };
}

function appliedIn(line: string): [string, Applied][] {
  if (!line.startsWith("{")) return [];
  const { "@testrun": run, test_state: state } = JSON.parse(line) as TestLine;
  if (run === undefined || state === undefined) return [];
  const outputs = Object.entries(state.outputs ?? {}).map(([name, { value }]) => [name, value] as const);
  return [[run, { outputs: Object.fromEntries(outputs), resources: resourcesIn(state.root_module) }]];
}

function resourcesIn({ resources = [], child_modules: modules = [] }: Module = {}): AppliedResource[] {
  return [...resources, ...modules.flatMap(resourcesIn)];
}
