import type { Program } from "../cli.ts";

const EXAMPLES = `
Examples:
  $ kubectl stockfeed status                  how the feeds of the namespace are
  $ kubectl stockfeed top tech -n markets     its top stocks, from BigQuery
  $ kubectl stockfeed pause tech              stop polling for a while

Exit codes: 0 done, 1 failed, 2 wrong command line or input, 130 stopped by Ctrl-C before it was done.
`;

/** `kubectl stockfeed`: the commands that look at feeds on a cluster and change them. */
export const PLUGIN: Program = {
  name: "kubectl stockfeed",
  description: "Feeds on a cluster: how they are, what their rows say, and how to stop and start them.",
  examples: EXAMPLES,
  commands: {
    status: async () => (await import("./status.ts")).statusCommand(),
    top: async () => (await import("./windows.ts")).clusterTopCommand(),
    gain: async () => (await import("./windows.ts")).clusterGainCommand(),
    plan: async () => (await import("../plan.ts")).planCommand(),
    pause: async () => (await import("./change.ts")).pauseCommand(),
    resume: async () => (await import("./change.ts")).resumeCommand(),
    restart: async () => (await import("./change.ts")).restartCommand(),
    orphan: async () => (await import("./orphan.ts")).orphanCommand(),
  },
};
