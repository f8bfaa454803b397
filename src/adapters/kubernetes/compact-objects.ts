import type { KubeObject, ObjectMeta, OwnerReference } from "../../api/kube-object.ts";
import type { WatchedKind } from "../../controller-ports.ts";
import { versionOf } from "./api-paths.ts";
import { ownedFieldsOf } from "./owned-fields.ts";

/** Text of the fields that we own, kept beside a cached child of a feed. */
export const OWNED = Symbol("fields owned by us");

/** A cached object; of a child of a feed, with the fields that we own of it. */
export type CachedObject = KubeObject & { readonly [OWNED]?: string };

/** How many texts are remembered to be shared. More shapes than this, and some are held twice. */
const MAX_SHARED = 10_000;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reduces objects to what the controller reads: ten thousand feeds have some sixty thousand objects, and a CronJob as
 * parsed takes ten kilobytes.
 *
 * What is kept: of all, metadata without managedFields, and of annotations only StockFeed's own; of a StockFeed, spec,
 * status and annotations as well; of CronJob, Deployment and StatefulSet, the replicas, schedule and suspend of the spec
 * and the status (not a CronJob's, which changes each minute); of a Pod, node, phase, conditions and its containers'
 * states; of a Secret, the names of its keys, each with an empty value: no value of it is kept, nor passed on.
 */
export function compactor(kind: WatchedKind): (object: KubeObject) => CachedObject {
  const share = sharing();
  return (raw) => {
    const object: KubeObject = { ...raw, apiVersion: versionOf(kind), kind };
    const metadata = compactMetadata(object.metadata, share, kind === "StockFeed");
    const head = { apiVersion: object.apiVersion, kind, metadata };
    const { spec, status } = { spec: fieldsOf(object.spec), status: fieldsOf(object.status) };
    switch (kind) {
      case "StockFeed":
        return { ...head, spec: object.spec, ...(object.status !== undefined && { status: object.status }) };
      case "Secret":
        return { ...head, data: mapValues(fieldsOf(object.data), () => "") };
      case "Pod":
        return { ...head, spec: { nodeName: share(spec.nodeName) }, status: compactPodStatus(status, share) };
      case "CronJob":
        return { ...head, spec: pick(spec, ["schedule", "timeZone", "suspend"]), ...owned(object, share) };
      case "Deployment":
      case "StatefulSet":
        return { ...head, spec: pick(spec, ["replicas"]), status: object.status ?? {}, ...owned(object, share) };
    }
  };
}

function owned(object: KubeObject, share: Share): { readonly [OWNED]?: string } {
  const text = ownedFieldsOf(object);
  return text === undefined ? {} : { [OWNED]: share(text) };
}

function compactMetadata(metadata: ObjectMeta, share: Share, whole: boolean): ObjectMeta {
  const { name, namespace, uid, generation, resourceVersion, creationTimestamp, deletionTimestamp } = metadata;
  const { labels, annotations, finalizers, ownerReferences } = metadata;
  const kept = Object.entries(annotations ?? {}).filter(([key]) =>
    whole ? key !== "kubectl.kubernetes.io/last-applied-configuration" : key.startsWith("stockfeed.dev/"),
  );
  return {
    name,
    ...(namespace !== undefined && { namespace: share(namespace) }),
    ...(uid !== undefined && { uid }),
    ...(generation !== undefined && { generation }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    ...(labels && { labels: mapValues(labels, share) }),
    ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
    ...(finalizers && finalizers.length > 0 && { finalizers: finalizers.map(share) }),
    ...(ownerReferences && { ownerReferences: ownerReferences.map((owner) => compactOwner(owner, share)) }),
  };
}

function compactOwner(owner: OwnerReference, share: Share): OwnerReference {
  return { ...owner, apiVersion: share(owner.apiVersion), kind: share(owner.kind) };
}

function compactPodStatus(status: Fields, share: Share): Fields {
  const containers = Array.isArray(status.containerStatuses) ? status.containerStatuses.map(fieldsOf) : [];
  const conditions = Array.isArray(status.conditions) ? status.conditions.map(fieldsOf) : [];
  return {
    ...pick(status, ["phase", "reason", "message", "podIP", "startTime"]),
    conditions: conditions.map((condition) =>
      mapValues(pick(condition, ["type", "status", "reason", "message"]), share),
    ),
    containerStatuses: containers.map((container) => ({
      ...pick(container, ["name", "ready", "restartCount"]),
      state: compactState(fieldsOf(container.state), share),
      lastState: compactState(fieldsOf(container.lastState), share),
    })),
  };
}

function compactState(state: Fields, share: Share): Fields {
  const { running, waiting, terminated } = state;
  if (running !== undefined) return { running: pick(fieldsOf(running), ["startedAt"]) };
  if (waiting !== undefined) return { waiting: mapValues(pick(fieldsOf(waiting), ["reason", "message"]), share) };
  if (terminated === undefined) return {};
  return { terminated: pick(fieldsOf(terminated), ["exitCode", "reason", "message", "startedAt", "finishedAt"]) };
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function pick(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])));
}

function mapValues<T, R>(fields: Readonly<Record<string, T>>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, map(value)]));
}

type Share = <T>(value: T) => T;

/** Gives back the first string that was equal, so that equal ones are held once. */
function sharing(): Share {
  const texts = new Map<unknown, unknown>();
  return <T>(value: T): T => {
    if (typeof value !== "string") return value;
    const shared = texts.get(value);
    if (shared !== undefined) return shared as T;
    if (texts.size >= MAX_SHARED) texts.clear();
    texts.set(value, value);
    return value;
  };
}
