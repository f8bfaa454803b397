import type { MessagingInventory, Subscription, Topic } from "../../controller-ports.ts";
import { compareSubscription, compareTopic, ownedBy, type Verdict } from "../cloud-diff.ts";
import { done, type Outcome, stalled } from "../outcome.ts";
import { adopts, changeOf } from "../run-facts.ts";
import type { Step, ValidRun } from "../run.ts";
import { wantedMessaging } from "../wanted-messaging.ts";

/**
 * Sees that the topic, the engine's subscription and the project's dead letter are as they are wanted. All are looked
 * at before anything is written: while one name is somebody else's, nothing is made or changed.
 */
export const ensureMessaging: Step = {
  name: "ensure-messaging",
  part: "MessagingReady",
  otherwise: "hold-when-stalled",
  async run(run): Promise<Outcome> {
    const { projectId, topic, windows, deadLetterTopic, deadLetters } = wantedMessaging(
      run.feed,
      run.settings.clusterId,
    );
    const inventory = await run.ports.messaging.inventory(projectId);
    const topics = [topic, deadLetterTopic].map((wanted) => ({
      wanted,
      verdict: topicVerdict(run, inventory, wanted),
    }));
    const subscriptions = [windows, deadLetters].map((wanted) => ({
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
    return { kind: "done", message: `Topic ${topic.name} of project ${projectId} and its subscriptions are there.` };
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
    const { projectId, topic, archive } = wantedMessaging(run.feed, run.settings.clusterId);
    if (archive === undefined || !run.messagingReady) return done;
    const verdict = subscriptionVerdict(run, await run.ports.messaging.inventory(projectId), archive);
    if (verdict.kind === "foreign") return nameConflict(projectId, archive.name, verdict.owner);
    await putSubscription(run, projectId, verdict);
    return { kind: "done", message: `Topic ${topic.name} of project ${projectId} and its subscriptions are there.` };
  },
};

/** Removes what the feed has in Pub/Sub and no longer wants, such as the archive's subscription. */
export const pruneMessaging: Step = {
  name: "prune-messaging",
  part: "MessagingReady",
  otherwise: "go-on",
  async run(run): Promise<Outcome> {
    if (!run.messagingReady) return done;
    const { feed, settings, ports, memory, now, changes } = run;
    const { projectId, topic, windows, archive } = wantedMessaging(feed, settings.clusterId);
    const inventory = await ports.messaging.inventory(projectId);
    const owned = memory.owned.namesOf(topic.labels, projectId, inventory, now);
    const wanted = new Set([windows.name, ...(archive === undefined ? [] : [archive.name])]);
    const byName = wantedMessaging({ ...feed, spec: { ...feed.spec, archive: true } }, settings.clusterId).archive;
    for (const name of new Set([...owned.subscriptions, ...(byName === undefined ? [] : [byName.name])])) {
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
    return { kind: "done", message: `Topic ${topic.name} of project ${projectId} and its subscriptions are there.` };
  },
};

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
