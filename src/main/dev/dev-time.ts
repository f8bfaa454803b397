import { virtualClock } from "../../adapters/system/virtual-clock.ts";
import { readRecording } from "../../adapters/ticks/recording.ts";
import { TickFileError } from "../../adapters/ticks/tick-file.ts";
import { durationMs } from "../../api/duration.ts";
import { feedName, type StockFeed } from "../../api/stockfeed.ts";
import type { Clock } from "../../ports.ts";
import { firstSlotFrom } from "../../quotes/slots.ts";
import { formatTime } from "../../quotes/format-time.ts";
import { sessionOf } from "../../quotes/session.ts";
import type { TickPlayback } from "../../quotes/tick-playback.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { usageError } from "../cli-error.ts";
import { badLinesText } from "../replay-summary.ts";

/** Recorded ticks that a feed replays. */
export interface FeedRecording {
  readonly file: string;
  readonly playback: TickPlayback;
  /** Times of its first and last tick. */
  readonly span: { readonly first: EpochMs; readonly last: EpochMs };
  /** What was left out of it, in lines for people. */
  readonly badLines: readonly string[];
}

/** The time that the feeds of one `stockfeed dev` live in. */
export interface DevTime {
  readonly clock: Clock;
  readonly speed: number;
  /** Sets a virtual clock going, which stands at its start until then: coming up costs it no slots. */
  readonly begin: () => void;
  /** Whether feeds go on from where the store is; a recording begins anew. */
  readonly resumes: boolean;
  /** The recordings of Replay feeds, by feed name; their time is then the clock's. */
  readonly recordings: ReadonlyMap<string, FeedRecording>;
}

/** What decides on the time. */
export interface DevTimeOptions {
  /** As asked for; undefined: real time, or what the recordings' feeds say. */
  readonly speed: number | undefined;
  readonly machineClock: Clock;
  /** The newest time that the store knows of these feeds; -Infinity where it knows none. */
  readonly storedUpTo: EpochMs;
  readonly signal: AbortSignal;
}

/** The longest recording that is played. */
const LONGEST_SPAN_MS = 366 * 86_400_000;
/** How far the store may be ahead of the machine's clock: clocks are set back, but not by more than this. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * The clock that the feeds need: the machine's, a faster one, or that of the recordings that they replay. A faster one
 * goes on from where the store's time is, so that no slot is polled at two times.
 * @throws CliError (usage) where the feeds can't share a clock, or the store is ahead of it
 */
export async function devTime(feeds: readonly StockFeed[], options: DevTimeOptions): Promise<DevTime> {
  const { speed = 1, machineClock, storedUpTo } = options;
  const live = feeds.find(({ spec }) => spec.provider.type !== "Replay" && spec.provider.type !== "Simulated");
  const replayed = feeds.find(({ spec }) => spec.provider.type === "Replay");
  if (live !== undefined && replayed !== undefined) {
    throw usageError(
      `${feedName(replayed)} replays a recording on the recording's clock, ${feedName(live)} polls ${live.spec.provider.type} on the machine's. Run them apart.`,
    );
  }
  if (live !== undefined && speed !== 1) {
    throw usageError(
      `--speed ${speed} works with the providers Simulated and Replay; ${feedName(live)} polls ${live.spec.provider.type}, whose quotes come in real time.`,
    );
  }
  if (replayed !== undefined) return recordedTime(feeds, options);
  const now = machineClock.now();
  if (speed !== 1) {
    const start = Math.max(now, storedUpTo + Math.max(...feeds.map(({ spec }) => durationMs(spec.polling.interval))));
    return { ...startable(start, speed, machineClock), resumes: true, recordings: new Map() };
  }
  if (storedUpTo > now + CLOCK_TOLERANCE_MS) {
    throw usageError(
      `The store has windows up to ${new Date(storedUpTo).toISOString()}, which is ahead of the clock: time ran faster there. Go on with --speed, or choose another file with --store.`,
    );
  }
  return { clock: machineClock, speed, begin: () => undefined, resumes: true, recordings: new Map() };
}

/** A virtual clock that stands at `start` until it is set going. */
function startable(start: EpochMs, speed: number, base: Clock): Pick<DevTime, "clock" | "speed" | "begin"> {
  let running: Clock = { now: () => start, sleepUntil: () => Promise.reject(new Error("The clock stands still.")) };
  const clock: Clock = {
    now: () => running.now(),
    sleepUntil: (time, signal) => running.sleepUntil(time, signal),
  };
  const begin = () => {
    running = virtualClock({ start, speed, base });
  };
  return { clock, speed, begin };
}

async function recordedTime(feeds: readonly StockFeed[], options: DevTimeOptions): Promise<DevTime> {
  const { speed, machineClock, signal } = options;
  const recordings = new Map<string, FeedRecording>();
  const speeds = new Set<number>();
  const starts: EpochMs[] = [];
  for (const feed of feeds) {
    const { provider, polling } = feed.spec;
    if (provider.type !== "Replay") continue;
    const intervalMs = durationMs(polling.interval);
    const recording = await readTicks(feedName(feed), provider.file, intervalMs, signal);
    recordings.set(feedName(feed), recording);
    speeds.add(provider.speed);
    // At the first slot that sees a tick, and for a feed that keeps to a session not before it opens.
    starts.push(firstSlotFrom(sessionOf(polling).nextOpen(recording.span.first), intervalMs));
  }
  const [own, other] = speeds;
  if (speed === undefined && other !== undefined) {
    throw usageError(
      `The feeds replay at speeds ${[...speeds].join(" and ")}, and share one clock. Choose one with --speed.`,
    );
  }
  const chosen = speed ?? own ?? 1;
  return { ...startable(Math.min(...starts), chosen, machineClock), resumes: false, recordings };
}

async function readTicks(feed: string, file: string, intervalMs: number, signal: AbortSignal): Promise<FeedRecording> {
  try {
    const { history, symbols, files } = await readRecording([file], { intervalMs }, { signal });
    const { span } = history;
    if (span !== undefined) {
      assertSpan(feed, file, span);
      return { file, playback: history.playback(symbols), span, badLines: files.flatMap(badLinesText) };
    }
  } catch (error) {
    if (error instanceof TickFileError) throw usageError(`${feed}: ${error.message}`, { cause: error });
    throw error;
  }
  throw usageError(`${file} of ${feed} holds no ticks. Name a file of recorded ticks in provider.file.`);
}

/** Refuses a recording over a year long: one tick with a time in other units makes decades of it. */
function assertSpan(feed: string, file: string, { first, last }: FeedRecording["span"]): void {
  if (last - first <= LONGEST_SPAN_MS) return;
  throw usageError(
    `${file} of ${feed} has ticks from ${formatTime(first)} to ${formatTime(last)}, over a year. Times are milliseconds since 1970; mend the ticks that are not.`,
  );
}
