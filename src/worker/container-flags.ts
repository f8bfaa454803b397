/**
 * What a runner starts a worker's container with: Beam's container contract,
 * https://s.apache.org/beam-fn-api-container-contract. The endpoints given as flags are what older runners say; those in
 * the provision info count where they are there.
 */
import { parseArgs } from "node:util";

export interface ContainerFlags {
  /** The worker's name at the runner. */
  readonly id: string;
  /** `HOST:PORT` of the service that tells the rest. */
  readonly provisionEndpoint: string;
  readonly controlEndpoint?: string;
  readonly loggingEndpoint?: string;
}

/** A start that cannot work. The message names the flag and what to give. */
export class BootError extends Error {
  override readonly name = "BootError";
  readonly exitCode: number;

  /** @param exitCode 2 where the flags are wrong */
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The contract's; runners may add others, which are left alone. */
const FLAGS = [
  "id",
  "provision_endpoint",
  "control_endpoint",
  "logging_endpoint",
  "artifact_endpoint",
  "semi_persist_dir",
] as const;

/** @throws BootError where a flag is missing that nothing else can tell */
export function parseContainerFlags(args: readonly string[]): ContainerFlags {
  const options = Object.fromEntries(FLAGS.map((name) => [name, { type: "string" as const }]));
  const { values } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true });
  const given = (name: (typeof FLAGS)[number]) => {
    const value = values[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const id = given("id");
  if (id === undefined) throw new BootError("--id is missing: the runner's name for this worker.", 2);
  const provisionEndpoint = given("provision_endpoint");
  if (provisionEndpoint === undefined)
    throw new BootError("--provision_endpoint is missing: HOST:PORT of the runner's provision service.", 2);
  return {
    id,
    provisionEndpoint,
    controlEndpoint: given("control_endpoint"),
    loggingEndpoint: given("logging_endpoint"),
  };
}
