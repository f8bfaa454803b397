/** What a step of a reconcile came to. Nothing else leaves a step: it patches no status, sleeps for nothing, logs nothing. */
export type Outcome = Done | Waiting | Stalled;

/** All is as the spec wants it. */
export interface Done {
  readonly kind: "done";
  /** One CamelCase word for the condition, where there is more to say than that it is so. */
  readonly reason?: string;
  readonly message?: string;
  /** Whether the part is off, as the spec wants it: its condition is False, and the feed is Ready all the same. */
  readonly off?: boolean;
}

/** It will go on by itself: at an event, or after a while. */
export interface Waiting {
  readonly kind: "waiting";
  readonly reason: string;
  readonly message: string;
  /** Milliseconds after which to look again; without it, with the next event or check for drift. */
  readonly afterMs?: number;
  /**
   * The call that failed, where that is why. It is tried again with a growing delay, and a condition that was True
   * stays: an API that is away for a minute says nothing of what it was asked about.
   */
  readonly fault?: Error;
}

/** It can't go on until a person changes something. */
export interface Stalled {
  readonly kind: "stalled";
  readonly reason: string;
  /** Names the field or object, its value and the mend. */
  readonly message: string;
  /** Milliseconds after which to look again, where no event tells that it was mended. */
  readonly afterMs?: number;
}

/** All is as the spec wants it, and there is nothing more to say. */
export const done: Outcome = { kind: "done" };

export function stalled(reason: string, message: string, afterMs?: number): Stalled {
  return { kind: "stalled", reason, message, ...(afterMs !== undefined && { afterMs }) };
}

export function waiting(reason: string, message: string, afterMs?: number): Waiting {
  return { kind: "waiting", reason, message, ...(afterMs !== undefined && { afterMs }) };
}
