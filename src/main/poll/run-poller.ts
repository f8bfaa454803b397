import { createProvider } from "../../adapters/providers/provider-factory.ts";
import { accessTokens } from "../../adapters/pubsub/access-token.ts";
import { RestPublisher } from "../../adapters/pubsub/rest-publisher.ts";
import { durationMs } from "../../api/duration.ts";
import { feedName } from "../../api/stockfeed.ts";
import { PROJECT_NAMES, pubsubName } from "../../plan/names.ts";
import { runPollLoop } from "../../poll/poll-loop.ts";
import type { SlotReport } from "../../poll/slot-report.ts";
import type { Clock, QuoteProvider, Telemetry } from "../../ports.ts";
import { formatTime } from "../../quotes/format-time.ts";
import { Places } from "../../quotes/place.ts";
import type { PollSummary } from "../../quotes/poll-summary.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { type RequestDurations, withRequest } from "../../quotes/request-durations.ts";
import { sessionOf } from "../../quotes/session.ts";
import { usageError } from "../cli-error.ts";
import type { PollTask } from "./poll-task.ts";

/** Where a poller says what it does, as JSON lines. */
export interface PollLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface PollerOptions {
  readonly task: PollTask;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: PollLog;
  readonly telemetry: Pick<
    Telemetry,
    "countQuotes" | "countPolledSlots" | "countMissedSlots" | "setMarketState" | "observeProviderRequest"
  >;
  readonly onSummary: (summary: PollSummary) => void;
  /** Stops the poller, at any moment. */
  readonly signal: AbortSignal;
}

const SERVICE = "https://pubsub.googleapis.com";
/** Time after the end of a Job's last slot before it stops by itself: less than Kubernetes grants. */
const JOB_GRACE_MS = 10_000;

/**
 * Polls a feed's slots: those of its Job, or all until the signal.
 * @throws CliError (usage) when a key of the provider is missing, naming the Secret and the key
 */
export async function runPoller(options: PollerOptions): Promise<PollSummary> {
  const { task, env, clock, log, telemetry, signal } = options;
  const { feed, job, symbols, shard } = task;
  const { polling } = feed.spec;
  const name = feedName(feed);
  const { provider, withRequests } = timedProvider(options);
  const emulator = env.PUBSUB_EMULATOR_HOST;
  const tokens = emulator ? undefined : accessTokens(env, () => clock.now());
  const session = sessionOf(polling);
  const intervalMs = durationMs(polling.interval);
  const publisher = new RestPublisher({
    projectId: task.projectId,
    quotesTopic: pubsubName(feed, "quotes"),
    deadLetterTopic: PROJECT_NAMES.deadLetter,
    baseUrl: emulator ? `http://${emulator}` : SERVICE,
    places: new Places({ poller: processName(), shard, session, intervalMs, from: job?.from ?? clock.now() }),
    ...(tokens && { tokens }),
  });
  // Asked for while the first slot is still to come; whatever is wrong, the first delivery will say it.
  tokens?.get().catch(() => undefined);
  log.info({ shard, symbols: symbols.length, ...(job && slotRange(job.from, job.until)) }, "polling");
  // A counter that is not there yet can't be seen to rise.
  telemetry.countPolledSlots(name, 0);
  telemetry.countMissedSlots(name, 0);
  telemetry.countQuotes(name, "stale", 0);
  telemetry.countQuotes(name, "dead_letter", 0);
  const over = new AbortController();
  if (job !== undefined) stopAt(job.end + JOB_GRACE_MS, over, { clock, signal });
  try {
    const summary = await runPollLoop({
      feed: name,
      symbols,
      intervalMs,
      session,
      provider,
      bus: publisher,
      deadLetters: publisher,
      clock,
      signal: AbortSignal.any([signal, over.signal]),
      telemetry,
      staleAfterMs: durationMs(polling.staleAfter),
      joins: true,
      ...(job && { from: job.from, until: job.until }),
      onSummary: (changed) => {
        options.onSummary(withRequests(changed));
      },
      observer: {
        onSlot: (report) => {
          logSlot(log, report);
        },
        onMarket: (state, nextOpen) => {
          log.info({ state, ...(nextOpen !== undefined && { nextOpen: formatTime(nextOpen) }) }, "market");
        },
      },
    });
    return withRequests(summary);
  } finally {
    over.abort();
    await provider.close();
  }
}

/** No other process's name. */
function processName(): string {
  return crypto.randomUUID().slice(0, 8);
}

/** The provider, and what puts into a summary how long its requests took so far. */
function timedProvider({ task, env, clock, telemetry }: PollerOptions): {
  readonly provider: QuoteProvider;
  readonly withRequests: (summary: PollSummary) => PollSummary;
} {
  const { feed, budgetShare } = task;
  const { provider } = feed.spec;
  if (provider.type === "Replay") throw usageError("spec.provider: Replay runs on a laptop alone.");
  const name = feedName(feed);
  let requests: RequestDurations | undefined;
  try {
    const timed = createProvider(provider, {
      clock,
      env,
      budgetShare,
      ...(env.STOCKFEED_SECRET !== undefined && { secret: env.STOCKFEED_SECRET }),
      onRequest: (code, seconds) => {
        telemetry.observeProviderRequest(name, code, seconds);
        requests = withRequest(requests, seconds);
      },
    });
    return { provider: timed, withRequests: (summary) => (requests ? { ...summary, requests } : summary) };
  } catch (cause) {
    throw usageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Stops the loop at a time, unless it has ended by then. */
function stopAt(
  time: EpochMs,
  over: AbortController,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): void {
  clock.sleepUntil(time, AbortSignal.any([signal, over.signal])).then(
    () => {
      over.abort(new Error("The Job's time is over."));
    },
    () => undefined, // it has ended
  );
}

function slotRange(from: EpochMs, until: EpochMs) {
  return { from: formatTime(from), until: formatTime(until) };
}

/** A line a slot for whoever looks closely; for everybody only where something is wrong. */
function logSlot(log: PollLog, report: SlotReport): void {
  const { slot, missed, quotes, staleQuotes, undeliveredQuotes, failures, deadLetters, deliveryError } = report;
  const fields = {
    slot: formatTime(slot),
    quotes,
    ...(missed > 0 && { missed }),
    ...(staleQuotes > 0 && { staleQuotes }),
    ...(undeliveredQuotes > 0 && { undeliveredQuotes }),
    ...(failures.length > 0 && { failures: failures.length }),
    ...(deadLetters.length > 0 && { deadLetters: deadLetters.length }),
  };
  const problem = deliveryError?.message ?? failures[0]?.message ?? deadLetters[0]?.detail;
  if (problem !== undefined) log.warn({ ...fields, problem }, "slot polled, not all well");
  else if (missed > 0) log.warn(fields, "slots missed");
  else log.debug(fields, "slot polled");
}
