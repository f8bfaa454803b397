import type { World } from "./world.ts";

/** A topic or subscription as the fake has it. */
interface CloudObject {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * Asserts that every feed has exactly what it wants, once each: a CronJob and a StatefulSet that it alone owns, a topic,
 * and the subscriptions of the engine and of the archive; and that there is nothing else, but for the project's dead
 * letters. Names are not looked at: what is whose is told by owner references and labels.
 * @throws with the first feeds that differ
 */
export function assertExactlyOnce(world: World): void {
  const { feeds, wanted, hollow, pubsub } = world;
  const problems: string[] = [];
  const children = countBy(hollow.children.map(({ kind, owners }) => `${kind} of ${owners.join(" and ")}`));
  const topics = countBy([...pubsub.topics.values()].map(ownerOf));
  const subscriptions = countBy([...pubsub.subscriptions.values()].map(ownerOf));
  for (const { key } of wanted) {
    const uid = feeds.get(key)?.metadata.uid ?? "nobody";
    const has = [`CronJob of ${uid}`, `StatefulSet of ${uid}`].map((child) => children.get(child) ?? 0);
    const counts = [...has, topics.get(key) ?? 0, subscriptions.get(key) ?? 0].join(", ");
    if (counts !== "1, 1, 1, 2") problems.push(`${key} has CronJobs, StatefulSets, topics, subscriptions: ${counts}`);
  }
  const all = wanted.length;
  const totals = [
    ["children", hollow.children.length, 2 * all],
    ["topics", pubsub.topics.size, all + 1],
    ["subscriptions", pubsub.subscriptions.size, 2 * all + 1],
    ["topics deleted", pubsub.calls.get("DeleteTopic") ?? 0, 0],
    ["subscriptions deleted", pubsub.calls.get("DeleteSubscription") ?? 0, 0],
  ] as const;
  for (const [what, is, should] of totals) if (is !== should) problems.push(`${is} ${what}, not ${should}`);
  if (problems.length > 0) throw new Error(`Not exactly what ${all} feeds want:\n${problems.slice(0, 10).join("\n")}`);
}

/** `namespace/name` of the feed that a cloud object is of; the kind of thing else. */
function ownerOf(object: CloudObject): string {
  const { "stockfeed-namespace": namespace, "stockfeed-name": name } = object.labels ?? {};
  return namespace !== undefined && name !== undefined ? `${namespace}/${name}` : "shared";
}

function countBy(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
