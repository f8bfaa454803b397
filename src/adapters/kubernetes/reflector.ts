import type { Clock } from "../../ports.ts";
import type { ApiClient } from "./api-client.ts";
import { ApiError } from "./api-error.ts";
import type { CacheMirror } from "./cache-mirror.ts";
import { eventOf, pageOf, type ListPage } from "./watch-format.ts";

/** How long a page may take when it keeps coming. */
const PAGE_TIMEOUT_MS = 60_000;
/** A watch is asked for this long, and a random part of `WATCH_SPREAD_S` more: see the promise below. */
const WATCH_S = 20;
const WATCH_SPREAD_S = 5;
/** How much longer than it was asked for a watch may last before it counts as dead. */
const WATCH_GRACE_MS = 4_000;
/** A watch that ends earlier than asked by more than this was broken off, if politely. */
const EARLY_MS = 1_500;
/** Delay after a first failure, and at most; a random half of it is taken off. */
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 12_000;
/** A watch that lasted this long ends a row of failures. */
const STEADY_MS = 10_000;
/** Everything is listed again about this often, for the rest of what can go wrong. */
const RELIST_MS = 3_600_000;

export interface ReflectorOptions {
  readonly client: Pick<ApiClient, "request" | "watch">;
  /** Path of the collection. */
  readonly path: string;
  /** Selectors. */
  readonly query?: Readonly<Record<string, string>>;
  /** Objects of a page of a list; large ones, parsed at once, would stop the event loop. */
  readonly pageSize: number;
  readonly mirror: CacheMirror;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Told of each failure, for the log. */
  readonly onProblem: (error: Error) => void;
}

/**
 * Lists a collection page by page, then watches it, and lists again whenever it can't be sure; until the signal is
 * aborted. Rejects with nothing but what a listener of the cache threw.
 *
 * Guarantees: whatever has happened before (an error of any kind, a server that takes the connection and says nothing,
 * a store that was set back), a change made at the server is in the cache within 35 s, given that the server answers:
 * a watch lasts 29 s at most, the delay before the next try 12 s (15 s where the server asks for it), and a failed watch
 * is followed by a list.
 * Assumption: a watch that the server ends well, and in time, has lost nothing; the next goes on behind it. So a quiet
 * collection costs one request in 20 to 25 s and no list, and does not depend on bookmarks, which the server does not
 * send to watches this short.
 * Caveats: states between two lists are not told. Watching a position that the server's store has not reached is silent,
 * with no error, so all that might be a restart of the server ends in a list; and so does each hour.
 */
export async function runReflector(options: ReflectorOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, mirror } = options;
  let failures = 0;
  let listedAt = -Infinity;
  const stopped = () => signal.aborted;
  while (!stopped()) {
    let watchedFrom = Infinity;
    try {
      if (mirror.position === undefined || clock.now() - listedAt > RELIST_MS * (0.9 + 0.1 * random())) {
        await list(options, signal);
        listedAt = clock.now();
      }
      watchedFrom = clock.now();
      await watch(options, signal);
      failures = 0;
    } catch (error) {
      if (stopped()) return;
      if (!(error instanceof ApiError)) throw error;
      options.onProblem(error);
      // Told to wait before anything was opened, a watch has lost nothing.
      if (error.status !== 429) mirror.begin();
      failures = clock.now() - watchedFrom > STEADY_MS ? 1 : failures + 1;
      const delay = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS) * (0.5 + 0.5 * random());
      const wake = clock.now() + Math.max(delay, error.retryAfterMs ?? 0);
      await clock.sleepUntil(wake, signal).catch(() => undefined); // aborted: the loop ends
    }
  }
}

async function list(options: ReflectorOptions, signal: AbortSignal): Promise<void> {
  const { client, path, query, pageSize, mirror } = options;
  mirror.begin();
  let page: ListPage | undefined;
  do {
    const token = page?.metadata.continue;
    const { body } = await client.request({
      method: "GET",
      path,
      query: { ...query, limit: pageSize, ...(token && { continue: token }) },
      verb: "list",
      timeoutMs: PAGE_TIMEOUT_MS,
      signal,
    });
    page = pageOf(body, path);
    mirror.page(page);
  } while (page.metadata.continue);
}

/** One watch from the cache's position on; returns when it ended in time. */
async function watch(options: ReflectorOptions, signal: AbortSignal): Promise<void> {
  const { client, path, mirror, clock, random } = options;
  if (mirror.position === undefined) throw new ApiError("Unavailable", `GET ${path}: a list without a version.`);
  const seconds = WATCH_S + Math.floor(random() * (WATCH_SPREAD_S + 1));
  const startedAt = clock.now();
  const query = {
    ...options.query,
    watch: true,
    allowWatchBookmarks: true,
    timeoutSeconds: seconds,
    resourceVersion: mirror.position,
  };
  for await (const line of client.watch(path, query, { signal, longestMs: seconds * 1000 + WATCH_GRACE_MS })) {
    if (!mirror.event(eventOf(line, path))) {
      throw new ApiError("Unavailable", `watch ${path}: an event older than one before; was the store set back?`);
    }
  }
  if (clock.now() - startedAt < seconds * 1000 - EARLY_MS) {
    throw new ApiError("Unavailable", `watch ${path}: ended by the server before its time.`);
  }
}
