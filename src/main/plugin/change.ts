import { Command } from "commander";
import type { CommandIo } from "../command-io.ts";
import { declareCluster, withCluster } from "./cluster-flags.ts";

/** A command that changes one field of a feed. */
interface Change {
  readonly name: string;
  readonly description: string;
  /** The JSON merge patch that makes it. */
  readonly patch: (now: Date) => object;
  /** What comes of it, after the feed's name. */
  readonly outcome: string;
}

const PAUSE: Change = {
  name: "pause",
  description: "stop polling and computing; topics and data stay",
  patch: () => ({ spec: { suspend: true } }),
  outcome: "is suspended. Its topic and rows stay; kubectl stockfeed resume goes on with it.",
};

const RESUME: Change = {
  name: "resume",
  description: "go on with a paused feed",
  patch: () => ({ spec: { suspend: false } }),
  outcome: "polls again from its next slot.",
};

const RESTART: Change = {
  name: "restart",
  description: "start a feed's Pods anew; the windows are made again from the topic",
  patch: (now) => ({ metadata: { annotations: { "stockfeed.dev/restart": now.toISOString() } } }),
  outcome: "starts its Pods anew; no quote is lost, and rows that are there stay.",
};

/** `kubectl stockfeed pause`. */
export const pauseCommand = (io?: Pick<CommandIo, "stdout">) => changeCommand(PAUSE, io);
/** `kubectl stockfeed resume`. */
export const resumeCommand = (io?: Pick<CommandIo, "stdout">) => changeCommand(RESUME, io);
/** `kubectl stockfeed restart`. */
export const restartCommand = (io?: Pick<CommandIo, "stdout">) => changeCommand(RESTART, io);

function changeCommand(
  { name, description, patch, outcome }: Change,
  io: Pick<CommandIo, "stdout"> = process,
): Command {
  const command = new Command(name)
    .description(description)
    .argument("<feed...>", "names of the feeds")
    .addHelpText(
      "after",
      `
Where a feed's manifest is kept elsewhere, as in a Git repository, change it there too: what is applied next counts.

Examples:
  $ kubectl stockfeed ${name} tech
  $ kubectl stockfeed ${name} tech energy -n markets
`,
    );
  return declareCluster(command).action(async (names: readonly string[]) => {
    await withCluster(command, async ({ feeds, namespace = "default" }) => {
      for (const feed of names) {
        await feeds.change(namespace, feed, patch(new Date()));
        io.stdout.write(`${namespace}/${feed} ${outcome}\n`);
      }
    });
  });
}
