import { Command } from "commander";
import type { KubeObject } from "../../api/kube-object.ts";
import { type PlannedObject, plannedObjects } from "../../plan/objects.ts";
import { CliError, usageError } from "../cli-error.ts";
import type { CommandIo } from "../command-io.ts";
import { textTable } from "../text-table.ts";
import { declareCluster, withCluster } from "./cluster-flags.ts";
import { asStockFeed } from "./feed-view.ts";

const EXAMPLES = `
A feed that is deleted waits for its operator to delete its topic and subscriptions. Where the operator is gone for
good, this lets the feed go without it, and lists what stays in the cloud.

Examples:
  $ kubectl stockfeed orphan tech -n markets          what would stay
  $ kubectl stockfeed orphan tech -n markets --yes    let it go
`;

/** `kubectl stockfeed orphan`: frees a feed whose operator is gone. */
export function orphanCommand(io: Pick<CommandIo, "stdout"> = process, now: () => number = Date.now): Command {
  const command = new Command("orphan")
    .description("let a feed go whose operator is gone; its cloud objects stay")
    .argument("<feed>", "name of the feed")
    .option("--yes", "do it; without it, only what would stay is shown")
    .option("--force", "do it although an operator is at work")
    .addHelpText("after", EXAMPLES);
  return declareCluster(command).action(
    async (name: string, flags: { readonly yes?: boolean; readonly force?: boolean }) => {
      await withCluster(command, async ({ feeds, namespace = "default" }) => {
        const feed = await feeds.get(namespace, name);
        const stays = cloudObjects(feed);
        io.stdout.write(stays);
        if (flags.yes !== true) throw usageError("Nothing was changed. Add --yes to let the feed go.");
        const holder = (await feeds.operatorLeases()).map((lease) => holderOf(lease, now())).find(Boolean);
        if (holder !== undefined && flags.force !== true) {
          throw new CliError(
            `The operator ${holder} is at work and will finish the feed. Add --force where it never will.`,
          );
        }
        await feeds.change(namespace, name, { metadata: { finalizers: null } });
        const next = feed.metadata.deletionTimestamp === undefined ? "can be deleted without an operator" : "is gone";
        io.stdout.write(`${namespace}/${name} ${next}; what is listed above stays.\n`);
      });
    },
  );
}

/** What the feed has in the cloud, and how to find it when it is not wanted any more. */
function cloudObjects(feed: KubeObject): string {
  const own = plannedObjects(asStockFeed(feed)).filter(({ platform, shared }) => platform !== "Kubernetes" && !shared);
  const rows = own.map(({ platform, kind, name, in: place = "" }: PlannedObject) => [platform, kind, name, place]);
  return `Stays in the cloud:\n${textTable(["PLATFORM", "KIND", "NAME", "IN"], rows)}`;
}

/** Who holds a lease that has not run out; undefined where nobody does. */
function holderOf({ spec }: KubeObject, now: number): string | undefined {
  const { holderIdentity, renewTime, leaseDurationSeconds } = spec as {
    readonly holderIdentity?: string;
    readonly renewTime?: string;
    readonly leaseDurationSeconds?: number;
  };
  if (!holderIdentity || renewTime === undefined) return undefined;
  return Date.parse(renewTime) + (leaseDurationSeconds ?? 0) * 1000 > now ? holderIdentity : undefined;
}
