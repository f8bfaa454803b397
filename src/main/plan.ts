import { Command } from "commander";
import { PROVIDER_LIMITS } from "../quotes/provider-limits.ts";
import type { StockFeed } from "../api/stockfeed.ts";
import { type FeedPlan, type Plan, planFeeds } from "../plan/plan.ts";
import { priceDates, PRICES, PRICES_REGION } from "../plan/prices.ts";
import { type CommandIo, printJson } from "./command-io.ts";
import { readFeeds } from "./read-feeds.ts";
import { textTable } from "./text-table.ts";

const EXAMPLES = `
Examples:
  $ stockfeed plan -f feed.yaml
  $ stockfeed plan -f feeds/*.yaml --json

Nothing is looked up and nothing is made: the plan follows from the manifests alone.
Exit codes: 0 planned, with or without warnings; 2 a manifest is not valid.
`;

/** The flags as they are typed. */
interface PlanFlags {
  readonly file: readonly string[];
  readonly json?: boolean;
}

/** `stockfeed plan`: what feeds would create on a cluster, and how much would flow. */
export function planCommand(io: Pick<CommandIo, "stdin" | "stdout"> = process): Command {
  return new Command("plan")
    .description("show what feeds would create, their provider calls and their volumes")
    .requiredOption("-f, --file <file...>", "manifests to plan; - is standard input")
    .option("--json", "print the plan as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async ({ file, json }: PlanFlags) => {
      const feeds = await readFeeds(file, io);
      const plan = planFeeds(feeds);
      if (json === true) printJson(io, plan);
      else io.stdout.write(formatPlan(plan, feeds));
    });
}

function formatPlan(plan: Plan, feeds: readonly StockFeed[]): string {
  const parts = plan.feeds.map((feedPlan, index) => formatFeed(feedPlan, feeds[index]));
  const warnings = [
    ...plan.feeds.flatMap(({ feed, warnings }) => warnings.map((warning) => `${feed}: ${warning}`)),
    ...plan.quotas.flatMap(({ warning }) => warning ?? []),
  ];
  const list = warnings.map((warning) => `  ${warning}\n`).join("");
  return parts.join("\n") + (list === "" ? "" : `\nWarnings\n${list}`);
}

function formatFeed({ feed, objects, calls, daily, costs, load }: FeedPlan, stockFeed: StockFeed | undefined): string {
  const rows = objects.map(({ platform, kind, name, in: place = "-", purpose, shared }) => {
    return [platform, kind, name, place, shared ? `${purpose} (shared)` : purpose];
  });
  const rowCount = daily.rows.reduce((sum, each) => sum + each.rows, 0);
  const byResolution = daily.rows.map((each) => `${count(each.rows)} of ${each.resolution}`).join(", ");
  const figures = [
    ["provider", formatCalls(calls, stockFeed)],
    ["a day", `${count(daily.slots)} slots, ${count(daily.quotes)} quotes`],
    ["rows a day", `${count(rowCount)} (${byResolution})`],
    ["messages a day", `${count(daily.messagesPublished)} published, ${count(daily.messagesDelivered)} delivered`],
    ...formatCosts(costs, load),
  ];
  const figureLines = figures.map(([name = "", figure = ""]) => `  ${name.padEnd(15)}  ${figure}\n`).join("");
  const table = textTable(["PLATFORM", "KIND", "NAME", "IN", "PURPOSE"], rows);
  return `${feed}, on a cluster (on a laptop, stockfeed dev makes its store and nothing else)\n${figureLines}\n${indent(table)}`;
}

/** What the windows cost under each engine, in whole dollars; what both need alike is not in it. */
function formatCosts(costs: FeedPlan["costs"], { onePod }: FeedPlan["load"]): string[][] {
  const rows = costs.map(({ engine, usd, lines }) => {
    const worthSaying = lines.filter((line) => line.usd >= 0.5);
    const parts = worthSaying.map((line) => `${line.what} ${dollars(line.usd)}`).join("; ");
    return ["", `${engine} ${dollars(usd)}: ${parts}`];
  });
  // Where one Pod may not do, its price decides nothing.
  const choice = onePod ? `choose ${costs[0]?.engine ?? ""}` : "measure before you choose, one Pod may not do";
  const basis = `by list prices in ${PRICES_REGION}, of ${priceDates(PRICES)}`;
  return [["windows a month", `${choice}; an estimate ${basis}`], ...rows];
}

function dollars(usd: number): string {
  return `$${usd.toLocaleString("en-US", { maximumFractionDigits: 0 })}`;
}

function formatCalls({ perSlot, perMinute }: FeedPlan["calls"], feed: StockFeed | undefined): string {
  if (feed === undefined) return "";
  const { type } = feed.spec.provider;
  if (perSlot === 0) return `${type}, which is not called`;
  const { calls, perMs } = PROVIDER_LIMITS[type];
  const use = `${type}, ${count(perSlot)} ${perSlot === 1 ? "call" : "calls"} a slot, ${count(perMinute)} a minute`;
  return calls === undefined || perMs === undefined
    ? `${use}, no limit known`
    : `${use}, of ${count((calls * 60_000) / perMs)} on its free plan`;
}

function indent(lines: string): string {
  return lines.replace(/^(?=.)/gm, "  ");
}

function count(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 2 });
}
