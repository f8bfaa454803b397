import type { KubeObject, ObjectRef } from "../../api/kube-object.ts";
import { ApiError } from "./api-error.ts";
import { objectPath, versionOf } from "./api-paths.ts";
import type { Write } from "./fenced-writes.ts";
import { FIELD_MANAGER } from "./owned-fields.ts";

/** Keeps a feed until what it has in the cloud is gone. */
const FINALIZER = "stockfeed.dev/cloud-objects";

export interface FeedWritesOptions {
  readonly write: Write;
  readonly cached: (ref: ObjectRef) => KubeObject | undefined;
  /** Takes in what the server answered; what is no longer in the cache stays out of it. */
  readonly observe: (object: KubeObject) => void;
  /** Takes an object out of the cache that is gone for certain. */
  readonly forget: (ref: ObjectRef, uid: string) => void;
}

/** Deletion, and a feed's status. Each may be repeated; what is gone already is done. */
export function feedWrites({ write, cached, observe, forget }: FeedWritesOptions) {
  return {
    delete: async ({ kind, namespace, name, uid }: ObjectRef & { readonly uid?: string }): Promise<void> => {
      try {
        const { body } = await write({
          method: "DELETE",
          path: objectPath({ apiVersion: versionOf(kind), kind, metadata: { namespace, name } }),
          body: { propagationPolicy: "Background", ...(uid !== undefined && { preconditions: { uid } }) },
        });
        const answer = body as KubeObject;
        // What has finalizers is answered as it is now; what was there no more, by a Status.
        if (answer.kind === kind) observe(answer);
        else if (uid !== undefined) forget({ kind, namespace, name }, uid);
      } catch (error) {
        // A conflict with the UID: that very object is gone, another has its name.
        if (!(isApiError(error, "NotFound") || (uid !== undefined && isApiError(error, "Conflict")))) throw error;
        if (uid !== undefined) forget({ kind, namespace, name }, uid);
      }
    },

    /** Fields of ours that are no longer in the status are removed, as is the way of server-side apply. */
    applyStatus: async (feed: ObjectRef, status: Readonly<Record<string, unknown>>): Promise<void> => {
      const { kind, namespace, name } = feed;
      const uid = cached(feed)?.metadata.uid;
      const apiVersion = versionOf(kind);
      const metadata = { namespace, name, ...(uid !== undefined && { uid }) };
      try {
        const { body } = await write({
          method: "PATCH",
          path: `${objectPath({ apiVersion, kind, metadata })}/status`,
          verb: "apply",
          query: { fieldManager: FIELD_MANAGER, force: true },
          contentType: "application/apply-patch+yaml",
          body: { apiVersion, kind, metadata, status },
        });
        observe(body as KubeObject);
      } catch (error) {
        if (!isApiError(error, "NotFound")) throw error;
      }
    },
  };
}

/**
 * Adds or removes the finalizer, by a merge patch on the very version that the cache has: whoever else writes finalizers
 * is not overwritten. (A removal by server-side apply would leave the finalizer where another manager has written it too,
 * as a restored backup does.)
 * @throws ApiError; Conflict where the cache is behind, which passes
 */
export async function writeFinalizer(
  { write, cached, observe }: FeedWritesOptions,
  feed: KubeObject,
  present: boolean,
): Promise<void> {
  const { name, namespace = "" } = feed.metadata;
  const { metadata } = cached({ kind: feed.kind, namespace, name }) ?? feed;
  const { uid, resourceVersion, finalizers = [] } = metadata;
  if (uid !== feed.metadata.uid || finalizers.includes(FINALIZER) === present) return;
  const wanted = present ? [...finalizers, FINALIZER] : finalizers.filter((each) => each !== FINALIZER);
  try {
    const { body } = await write({
      method: "PATCH",
      path: objectPath(feed),
      query: { fieldManager: FIELD_MANAGER },
      contentType: "application/merge-patch+json",
      body: { metadata: { uid, resourceVersion, finalizers: wanted } },
    });
    observe(body as KubeObject);
  } catch (error) {
    if (!isApiError(error, "NotFound")) throw error;
  }
}

function isApiError(error: unknown, kind: ApiError["kind"]): boolean {
  return error instanceof ApiError && error.kind === kind;
}
