/** How every `stockfeed` command ends, as a shell sees it. */
export const EXIT = {
  /** Done. */
  ok: 0,
  /** The work failed: a provider, a store, a port, a check. */
  failed: 1,
  /** The command line, a manifest or an input file is wrong. */
  usage: 2,
  /** Stopped by Ctrl-C before it was done: 128 + SIGINT, as shells count it. */
  interrupted: 130,
  /** Ended by SIGTERM before it was done: 128 + SIGTERM. A Job makes another Pod for the rest. */
  terminated: 143,
} as const;

/** One of the codes in EXIT. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
