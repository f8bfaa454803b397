import type { Subscription, Topic } from "../controller-ports.ts";

/** How an object of Pub/Sub stands to what is wanted. */
export type Verdict<T> =
  | { readonly kind: "same" }
  /** Not there. */
  | { readonly kind: "missing"; readonly put: T }
  /** Ours, and not as wanted; `put` keeps the labels that others added. */
  | { readonly kind: "differs"; readonly put: T; readonly what: string }
  /** Ours, but can't be changed into what is wanted: it has to be deleted first. */
  | { readonly kind: "replace"; readonly put: T; readonly what: string }
  /** Somebody else's. */
  | { readonly kind: "foreign"; readonly owner: string };

interface Owned {
  readonly labels: Readonly<Record<string, string>>;
}

const OURS = "stockfeed-";

/**
 * Whether an object is what the labels say: it has one of them at least, and none with another value. One that lost
 * some of its labels is still its owner's; one without any is not known to be anybody's, so it is not taken over.
 */
export function ownedBy(labels: Readonly<Record<string, string>>, present: Owned): boolean {
  const known = Object.keys(present.labels).filter((label) => label.startsWith(OURS));
  return known.length > 0 && known.every((label) => present.labels[label] === labels[label]);
}

/** @param adopt whether to take over what somebody else has */
export function compareTopic(wanted: Topic, present: Topic | undefined, adopt: boolean): Verdict<Topic> {
  if (present === undefined) return { kind: "missing", put: wanted };
  if (!adopt && !ownedBy(wanted.labels, present)) return foreign(present);
  const what = [...labelChanges(wanted, present), ...changes(wanted, present, ["retentionMs"])];
  if (what.length === 0) return { kind: "same" };
  return { kind: "differs", put: { ...wanted, labels: { ...kept(present), ...wanted.labels } }, what: what.join(", ") };
}

/** @param adopt whether to take over what somebody else has */
export function compareSubscription(
  wanted: Subscription,
  present: Subscription | undefined,
  adopt: boolean,
): Verdict<Subscription> {
  if (present === undefined) return { kind: "missing", put: wanted };
  if (!adopt && !ownedBy(wanted.labels, present)) return foreign(present);
  const put = { ...wanted, labels: { ...kept(present), ...wanted.labels } };
  // A deleted topic that is made again has no subscriptions: the old ones stay with the topic that is gone.
  if (present.topic !== wanted.topic) return { kind: "replace", put, what: "topic" };
  const fields = ["ackDeadlineSeconds", "retainAckedMessages", "retentionMs", "bigQueryTable"] as const;
  const what = [...labelChanges(wanted, present), ...changes(wanted, present, fields)];
  return what.length === 0 ? { kind: "same" } : { kind: "differs", put, what: what.join(", ") };
}

function foreign({ labels }: Owned): Verdict<never> {
  const { "stockfeed-cluster": cluster, "stockfeed-namespace": namespace, "stockfeed-name": name } = labels;
  if (cluster === undefined) return { kind: "foreign", owner: "has no labels that say whose it is" };
  return { kind: "foreign", owner: `belongs to ${namespace ?? "?"}/${name ?? "?"} of cluster ${cluster}` };
}

/** Labels of others; ours are written anew. */
function kept({ labels }: Owned): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([label]) => !label.startsWith(OURS)));
}

function labelChanges(wanted: Owned, present: Owned): string[] {
  return Object.entries(wanted.labels).some(([label, value]) => present.labels[label] !== value) ? ["labels"] : [];
}

/** Fields that are wanted and different; what is not wanted may be as it is. */
function changes<T, K extends keyof T & string>(wanted: T, present: T, fields: readonly K[]): K[] {
  return fields.filter((field) => wanted[field] !== undefined && wanted[field] !== present[field]);
}
