import { formatTime } from "../../quotes/format-time.ts";
import type { EpochMs } from "../../quotes/quote.ts";

const NEW_YORK = new Intl.DateTimeFormat("en-US", {
  weekday: "long",
  year: "numeric",
  month: "long",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZone: "America/New_York",
});

/** What to say of a feed outside its session: when the market opens, and what to run meanwhile. */
export function closedLine(feed: string, nextOpen: EpochMs): string {
  return [
    `${feed}  the market is closed; it opens ${NEW_YORK.format(nextOpen)} New York time (${formatTime(nextOpen)}), and polling starts with it.`,
    "Meanwhile: stockfeed dev -f examples/ten-stocks.yaml polls simulated prices at any hour, and",
    "           stockfeed dev -f examples/replay.yaml plays recorded ticks.",
  ].join("\n");
}
