import type { DeadLetters, ResultSink } from "../../src/ports.ts";
import type { EpochMs } from "../../src/quotes/quote.ts";
import { FeedStream } from "../../src/stream/feed-stream.ts";
import type { WindowSpec } from "../../src/windows/window-spec.ts";
import { countingTelemetry } from "./counting-telemetry.ts";

export interface SilentStreamOptions {
  readonly feed: string;
  readonly symbols: readonly string[];
  readonly windows: readonly WindowSpec[];
  readonly watermark: EpochMs;
  readonly sink: ResultSink;
  readonly deadLetters: DeadLetters;
  /** The feed's time. */
  readonly now: () => EpochMs;
  /** The machine's time. */
  readonly machineNow: () => EpochMs;
}

/** A feed's stream that nobody looks at, without an archive, whose sink takes everything at once. */
export function silentStream({ now, machineNow, ...options }: SilentStreamOptions): FeedStream {
  const sleepUntil = () => Promise.reject(new Error("nothing sleeps here"));
  return new FeedStream({
    ...options,
    writtenUpTo: -Infinity,
    clock: { now, sleepUntil },
    machineClock: { now: machineNow, sleepUntil },
    telemetry: countingTelemetry().telemetry,
    observer: { onQuotes: ignore, onRows: ignore, onWatermark: ignore, onSinkError: ignore },
    signal: new AbortController().signal,
  });
}

function ignore(): void {
  // Nobody looks.
}
