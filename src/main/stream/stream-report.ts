import type { Logger } from "pino";
import { SinkError } from "../../adapters/bigquery/sink-error.ts";
import { formatTime } from "../../quotes/format-time.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import type { SinkTrouble } from "../../quotes/stream-summary.ts";
import type { LogStreamObserver, Obstacle } from "../../stream/log-stream.ts";
import type { Missed } from "../../stream/log-session.ts";

/** An obstacle that lasts is said again after this time. */
const REMINDER_MS = 60_000;

const WORDS: Readonly<Record<Obstacle, string>> = {
  sink: "the sink does not take part",
  log: "the subscription can't be read",
  "dead letter": "the dead letter takes nothing",
};

const MISSED: Readonly<Record<Missed["why"], string>> = {
  late: "quotes came long after they were published; they are read again",
  lacking: "quotes are lacking that should have been published; to be sure, they are read again",
  "second reader": "another process reads this subscription; quotes are read again until it is gone",
};

interface Met {
  readonly message: string;
  readonly since: EpochMs;
  readonly saidAt: EpochMs;
  readonly error: Error;
}

/**
 * Tells of a stream's life: a log line when something begins and when it is over, not one a retry, and what keeps the
 * container from being ready.
 */
export class StreamReport implements LogStreamObserver {
  readonly #log: Pick<Logger, "info" | "warn">;
  readonly #now: () => EpochMs;
  readonly #obstacles = new Map<Obstacle, Met>();
  #live = false;

  constructor(log: Pick<Logger, "info" | "warn">, now: () => EpochMs) {
    this.#log = log;
    this.#now = now;
  }

  /** Why the stream is not ready; undefined where it is. */
  readonly notReady = (): string | undefined => {
    const reasons = [...this.#obstacles].map(([obstacle, { message }]) => `${WORDS[obstacle]}: ${message}`);
    if (reasons.length > 0) return reasons.join("\n");
    return this.#live ? undefined : "the quotes of the past are being read";
  };

  /** What keeps the sink from taking part, where that does not pass by itself. */
  get sinkTrouble(): SinkTrouble | undefined {
    const error = this.#obstacles.get("sink")?.error;
    return error instanceof SinkError && !error.retryable ? { fault: error.fault, message: error.message } : undefined;
  }

  readonly onStart: LogStreamObserver["onStart"] = ({ seekTo, writtenUpTo }, attempt) => {
    this.#live = false;
    const fields = {
      quotesFrom: formatTime(seekTo),
      rowsAfter: formatTime(writtenUpTo),
      ...(attempt > 0 && { attempt }),
    };
    this.#log.info(fields, "reading quotes");
  };

  readonly onLive = (): void => {
    this.#live = true;
    this.#log.info({}, "all quotes are read, windows keep up with the clock");
  };

  readonly onMissed: LogStreamObserver["onMissed"] = ({ why, from }) => {
    // What lacks once may never have been published.
    this.#log[why === "lacking" ? "info" : "warn"]({ from: formatTime(from) }, MISSED[why]);
  };

  readonly onObstacle: LogStreamObserver["onObstacle"] = (obstacle, error, retryAt) => {
    const { message } = error;
    const now = this.#now();
    const met = this.#obstacles.get(obstacle);
    const since = met?.since ?? now;
    if (met?.message === message && now - met.saidAt < REMINDER_MS) return;
    this.#obstacles.set(obstacle, { message, since, saidAt: now, error });
    this.#log.warn({ problem: message, since: formatTime(since), nextTry: formatTime(retryAt) }, WORDS[obstacle]);
  };

  readonly onObstacleGone: LogStreamObserver["onObstacleGone"] = (obstacle) => {
    const met = this.#obstacles.get(obstacle);
    if (met === undefined) return;
    this.#obstacles.delete(obstacle);
    const seconds = Math.round((this.#now() - met.since) / 1000);
    this.#log.info({ afterSeconds: seconds }, `over: ${WORDS[obstacle]}`);
  };
}
