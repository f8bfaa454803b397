import type { Job } from "../../job-ports.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { type LaunchIntent, REQUEST_LABEL } from "./job-record.ts";

/** How long Dataflow's lists may lack a job that is there. */
export const LISTED_MS = 600_000;
/** What was sent longer ago is of no more interest. */
const KEPT_MS = 86_400_000;

/** What is known of the launch that was sent last, or is about to be. */
interface Known {
  readonly requestId: string;
  readonly since: EpochMs;
  readonly isSent: boolean;
}

/**
 * Which launches may have been sent, so that no job is updated twice, and none is forgotten that no list shows yet. Updates
 * go by the job that they replace: another update of it, to another spec, would take over from it beside the first.
 *
 * - A launch that was decided here and not sent yet may be sent at once.
 * - Where one was sent, or where somebody else decided one and may have sent it until just now, lists are given the time
 *   to show its job. Whoever decides sees that job, once it is listed.
 */
export class UpdateBook {
  readonly #known = new Map<string, Known>();

  /** A launch was decided. @param before the one that had been decided and may have been sent */
  noteDecided(intent: LaunchIntent, before: LaunchIntent | undefined, now: EpochMs): void {
    const known = before !== undefined && keyOf(before) === keyOf(intent) ? this.#of(before, now) : undefined;
    if (known?.isSent !== true && this.#known.get(keyOf(intent))?.isSent !== true) this.noteUnsent(intent, now);
  }

  /** A launch was refused for certain after it was sent. */
  noteUnsent(intent: LaunchIntent, now: EpochMs): void {
    this.#note(intent, now, false);
  }

  /** A launch is sent now, whatever comes of it. @returns what makes it unsaid, where it was not sent after all */
  noteSent(intent: LaunchIntent, now: EpochMs): () => void {
    const before = this.#of(intent, now);
    this.#note(intent, now, true);
    return () => {
      this.#known.set(keyOf(intent), before);
    };
  }

  /**
   * The request of a launch, this or another of the same job, that may have been sent and that no job of the list has, with
   * how long the list has to be waited for; undefined where there is none.
   */
  unlisted(
    intent: LaunchIntent,
    jobs: readonly Job[],
    now: EpochMs,
  ): { readonly requestId: string; readonly waitMs: number } | undefined {
    const { requestId, since, isSent } = this.#of(intent, now);
    const waitMs = since + LISTED_MS - now;
    const isListed = jobs.some(({ labels }) => labels[REQUEST_LABEL] === requestId);
    return isSent && waitMs > 0 && !isListed ? { requestId, waitMs } : undefined;
  }

  #of(intent: LaunchIntent, now: EpochMs): Known {
    return this.#known.get(keyOf(intent)) ?? this.#note(intent, now, true);
  }

  #note(intent: LaunchIntent, since: EpochMs, isSent: boolean): Known {
    for (const [key, known] of this.#known) if (since - known.since >= KEPT_MS) this.#known.delete(key);
    const noted = { requestId: intent.requestId, since, isSent };
    this.#known.set(keyOf(intent), noted);
    return noted;
  }
}

function keyOf({ replaces, requestId }: LaunchIntent): string {
  return replaces ?? requestId;
}
