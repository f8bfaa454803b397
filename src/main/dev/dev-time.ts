import { virtualClock } from "../../adapters/system/virtual-clock.ts";
import { readRecording } from "../../adapters/ticks/recording.ts";
import { durationMs } from "../../api/duration.ts";
import { feedName, type StockFeed } from "../../api/stockfeed.ts";
import type { Clock } from "../../ports.ts";
import { slotOf } from "../../quotes/slots.ts";
import { sessionOf } from "../../quotes/session.ts";
import type { TickPlayback } from "../../quotes/tick-playback.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { usageError } from "../cli-error.ts";

/** Recorded ticks that a feed replays. */
export interface FeedRecording {
  readonly file: string;
  readonly playback: TickPlayback;
  /** Times of its first and last tick. */
  readonly span: { readonly first: EpochMs; readonly last: EpochMs };
}

/** The time that the feeds of one `stockfeed dev` live in. */
export interface DevTime {
  readonly clock: Clock;
  readonly speed: number;
  /** The recordings of Replay feeds, by feed name; their time is then the clock's. */
  readonly recordings: ReadonlyMap<string, FeedRecording>;
}

/**
 * The clock that the feeds need: the machine's, a faster one, or that of the recordings that they replay.
 * @param speed as asked for; undefined: real time, or what the recordings' feeds say
 * @throws CliError (usage) where the feeds can't share a clock
 */
export async function devTime(
  feeds: readonly StockFeed[],
  { speed, machineClock, signal }: { speed: number | undefined; machineClock: Clock; signal: AbortSignal },
): Promise<DevTime> {
  const live = feeds.find(({ spec }) => spec.provider.type !== "Replay" && spec.provider.type !== "Simulated");
  const replayed = feeds.find(({ spec }) => spec.provider.type === "Replay");
  if (live !== undefined && replayed !== undefined) {
    throw usageError(
      `${feedName(replayed)} replays a recording on the recording's clock, ${feedName(live)} polls ${live.spec.provider.type} on the machine's. Run them apart.`,
    );
  }
  if (live !== undefined && speed !== undefined && speed !== 1) {
    throw usageError(
      `--speed ${speed} works with the providers Simulated and Replay; ${feedName(live)} polls ${live.spec.provider.type}, whose quotes come in real time.`,
    );
  }
  if (replayed !== undefined) return recordedTime(feeds, { speed, machineClock, signal });
  if (speed === undefined || speed === 1) return { clock: machineClock, speed: 1, recordings: new Map() };
  const clock = virtualClock({ start: machineClock.now(), speed, base: machineClock });
  return { clock, speed, recordings: new Map() };
}

async function recordedTime(
  feeds: readonly StockFeed[],
  { speed, machineClock, signal }: { speed: number | undefined; machineClock: Clock; signal: AbortSignal },
): Promise<DevTime> {
  const recordings = new Map<string, FeedRecording>();
  const speeds = new Set<number>();
  const starts: EpochMs[] = [];
  for (const feed of feeds) {
    const { provider, polling } = feed.spec;
    if (provider.type !== "Replay") continue;
    const intervalMs = durationMs(polling.interval);
    const { history, symbols } = await readRecording([provider.file], { intervalMs }, { signal });
    if (history.span === undefined) {
      throw usageError(
        `${provider.file} of ${feedName(feed)} holds no ticks. Name a file of recorded ticks in provider.file.`,
      );
    }
    const recording = { file: provider.file, playback: history.playback(symbols), span: history.span };
    recordings.set(feedName(feed), recording);
    speeds.add(provider.speed);
    // A feed that keeps to a session begins when it opens; until then there is nothing to see.
    starts.push(slotOf(sessionOf(polling).nextOpen(history.span.first), intervalMs));
  }
  const [own, other] = speeds;
  if (speed === undefined && other !== undefined) {
    throw usageError(
      `The feeds replay at speeds ${[...speeds].join(" and ")}, and share one clock. Choose one with --speed.`,
    );
  }
  const chosen = speed ?? own ?? 1;
  const clock = virtualClock({ start: Math.min(...starts), speed: chosen, base: machineClock });
  return { clock, speed: chosen, recordings };
}
