import type { EpochMs } from "../../quotes/quote.ts";
import { type LaunchIntent, timeOf } from "./job-record.ts";

/** How long Dataflow's lists may lack a job that is there. */
export const LISTED_MS = 600_000;

/**
 * Which updates by a template may have been sent, so that none is sent twice: Google's launch of a template takes no
 * request ID and finds the job by its name, so a repeat would update the job anew, or its successor.
 *
 * - An update that was decided here and not sent yet may be sent at once.
 * - One that was sent, or that somebody else decided and may have sent, may be sent again when lists have had the time to
 *   show its job. Whoever decides sees that job, once it is listed, and sends nothing more.
 */
export class UpdateBook {
  /** By request: since when it is as it is. */
  readonly #known = new Map<string, { readonly since: EpochMs; readonly isSent: boolean }>();

  /** An update was decided, or refused for certain after it was sent. */
  noteUnsent(requestId: string, now: EpochMs): void {
    this.#note(requestId, now, false);
  }

  /** An update is sent now, whatever comes of it. */
  noteSent(requestId: string, now: EpochMs): void {
    this.#note(requestId, now, true);
  }

  /** Milliseconds until the update may be sent; 0 where it may be now. */
  waitMs({ requestId, time }: LaunchIntent, now: EpochMs): number {
    const { since, isSent } = this.#known.get(requestId) ?? { since: timeOf(time) ?? now, isSent: true };
    return isSent ? Math.max(0, since + LISTED_MS - now) : 0;
  }

  #note(requestId: string, since: EpochMs, isSent: boolean): void {
    for (const [id, known] of this.#known) if (since - known.since >= LISTED_MS) this.#known.delete(id);
    this.#known.set(requestId, { since, isSent });
  }
}
