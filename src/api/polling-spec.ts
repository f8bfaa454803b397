import { z } from "zod";
import { celIsDuration, celMessage, celMs, withCelRules } from "./cel.ts";
import { durationField, durationMs, formatDuration } from "./duration.ts";
import { wording } from "./wording.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Whole seconds that divide a minute. */
const WITHIN_A_MINUTE = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60].map((seconds) => seconds * SECOND_MS);

/** Whether observations this many milliseconds apart fall on the same seconds of every hour. */
function isInterval(ms: number): boolean {
  return WITHIN_A_MINUTE.includes(ms) || ms % MINUTE_MS === 0;
}

/** The shortest interval of at least so many milliseconds. */
export function intervalOfAtLeast(ms: number): number {
  return WITHIN_A_MINUTE.find((interval) => interval >= ms) ?? Math.ceil(ms / MINUTE_MS) * MINUTE_MS;
}

/** The intervals next to one that is refused, below and above. */
function nearestIntervals(ms: number): string {
  const below = WITHIN_A_MINUTE.findLast((interval) => interval < ms) ?? 0;
  const minutes = Math.floor(ms / MINUTE_MS) * MINUTE_MS;
  return `${formatDuration(Math.max(below, minutes))} or ${formatDuration(intervalOfAtLeast(ms))}`;
}

/** The same as CEL, of the duration at a place; false where it is none. */
export function celIsInterval(place: string): string {
  const ms = celMs(place);
  const divides = `${ms} in [${WITHIN_A_MINUTE.join(", ")}]`;
  return `(${celIsDuration(place)} && (${divides} || (${ms} > 0 && ${ms} % ${MINUTE_MS} == 0)))`;
}

const INTERVALS = "1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60 s, or whole minutes";
const DIVIDES = "must divide a minute or be whole minutes";

const intervalField = withCelRules(
  durationField(`Time between two observations of a symbol: ${INTERVALS}.`, { least: "1s", most: "24h" }).superRefine(
    (text, context) => {
      const ms = durationMs(text);
      if (isInterval(ms)) return;
      context.addIssue({ code: "custom", message: wording(DIVIDES, `Write ${nearestIntervals(ms)}.`) });
    },
  ),
  [
    {
      rule: `!${celIsDuration("self")} || ${celMs("self")} == 0 || ${celIsInterval("self")}`,
      message: celMessage({ rule: DIVIDES, fix: `Write ${INTERVALS}.` }),
    },
  ],
);

/** When and how often a feed is polled. */
export const pollingSchema = z.strictObject({
  interval: intervalField.default("10s"),
  session: z
    .enum(["Always", "NYSE"])
    .default("Always")
    .meta({ description: "When to poll: Always, or only in the hours of the New York Stock Exchange." }),
  extendedHours: z
    .boolean()
    .default(false)
    .meta({ description: "With session NYSE: poll from 04:00 to 20:00 New York time, not only from 09:30 to 16:00." }),
  staleAfter: durationField("How long no price may move in an open session before the market counts as stale.", {
    least: "1s",
    most: "24h",
  }).default("5m"),
  shards: z.int().min(1).max(100).default(1).meta({ description: "Pods that share the feed's symbols between them." }),
  workload: z
    .enum(["CronJob", "Deployment"])
    .default("CronJob")
    .meta({ description: "CronJob starts a poller each minute of the session; Deployment keeps one running." }),
  startLead: durationField("Head start of a poller's Pod before its first slot.", { least: "0s", most: "5m" }).default(
    "10s",
  ),
});
