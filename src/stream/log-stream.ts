/**
 * The embedded engine at work on a log: reads from where the sink's rows leave off, and keeps up with the clock.
 *
 * - Killed at any instant, the winning rows end the same: what the engine held is read again from the log.
 * - A reading that has missed quotes is followed by another from before them.
 * - Two streams at once get a part of the quotes each. Each sees that messages lack, and reads anew, until it is alone and
 *   has all. While there are two, no rows of that time are written.
 */
import type { Clock, DeadLetters, QuoteLog, ResultSink, Telemetry } from "../ports.ts";
import type { EpochMs } from "../quotes/quote.ts";
import type { WindowSpec } from "../windows/window-spec.ts";
import { FeedStream, type StreamObserver } from "./feed-stream.ts";
import type { Findings } from "./lack-watch.ts";
import { LogSession, type Missed, type SessionEnding } from "./log-session.ts";
import { persist } from "./persist.ts";
import { MARGIN_MS, type StartPosition, startPosition } from "./start-position.ts";

/** What a stream waits for when it can't go on. */
export type Obstacle = "sink" | "log" | "dead letter";

/** Who hears how a stream fares. */
export interface LogStreamObserver {
  onStart(position: StartPosition, attempt: number): void;
  /** All that is there is read, and the windows keep up with the clock. */
  onLive(): void;
  /** Quotes were missed; the log is read again. */
  onMissed(missed: Missed): void;
  onObstacle(obstacle: Obstacle, error: Error, retryAt: EpochMs): void;
  onObstacleGone(obstacle: Obstacle): void;
}

export interface LogStreamOptions {
  /** `namespace/name` of the feed. */
  readonly feed: string;
  readonly symbols: readonly string[];
  readonly windows: readonly WindowSpec[];
  readonly log: QuoteLog;
  readonly sink: ResultSink;
  /** The slot of the newest quote in the feed's rows in the sink, by the size of their windows in milliseconds. */
  readonly newestQuotes: (feed: string) => Promise<ReadonlyMap<number, EpochMs>>;
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly telemetry: Telemetry;
  readonly observer: LogStreamObserver;
  /** Stops the stream: no more quotes, then the rows of windows that have ended. */
  readonly signal: AbortSignal;
  /** Ends the waiting for a sink that takes nothing, some time after the stop. */
  readonly giveUp: AbortSignal;
}

const QUIET_MS = 2_000;
/** After quotes were missed: longer than a log leases messages to a reader that is gone. */
const SECOND_QUIET_MS = 12_000;
/** To see which other quotes are missed. */
const PATIENCE_MS = 4_000;
/** The longest patience is a part of the longest window, within these limits. */
const LONGEST_PATIENCE = { part: 0.25, leastMs: 5_000, mostMs: 60_000 };
/** After so long without a missed quote a trouble is over. */
const TROUBLE_OVER_MS = 60_000;

/** What the sessions so far have seen. */
interface Trouble {
  /** How many sessions in a row have missed quotes. */
  readonly attempt: number;
  readonly missedFrom: EpochMs;
  /** What the last one found out. */
  readonly findings: Findings | undefined;
}

const NO_TROUBLE: Trouble = { attempt: 0, missedFrom: Infinity, findings: undefined };

/**
 * Runs a feed's stream until it is stopped.
 * @throws the sink's error, when it still refused rows as it was given up on; they are made again at the next start
 */
export async function runLogStream(options: LogStreamOptions): Promise<void> {
  const { signal, observer } = options;
  for (let trouble = NO_TROUBLE; !signal.aborted;) {
    const start = await begin(options, trouble);
    if (start === undefined) return;
    observer.onStart(start, trouble.attempt);
    const session = sessionOf(options, start, trouble);
    const ending = await session.run();
    if (ending.kind === "missed") observer.onMissed(ending);
    trouble = troubleAfter(ending, trouble, session.findings);
  }
}

/** Finds the start and brings the log there; undefined when stopped before. */
async function begin(options: LogStreamOptions, { missedFrom }: Trouble): Promise<StartPosition | undefined> {
  const { feed, windows, log, clock, signal, observer } = options;
  const until = async <T>(obstacle: Obstacle, attempt: () => Promise<T>): Promise<T> => {
    const onFailure = (error: Error, retryAt: EpochMs) => {
      observer.onObstacle(obstacle, error, retryAt);
    };
    const result = await persist(attempt, { clock, signal, onFailure });
    observer.onObstacleGone(obstacle);
    return result;
  };
  try {
    const newestQuotes = await until("sink", () => options.newestQuotes(feed));
    const start = startPosition({ newestQuotes, missedFrom, windows, now: clock.now() });
    await until("log", () => log.seek(start.seekTo));
    return start;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function sessionOf(options: LogStreamOptions, start: StartPosition, trouble: Trouble): LogSession {
  const { observer, clock, giveUp, random, windows } = options;
  const { attempt, findings: earlier } = trouble;
  const { part, leastMs, mostMs } = LONGEST_PATIENCE;
  const patience = Math.min(Math.max(part * Math.max(...windows.map(({ sizeMs }) => sizeMs)), leastMs), mostMs);
  const streamObserver: StreamObserver = {
    onQuotes: () => undefined,
    onWatermark: () => undefined,
    onRows: () => {
      observer.onObstacleGone("sink");
    },
    onSinkError: (error, _rows, retryAt) => {
      observer.onObstacle("sink", error, retryAt);
    },
  };
  const stream = new FeedStream({
    ...options,
    ...start,
    writeSpanMs: MARGIN_MS / 2,
    machineClock: clock,
    observer: streamObserver,
    signal: giveUp,
  });
  return new LogSession({
    ...options,
    start,
    stream,
    quietMs: attempt === 0 ? QUIET_MS : SECOND_QUIET_MS,
    // Two streams that notice each other shall not read again in step.
    patienceMs: Math.min(PATIENCE_MS * 2 ** attempt, patience) * (1 + random()),
    earlier,
    onLive: () => {
      observer.onLive();
    },
    onLettersRefused: (error, retryAt) => {
      observer.onObstacle("dead letter", error, retryAt);
    },
    onLettersTaken: () => {
      observer.onObstacleGone("dead letter");
    },
  });
}

function troubleAfter(ending: SessionEnding, trouble: Trouble, findings: Findings): Trouble {
  if (ending.kind !== "missed") return { ...trouble, findings };
  const before = ending.liveMs >= TROUBLE_OVER_MS ? NO_TROUBLE : trouble;
  return { attempt: before.attempt + 1, missedFrom: Math.min(before.missedFrom, ending.from), findings };
}
