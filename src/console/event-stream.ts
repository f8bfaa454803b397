import { setTimeout as sleep } from "node:timers/promises";
import type { ChangeReader, Monitor } from "./feed-monitor.ts";
import type { ConsoleEvent } from "./wire.ts";

/** How long the page waits before it connects again. */
const RETRY_MS = 1_000;

/** How an event stream is paced. */
export interface Pacing {
  /** Least time between two events to one page; what changes in between goes into one. */
  readonly coalesceMs: number;
  /** With nothing new, the state of health is sent this often all the same, so both ends notice a dead connection. */
  readonly heartbeatMs: number;
}

/**
 * Server-sent events for one page: the snapshot, then deltas. An event is made only when the connection wants more
 * bytes, from what has changed by then, so a slow or stopped page costs no memory.
 * @param closing ends the stream, at once and in good order
 * @param onEnd called once, when either side has ended it
 */
export function eventStream(
  monitor: Monitor,
  pacing: Pacing,
  closing: AbortSignal,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const reader = monitor.follow();
  const left = new AbortController();
  const ended = AbortSignal.any([closing, left.signal]);
  const encoder = new TextEncoder();
  let started = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const event = started ? await nextEvent(monitor, reader, pacing, ended) : reader.read();
        if (left.signal.aborted) return;
        if (!event) {
          controller.close();
          onEnd();
          return;
        }
        const retry = started ? "" : `retry: ${RETRY_MS}\n`;
        started = true;
        controller.enqueue(encoder.encode(`${retry}event: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`));
      },
      cancel() {
        left.abort();
        onEnd();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Waits for the pace, then for a change or the heartbeat; undefined when the stream has ended. */
async function nextEvent(
  monitor: Monitor,
  reader: ChangeReader,
  { coalesceMs, heartbeatMs }: Pacing,
  ended: AbortSignal,
): Promise<ConsoleEvent | undefined> {
  await pause(coalesceMs, ended);
  const event = isAborted(ended) ? undefined : reader.read();
  if (event) return event;
  const changed = new AbortController();
  const unsubscribe = monitor.onChange(() => {
    changed.abort();
  });
  await pause(heartbeatMs, AbortSignal.any([ended, changed.signal]));
  unsubscribe();
  return isAborted(ended) ? undefined : reader.read({ always: true });
}

/** Sleeps, at most until the signal; never rejects. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}

/** Asked through a call, since the compiler takes a property for unchanged across an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
