import { pubsubName } from "../../plan/names.ts";
import type { MessagingInventory, Subscription, Topic } from "../../controller-ports.ts";
import { compareSubscription, compareTopic, ownedBy, type Verdict } from "../cloud-diff.ts";
import { done, type Outcome, stalled } from "../outcome.ts";
import { hasEmbedded, jobReaders } from "../jobs/engines.ts";
import { adopts, changeOf } from "../run-facts.ts";
import type { Step, ValidRun } from "../run.ts";
import { wantedMessaging, type WantedMessaging } from "../wanted-messaging.ts";

/**
 * Sees that the topic, its readers' subscriptions and the project's own topics are as they are wanted. All are looked
 * at before anything is written: while one name is somebody else's, nothing is made or changed.
 */
export const ensureMessaging: Step = {
  name: "ensure-messaging",
  part: "MessagingReady",
  otherwise: "hold-when-stalled",
  async run(run): Promise<Outcome> {
    const { projectId, topic, readers, rows, deadLetterTopic, deadLetters } = wantedOf(run);
    const inventory = await run.ports.messaging.inventory(projectId);
    const topics = [topic, deadLetterTopic, ...(rows ? [rows.topic] : [])].map((wanted) => ({
      wanted,
      verdict: topicVerdict(run, inventory, wanted),
    }));
    const subscriptions = [...readers, deadLetters].map((wanted) => ({
      wanted,
      verdict: subscriptionVerdict(run, inventory, wanted),
    }));
    const conflict = [...topics, ...subscriptions].flatMap(({ wanted, verdict }) =>
      verdict.kind === "foreign" ? [nameConflict(projectId, wanted.name, verdict.owner)] : [],
    )[0];
    if (conflict !== undefined) return conflict;
    await Promise.all(topics.map(({ verdict }) => putTopic(run, projectId, verdict)));
    await Promise.all(subscriptions.map(({ verdict }) => putSubscription(run, projectId, verdict)));
    run.messagingReady = true;
    return areThere(projectId, topic);
  },
};

/**
 * Sees that quotes go to the table `quotes`, where the feed is archived. A step of its own, since Pub/Sub makes such a
 * subscription only once the table is there: the engine waits for nothing of it.
 */
export const ensureArchive: Step = {
  name: "ensure-archive",
  part: "MessagingReady",
  otherwise: "go-on",
  async run(run): Promise<Outcome> {
    const { projectId, topic, archive } = wantedOf(run);
    if (archive === undefined || !run.messagingReady) return done;
    const verdict = subscriptionVerdict(run, await run.ports.messaging.inventory(projectId), archive);
    if (verdict.kind === "foreign") return nameConflict(projectId, archive.name, verdict.owner);
    await putSubscription(run, projectId, verdict);
    return areThere(projectId, topic);
  },
};

/** Removes what the feed has in Pub/Sub and no longer wants, such as the archive's subscription. */
export const pruneMessaging: Step = {
  name: "prune-messaging",
  part: "MessagingReady",
  otherwise: "go-on",
  async run(run): Promise<Outcome> {
    if (!run.messagingReady) return done;
    const { feed, ports, memory, now, changes } = run;
    const { projectId, topic, readers, archive } = wantedOf(run);
    // Unless it is known which jobs run, any subscription may be one's.
    if (run.survey === undefined) return areThere(projectId, topic);
    const inventory = await ports.messaging.inventory(projectId);
    const owned = memory.owned.namesOf(topic.labels, projectId, inventory, now);
    const wanted = new Set([...readers, ...(archive === undefined ? [] : [archive])].map(({ name }) => name));
    const byName = ["windows", "archive"].map((part) => pubsubName(feed, part));
    for (const name of new Set([...owned.subscriptions, ...byName])) {
      const present = inventory.subscriptions.get(name);
      if (wanted.has(name) || present === undefined || !ownedBy(topic.labels, present)) continue;
      await ports.messaging.deleteSubscription(projectId, name);
      changes.push({ kind: "deleted", object: `subscription ${name}` });
    }
    for (const name of owned.topics) {
      const present = inventory.topics.get(name);
      if (name === topic.name || present === undefined || !ownedBy(topic.labels, present)) continue;
      await ports.messaging.deleteTopic(projectId, name);
      changes.push({ kind: "deleted", object: `topic ${name}` });
    }
    return areThere(projectId, topic);
  },
};

/**
 * Sees that rows of jobs go to the table `windows`. A step of its own, as of the archive. The subscription is the
 * project's, and one that leads elsewhere is somebody's whose rows would go astray: it is turned by who says so.
 */
export const ensureRows: Step = {
  name: "ensure-rows",
  part: "MessagingReady",
  otherwise: "go-on",
  async run(run): Promise<Outcome> {
    const { projectId, rows } = wantedOf(run);
    if (rows === undefined || !run.messagingReady) return done;
    const { subscription } = rows;
    const inventory = await run.ports.messaging.inventory(projectId);
    const present = inventory.subscriptions.get(subscription.name);
    const verdict = subscriptionVerdict(run, inventory, subscription);
    if (verdict.kind === "foreign") return nameConflict(projectId, subscription.name, verdict.owner);
    const { bigQueryTable: table } = present ?? {};
    if (table !== undefined && table !== subscription.bigQueryTable && !adopts(run)) {
      const what = `Rows of all Dataflow jobs of project ${projectId} go to ${table}, and spec.sink wants ${subscription.bigQueryTable ?? ""}`;
      const fix =
        'Write that dataset, use another project in spec.pubsub, or turn all rows with the annotation stockfeed.dev/adopt: "true".';
      return stalled("SinkConflict", `${what}. ${fix}`);
    }
    await putSubscription(run, projectId, verdict);
    run.rowsReady = true;
    return done;
  },
};

function areThere(projectId: string, topic: Topic): Outcome {
  return { kind: "done", message: `Topic ${topic.name} of project ${projectId} and its subscriptions are there.` };
}

function wantedOf(run: ValidRun): WantedMessaging {
  return wantedMessaging(run.feed, run.settings.clusterId, { embedded: hasEmbedded(run), jobs: jobReaders(run) });
}

function topicVerdict(run: ValidRun, inventory: MessagingInventory, wanted: Topic): Verdict<Topic> {
  return compareTopic(wanted, inventory.topics.get(wanted.name), adopts(run));
}

function subscriptionVerdict(
  run: ValidRun,
  inventory: MessagingInventory,
  wanted: Subscription,
): Verdict<Subscription> {
  return compareSubscription(wanted, inventory.subscriptions.get(wanted.name), adopts(run));
}

function nameConflict(projectId: string, name: string, owner: string): Outcome {
  const fix = 'Delete or rename that one, or take it over with the annotation stockfeed.dev/adopt: "true".';
  return stalled("NameConflict", `${name} of Pub/Sub project ${projectId} ${owner}. ${fix}`);
}

async function putTopic(run: ValidRun, projectId: string, verdict: Verdict<Topic>): Promise<void> {
  if (verdict.kind === "same" || verdict.kind === "foreign") return;
  await run.ports.messaging.putTopic(projectId, verdict.put);
  const change = verdict.kind === "missing" ? "created" : "updated";
  run.changes.push(changeOf(run, "MessagingReady", change, `topic ${verdict.put.name}`));
}

async function putSubscription(run: ValidRun, projectId: string, verdict: Verdict<Subscription>): Promise<void> {
  if (verdict.kind === "same" || verdict.kind === "foreign") return;
  const { messaging } = run.ports;
  if (verdict.kind === "replace") await messaging.deleteSubscription(projectId, verdict.put.name);
  await messaging.putSubscription(projectId, verdict.put);
  const change = verdict.kind === "differs" ? "updated" : "created";
  run.changes.push(changeOf(run, "MessagingReady", change, `subscription ${verdict.put.name}`));
}
