import { isDeepStrictEqual } from "node:util";
import type { KubeObject, OwnerReference } from "../../api/kube-object.ts";
import { ClusterError, type ApplyOutcome } from "../../controller-ports.ts";
import { objectPath } from "./api-paths.ts";
import { ApiError } from "./api-error.ts";
import { digestOf } from "./canonical-json.ts";
import { OWNED, type CachedObject } from "./compact-objects.ts";
import type { Write } from "./fenced-writes.ts";
import { FIELD_MANAGER, lostFields, ownedFieldsOf } from "./owned-fields.ts";

/** Annotation with the digest of what was applied last. */
const APPLIED_HASH = "stockfeed.dev/applied-hash";

export interface ApplierOptions {
  readonly write: Write;
  /** Reads an object from the server itself, for the rare case of an unknown one; undefined where it is gone. */
  readonly read: (object: KubeObject) => Promise<KubeObject | undefined>;
  /** The object in the cache; undefined where it is not there, `unwatched` where its kind is not. */
  readonly cached: (object: KubeObject) => CachedObject | undefined | "unwatched";
  /** Takes in what the server answered. */
  readonly observe: (object: KubeObject) => void;
  /** Takes in an object of somebody else's that has the name of one of ours. */
  readonly onForeign: (object: KubeObject) => void;
}

/** @throws ClusterError; Conflict where the object is somebody else's, and was not yet in the cache */
export type Apply = (desired: KubeObject) => Promise<ApplyOutcome>;

/**
 * Server-side apply, with one field manager and only where it is needed.
 *
 * Guarantees: nothing is sent, and nothing read, while the object has the digest of what is wanted and the server says
 * that we still own each of its fields, which it would not if another writer had changed or removed one. Else the whole
 * is applied: fields in it are taken over, those that we no longer want are removed, those of others stay. What the
 * server answers is in the cache at once, so a second apply right after the first sends nothing.
 * An object that is not in the cache is applied without force: where one of that name is there and is not ours, it stays
 * as it is, and Conflict says so.
 * Caveats: an object of a kind that is not watched is applied once a process and again where it is wanted otherwise;
 * a hand's edit of it is not seen. Somebody's object of the same name that differs from ours in no field that both set
 * is taken for ours.
 */
export function createApplier({ write, read, cached, observe, onForeign }: ApplierOptions): Apply {
  /** By path: the digest applied last and the fields that even then were not ours, as where a webhook sets them. */
  const applied = new Map<string, { readonly hash: string; readonly lost: readonly string[] }>();
  const hashes = new WeakMap<KubeObject, string>();
  const isIntact = rememberingCheck();

  const hashOf = (desired: KubeObject) => {
    const hash = hashes.get(desired) ?? digestOf(desired);
    hashes.set(desired, hash);
    return hash;
  };

  const send = async (desired: KubeObject, hash: string, force: boolean) => {
    const annotations = { ...desired.metadata.annotations, [APPLIED_HASH]: hash };
    const path = objectPath(desired);
    const { status, body } = await write({
      method: "PATCH",
      path,
      verb: "apply",
      query: { fieldManager: FIELD_MANAGER, force, fieldValidation: "Strict" },
      contentType: "application/apply-patch+yaml",
      body: { ...desired, metadata: { ...desired.metadata, annotations } },
    });
    const object = body as KubeObject;
    const owned = ownedFieldsOf(object);
    applied.set(path, { hash, lost: owned === undefined ? [] : lostFields(desired, owned) });
    observe(object);
    return status === 201;
  };

  /** Applies what is not in the cache: made by nobody, or by somebody whose it may be. */
  const introduce = async (desired: KubeObject, hash: string): Promise<ApplyOutcome> => {
    try {
      return (await send(desired, hash, false)) ? "created" : "corrected";
    } catch (error) {
      if (!(error instanceof ApiError && error.kind === "Conflict")) throw error;
      const present = await read(desired);
      if (present === undefined || isOurs(present, desired))
        return (await send(desired, hash, true)) ? "created" : "corrected";
      onForeign(present);
      const { kind, metadata } = desired;
      const name = `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
      throw new ClusterError("Conflict", `${name} is there already and is not StockFeed's.`, { cause: error });
    }
  };

  return async (desired) => {
    const hash = hashOf(desired);
    const path = objectPath(desired);
    const before = applied.get(path);
    const present = cached(desired);
    if (present === "unwatched") {
      if (before?.hash === hash) return "unchanged";
      return (await send(desired, hash, true)) ? "created" : "updated";
    }
    if (present === undefined) return introduce(desired, hash);
    const sameHash = present.metadata.annotations?.[APPLIED_HASH] === hash;
    const expected = before?.hash === hash ? before.lost : [];
    if (sameHash && isIntact(desired, present, expected)) return "unchanged";
    const created = await send(desired, hash, true);
    if (created) return "created";
    return sameHash || before?.hash === hash ? "corrected" : "updated";
  };
}

/** The check below, done once for each pair: objects of the cache, and what is wanted, are replaced and never changed. */
function rememberingCheck(): typeof checkIntact {
  const intact = new WeakMap<CachedObject, KubeObject>();
  return (desired, present, expected) => {
    if (intact.get(present) === desired) return true;
    if (!checkIntact(desired, present, expected)) return false;
    intact.set(present, desired);
    return true;
  };
}

/** Whether all that was applied is still ours, but for the fields that could not be had even then. */
function checkIntact(desired: KubeObject, present: CachedObject, expected: readonly string[]): boolean {
  const owned = present[OWNED];
  if (owned === undefined) return false;
  const owners = present.metadata.ownerReferences ?? [];
  if (!(desired.metadata.ownerReferences ?? []).every((owner) => owners.some((it) => isDeepStrictEqual(it, owner)))) {
    return false;
  }
  return lostFields(desired, owned).every((path) => expected.includes(path));
}

/** Whether an object that is not in the cache is ours all the same, such as when its labels were removed. */
function isOurs(present: KubeObject, desired: KubeObject): boolean {
  const controller = controllerOf(present);
  if (controller !== undefined) return controller.uid === controllerOf(desired)?.uid;
  return ownedFieldsOf(present) !== undefined;
}

function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find((owner) => owner.controller === true);
}
