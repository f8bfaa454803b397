/**
 * What a poller's container is told by its environment: the contract with the constructs that make the Pods, see
 * cdk8s/feed-pod.ts.
 */
import { findings } from "../../api/issue-wording.ts";
import { formatPath } from "../../api/problem.ts";
import { type StockFeed, stockFeedSchema } from "../../api/stockfeed.ts";
import { type JobSlots, jobMinute, jobSlots, slotsFromNow } from "../../plan/poll-job.ts";
import type { EpochMs } from "../../quotes/quote.ts";
import { slotOf } from "../../quotes/slots.ts";
import { durationMs } from "../../api/duration.ts";
import { usageError } from "../cli-error.ts";

/** One poller's part of a feed. */
export interface PollTask {
  readonly feed: StockFeed;
  readonly projectId: string;
  readonly shard: number;
  /** This shard's symbols. */
  readonly symbols: readonly string[];
  /** Share of the provider's call limit. */
  readonly budgetShare: number;
  /** The slots of a CronJob's Job; a Deployment polls without end. */
  readonly job?: JobSlots;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The feed of a container.
 * @throws CliError (usage) when it is missing or wrong, naming the field
 */
export function readFeed(env: Env): StockFeed {
  const text = env.STOCKFEED_MANIFEST;
  if (text === undefined || text === "") {
    throw usageError(
      "STOCKFEED_MANIFEST is not set. The operator starts this in a feed's Pods; on a laptop run stockfeed dev.",
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw usageError("STOCKFEED_MANIFEST is no JSON. Write the feed's manifest as one line of JSON.", { cause });
  }
  const parsed = stockFeedSchema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) => findings(issue, value));
  const lines = problems.map(({ path, rule, fix }) => `STOCKFEED_MANIFEST: ${formatPath(path)} ${rule}. ${fix}`);
  throw usageError(lines.join("\n"));
}

/**
 * What this container does of the feed's polling.
 * @throws CliError (usage) when the feed can't be polled in a cluster
 */
export function pollTask(feed: StockFeed, env: Env, now: EpochMs): PollTask {
  const { symbols, polling, provider, pubsub } = feed.spec;
  if (pubsub === undefined) throw usageError("spec.pubsub is required on a cluster. Add pubsub: {projectId: acme}.");
  if (provider.type === "Replay") {
    throw usageError(`spec.provider: ${provider.file} is a file of a laptop, which no Pod has. Use stockfeed dev.`);
  }
  const { shards } = polling;
  const index = env.JOB_COMPLETION_INDEX ?? "0";
  const shard = Number(index);
  if (!/^[0-9]{1,3}$/.test(index) || shard >= shards) {
    throw usageError(`JOB_COMPLETION_INDEX is ${index}; with ${shards} shards it must be 0 to ${shards - 1}.`);
  }
  return {
    feed,
    projectId: pubsub.projectId,
    shard,
    symbols: symbols.filter((_, position) => position % shards === shard),
    budgetShare: 1 / shards,
    ...(polling.workload === "CronJob" && { job: ownSlots(feed, env, now) }),
  };
}

/** A second Pod of a Job goes on from now: what its predecessor polled is not missed, and what it missed not known. */
function ownSlots({ spec: { polling } }: StockFeed, env: Env, now: EpochMs): JobSlots {
  const minute = jobMinute(env.STOCKFEED_JOB_NAME, now);
  if (minute === undefined) return slotsFromNow(polling, now);
  const slots = jobSlots(polling, minute);
  const isRetry = Number(env.STOCKFEED_JOB_RETRIES ?? 0) > 0;
  return isRetry ? { ...slots, from: Math.max(slots.from, slotOf(now, durationMs(polling.interval))) } : slots;
}
