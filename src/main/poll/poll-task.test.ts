import { describe, expect, it } from "vitest";
import { feedWith, symbols } from "../../../test/feed.ts";
import type { StockFeed } from "../../api/stockfeed.ts";
import { CliError } from "../cli-error.ts";
import { pollTask, readFeed } from "./poll-task.ts";

const now = Date.parse("2013-10-07T13:30:25Z");
const minute = Date.parse("2013-10-07T13:30:00Z") / 60_000;
const pubsub = { projectId: "acme" };
const spec = { symbols: symbols(7), pubsub, polling: { shards: 3 } };

const manifest = (feed: object) => ({ STOCKFEED_MANIFEST: JSON.stringify(feed) });

/** The message with which a call ends as a wrong input does. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof CliError && error.exitCode === 2) return error.message;
    throw error;
  }
  return "";
}

describe("a container's manifest", () => {
  it("is the feed, defaults filled in", () => {
    const written = { ...feedWith({ spec }).spec, polling: undefined };
    expect(readFeed(manifest({ ...feedWith(), spec: written }))).toEqual(feedWith({ spec: { ...spec, polling: {} } }));
  });

  it.each([
    [{}, /STOCKFEED_MANIFEST is not set.*stockfeed dev/],
    [{ STOCKFEED_MANIFEST: "" }, /is not set/],
    [{ STOCKFEED_MANIFEST: "{" }, /is no JSON/],
    [manifest({ kind: "Pod" }), /spec/],
    [manifest({ ...feedWith(), spec: { ...feedWith().spec, symbols: ["a"] } }), /spec\.symbols\[0\] must be a symbol/],
  ])("is refused where it is wrong: %o", (env, message) => {
    expect(refusal(() => readFeed(env))).toMatch(message);
  });
});

describe("a container's task", () => {
  const task = (feed: StockFeed, env: Record<string, string> = {}) => pollTask(feed, env, now);

  it("is a share of the symbols: the shards' shares are all of them, each once, and differ by one at most", () => {
    const shares = [0, 1, 2].map((shard) => task(feedWith({ spec }), { JOB_COMPLETION_INDEX: String(shard) }));
    expect(shares.flatMap((share) => share.symbols).sort()).toEqual(spec.symbols);
    expect(shares.map((share) => share.symbols.length)).toEqual([3, 2, 2]);
    expect(shares.map(({ budgetShare }) => budgetShare)).toEqual([1 / 3, 1 / 3, 1 / 3]);
  });

  it("is the slots of the minute in the Job's name, after the lead", () => {
    expect(task(feedWith({ spec }), { STOCKFEED_JOB_NAME: `tech-poll-${minute}` }).job).toMatchObject({
      from: minute * 60_000 + 10_000,
      until: minute * 60_000 + 70_000,
    });
  });

  it("is the slots from now on in a Job that a person made", () => {
    expect(task(feedWith({ spec }), { STOCKFEED_JOB_NAME: "by-hand" }).job).toMatchObject({
      from: minute * 60_000 + 20_000,
      until: minute * 60_000 + 80_000,
    });
  });

  it("goes on from the current slot in a Job's second Pod", () => {
    const env = { STOCKFEED_JOB_NAME: `tech-poll-${minute}`, STOCKFEED_JOB_RETRIES: "1" };
    expect(task(feedWith({ spec }), env).job).toMatchObject({
      from: minute * 60_000 + 20_000,
      until: minute * 60_000 + 70_000,
    });
  });

  it("has no end in a Deployment", () => {
    const feed = feedWith({ spec: { ...spec, polling: { workload: "Deployment" } } });
    expect(task(feed, { STOCKFEED_JOB_NAME: `tech-poll-${minute}` }).job).toBeUndefined();
  });

  it.each([
    [{}, {}, /spec\.pubsub is required/],
    [{ pubsub, provider: { type: "Replay", file: "ticks.ndjson" } }, {}, /ticks\.ndjson is a file of a laptop/],
    [{ pubsub }, { JOB_COMPLETION_INDEX: "1" }, /JOB_COMPLETION_INDEX is 1; with 1 shards it must be 0 to 0/],
    [{ pubsub }, { JOB_COMPLETION_INDEX: "x" }, /JOB_COMPLETION_INDEX is x/],
  ])("is refused where it can't be done: %o", (changes, env: Record<string, string>, message) => {
    expect(refusal(() => task(feedWith({ spec: changes }), env))).toMatch(message);
  });
});
