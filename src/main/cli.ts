import { Command, CommanderError } from "commander";
import { StoreError } from "../adapters/duckdb/store-error.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import { version } from "./version.ts";

const COMMANDS: Program["commands"] = {
  init: async () => (await import("./init.ts")).initCommand(),
  validate: async () => (await import("./validate.ts")).validateCommand(),
  plan: async () => (await import("./plan.ts")).planCommand(),
  ddl: async () => (await import("./ddl.ts")).ddlCommand(),
  doctor: async () => (await import("./doctor.ts")).doctorCommand(),
  dev: async () => (await import("./dev.ts")).devCommand(),
  replay: async () => (await import("./replay.ts")).replayCommand(),
  simulate: async () => (await import("./simulate.ts")).simulateCommand(),
  top: async () => (await import("./top.ts")).topCommand(),
  gain: async () => (await import("./gain.ts")).gainCommand(),
  query: async () => (await import("./query.ts")).queryCommand(),
  export: async () => (await import("./export.ts")).exportCommand(),
  deadletter: async () => (await import("./deadletter.ts")).deadletterCommand(),
  poll: async () => (await import("./poll.ts")).pollCommand(),
  stream: async () => (await import("./stream.ts")).streamCommand(),
  operator: async () => (await import("./operator.ts")).operatorCommand(),
};

const EXAMPLES = `
Examples:
  $ stockfeed init                                    write a first feed.yaml
  $ stockfeed dev -f feed.yaml                        run it here, with a page to look at
  $ stockfeed top                                     what it found
  $ stockfeed replay ticks.ndjson.gz --output rows.ndjson --views

Exit codes: 0 done, 1 failed, 2 wrong command line or input, 130 stopped by Ctrl-C before it was done.
`;

const STOCKFEED: Program = {
  name: "stockfeed",
  description: "Stock quotes to ranked windows, from one manifest: on a laptop, on any cluster, on GKE.",
  examples: EXAMPLES,
  commands: COMMANDS,
};

/** A program of several commands. */
export interface Program {
  readonly name: string;
  readonly description: string;
  readonly examples: string;
  /** The commands in the order of the help, each loaded when it is needed: most carry a library that others don't. */
  readonly commands: Readonly<Record<string, () => Promise<Command>>>;
}

/** Runs one command line, without the program's name; sets the process's exit code. */
export async function main(args: readonly string[], program: Program = STOCKFEED): Promise<void> {
  process.stdout.on("error", onBrokenPipe);
  try {
    const command = await buildProgram(args[0], program);
    await command.parseAsync([...args], { from: "user" });
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** Ends quietly when whoever reads the output has seen enough, as in `stockfeed query ... | head`. */
function onBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(EXIT.ok);
}

/** The program with the one command that is asked for, or with all of them for the help. */
export async function buildProgram(name?: string, of: Program = STOCKFEED): Promise<Command> {
  const program = new Command(of.name)
    .description(of.description)
    .version(version())
    .addHelpText("after", of.examples)
    .showHelpAfterError("(--help shows what there is)")
    .exitOverride();
  const asked = Object.entries(of.commands).filter(([command]) => command === name);
  const loaders = (asked.length > 0 ? asked : Object.entries(of.commands)).map(([, load]) => load);
  for (const command of await Promise.all(loaders.map((load) => load()))) {
    program.addCommand(command.copyInheritedSettings(program));
  }
  return program;
}

/** Says what went wrong, to people; a defect keeps its stack. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CliError) {
    console.error(error.message);
    return error.exitCode;
  }
  if (error instanceof StoreError) {
    console.error(error.message);
    return EXIT.failed;
  }
  console.error(error);
  return EXIT.failed;
}
