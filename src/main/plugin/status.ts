import { Command } from "commander";
import { durationMs } from "../../api/duration.ts";
import type { KubeObject } from "../../api/kube-object.ts";
import { type CommandIo, printJson } from "../command-io.ts";
import { textTable } from "../text-table.ts";
import { lastSeen } from "./cluster-feeds.ts";
import { declareCluster, withCluster } from "./cluster-flags.ts";
import { conditionsOf, readFeed, statusOf } from "./feed-view.ts";

const EXAMPLES = `
Examples:
  $ kubectl stockfeed status                     every feed of the namespace
  $ kubectl stockfeed status -A                  every feed of the cluster
  $ kubectl stockfeed status tech -n markets     one feed: conditions, pipelines, newest events

Exit codes: 0 every feed shown is Ready, 1 one is not, 2 wrong command line.
`;

const NEWEST_EVENTS = 10;
const READY = "Ready";

/** `kubectl stockfeed status`: how feeds are, and what to do where one is not Ready. */
export function statusCommand(io: Pick<CommandIo, "stdout" | "exitCode"> = process): Command {
  const command = new Command("status")
    .description("show how feeds are: conditions, market, pipelines, newest events")
    .argument("[feed]", "one feed, in full (default: all of the namespace)")
    .option("-A, --all-namespaces", "feeds of every namespace")
    .option("--json", "print the feeds as JSON")
    .addHelpText("after", EXAMPLES);
  return declareCluster(command).action(async (name: string | undefined, flags: { readonly json?: boolean }) => {
    await withCluster(command, async ({ feeds, namespace }) => {
      const shown = name === undefined ? await feeds.list(namespace) : [await feeds.get(namespace ?? "default", name)];
      const [only] = shown;
      if (flags.json === true) printJson(io, shown);
      else if (name === undefined || only === undefined) io.stdout.write(overview(shown, namespace));
      else io.stdout.write(detail(only, await feeds.events(only)));
      if (shown.some((feed) => conditionsOf(feed).find(({ type }) => type === READY)?.status !== "True"))
        io.exitCode = 1;
    });
  });
}

function overview(feeds: readonly KubeObject[], namespace: string | undefined): string {
  if (feeds.length === 0) {
    const where = namespace === undefined ? "The cluster" : `Namespace ${namespace}`;
    return `${where} has no StockFeed. Apply one with kubectl apply -f feed.yaml.\n`;
  }
  const rows = feeds.map((feed) => {
    const { symbols, provider, every, engine } = readFeed(feed);
    const ready = conditionsOf(feed).find(({ type }) => type === READY);
    const { namespace: own = "", name } = feed.metadata;
    const { marketState = "" } = statusOf(feed);
    return [own, name, provider, symbols, every, engine, ready?.status ?? "Unknown", marketState, ready?.reason ?? ""];
  });
  const header = ["NAMESPACE", "NAME", "PROVIDER", "SYMBOLS", "EVERY", "ENGINE", "READY", "MARKET", "REASON"];
  return textTable(header, rows);
}

function detail(feed: KubeObject, events: readonly KubeObject[]): string {
  const { namespace = "", name, deletionTimestamp } = feed.metadata;
  const { symbols, provider, every, engine, suspended } = readFeed(feed);
  const { marketState = "not known yet", pipelines = [] } = statusOf(feed);
  const state = deletionTimestamp !== undefined ? ", being deleted" : suspended ? ", suspended" : "";
  const lines = [
    `${namespace}/${name}${state}`,
    `  ${symbols} symbols from ${provider} every ${every}, engine ${engine}, market ${marketState}`,
  ];
  const conditions = conditionsOf(feed).map(({ type, status, reason, message, lastTransitionTime }) => {
    return [type, status, reason, lastTransitionTime, message];
  });
  const computed = [...pipelines]
    .sort((a, b) => durationMs(a.window) - durationMs(b.window))
    .map(({ window, engine: by, state: how, jobId = "", projectId, region }) => {
      const place = projectId === undefined || region === undefined ? "" : `${projectId} ${region}`;
      return [window, by, how, jobId, place];
    });
  const seen = events.slice(-NEWEST_EVENTS).map((event) => {
    const { type, reason, note } = event as { type?: string; reason?: string; note?: string };
    return [lastSeen(event), type ?? "", reason ?? "", note ?? ""];
  });
  return [
    `${lines.join("\n")}\n`,
    section("CONDITION", ["STATUS", "REASON", "SINCE", "MESSAGE"], conditions),
    section("WINDOW", ["ENGINE", "STATE", "JOB", "PLACE"], computed),
    section("EVENT", ["TYPE", "REASON", "NOTE"], seen),
  ].join("");
}

function section(first: string, others: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? "" : `\n${textTable([first, ...others], rows)}`;
}
