import type { KubeObject } from "../../api/kube-object.ts";

/** The field manager of everything that StockFeed applies. */
export const FIELD_MANAGER = "stockfeed";

/** Keys of a set of fields that stand for no field of their own. */
const SELF = ".";

/** A set of fields as the server writes it: `f:name` of a map, `k:{…}` of a list by keys, `v:…` of a set, a leaf is {}. */
interface FieldSet {
  readonly [step: string]: FieldSet;
}

/**
 * What the server says that we own of an object: the fields of our last apply, less those that others have changed
 * since. Undefined where nothing was ever applied. Owner references are left out: they hold UIDs, and are compared by
 * themselves; without them, objects of one shape have one text, which is kept once.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export function ownedFieldsOf(object: KubeObject): string | undefined {
  const entries = (object.metadata as { readonly managedFields?: unknown }).managedFields;
  if (!Array.isArray(entries)) return undefined;
  const ours = entries.find(isOurs);
  if (ours === undefined) return undefined;
  const { "f:metadata": metadata = {}, ...fields } = ours.fieldsV1;
  return JSON.stringify({ ...fields, "f:metadata": { ...metadata, "f:ownerReferences": undefined } });
}

/**
 * The fields of a desired object that are no longer as they were applied last, as paths; empty where all are.
 *
 * A field's value need not be looked at: whoever writes another value to it takes it away from us, in the server's books.
 * So it does not matter in what form the server keeps a value (a quantity of "1000m" as "1"), nor what it sets by default.
 * Caveat: a value that the server itself changes without a writer, as a conversion may, is not seen.
 *
 * @param owned what `ownedFieldsOf` gave for the object as it is now
 */
export function lostFields(desired: KubeObject, owned: string): readonly string[] {
  const { labels, annotations } = desired.metadata;
  const fields = { ...desired, apiVersion: undefined, kind: undefined, metadata: { labels, annotations } };
  const lost: string[] = [];
  collect(fields, JSON.parse(owned) as FieldSet, "", lost);
  return lost;
}

function collect(value: unknown, owned: FieldSet | undefined, path: string, lost: string[]): void {
  // An empty map or list, or null, may or may not be in the set; nothing of ours is in it.
  if (value === undefined || value === null || isEmpty(value)) return;
  if (owned === undefined) {
    lost.push(path);
    return;
  }
  // A leaf of the set owns whatever is below it, as of an atomic list.
  if (typeof value !== "object" || Object.keys(owned).length === 0) return;
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) collect(item, ofItem(owned, item), `${path}[${i}]`, lost);
    return;
  }
  for (const [name, child] of Object.entries(value)) collect(child, owned[`f:${name}`], `${path}.${name}`, lost);
}

/** What is owned of a list's item: found by the item's keys, of which the server may have defaulted some, or its value. */
function ofItem(owned: FieldSet, item: unknown): FieldSet | undefined {
  for (const [step, fields] of Object.entries(owned)) {
    if (step === SELF) continue;
    if (step.startsWith("v:") && step.slice(2) === JSON.stringify(item)) return {};
    if (!step.startsWith("k:") || typeof item !== "object" || item === null) continue;
    const keys = Object.entries(JSON.parse(step.slice(2)) as Record<string, unknown>);
    const values = new Map<string, unknown>(Object.entries(item));
    if (keys.every(([name, value]) => !values.has(name) || values.get(name) === value)) return fields;
  }
  return undefined;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function isOurs(entry: unknown): entry is { readonly fieldsV1: FieldSet } {
  if (typeof entry !== "object" || entry === null) return false;
  const { manager, operation, subresource, fieldsV1 } = entry as Readonly<Record<string, unknown>>;
  const ofWhole = subresource === undefined || subresource === "";
  return manager === FIELD_MANAGER && operation === "Apply" && ofWhole && typeof fieldsV1 === "object";
}
