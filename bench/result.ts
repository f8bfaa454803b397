/** A rival measured in the same run, on the same work. */
export interface RivalResult {
  readonly name: string;
  readonly value: number;
  /** How many times better than the rival we are: above 1 in our favour, whichever way the unit counts. */
  readonly ratio: number;
}

/** What a figure is held to. */
export interface Goal {
  readonly value: number;
  /** Which way the figure should go; the goal itself is good enough. */
  readonly better: "more" | "less";
  readonly met: boolean;
  /** Whether a slow or busy machine changes nothing about it, so that a short run on any machine has to meet it too. */
  readonly anywhere: boolean;
}

/** One measured figure, as `--json` writes it. */
export interface BenchResult {
  readonly name: string;
  /** What the value counts, such as `quotes/s` or `ms`. */
  readonly unit: string;
  readonly value: number;
  readonly rivals: readonly RivalResult[];
  /** Rivals that could not be had on this machine, and why. */
  readonly leftOut?: readonly { readonly name: string; readonly missing: string }[];
  /** Undefined for what is measured for the record. */
  readonly goal?: Goal;
}
