import type { KubeObject } from "../../api/kube-object.ts";

/** Kinds that are referred to without an apiVersion, as they are served. */
const VERSIONS: Readonly<Record<string, string>> = {
  StockFeed: "stockfeed.dev/v1alpha1",
  CronJob: "batch/v1",
  Deployment: "apps/v1",
  StatefulSet: "apps/v1",
  Pod: "v1",
  Secret: "v1",
};

/** The apiVersion of a kind that StockFeed knows; core's for every other, such as ServiceAccount. */
export function versionOf(kind: string): string {
  return VERSIONS[kind] ?? "v1";
}

/**
 * The path of a kind's collection: of one namespace, or of all. The plural is built as Kubernetes' own kinds have it;
 * a custom resource with an irregular plural has no path here.
 */
export function collectionPath(apiVersion: string, kind: string, namespace?: string): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}${namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`}/${pluralOf(kind)}`;
}

/** The path of one object; of the cluster itself where it has no namespace. */
export function objectPath({
  apiVersion,
  kind,
  metadata,
}: Pick<KubeObject, "apiVersion" | "kind" | "metadata">): string {
  return `${collectionPath(apiVersion, kind, metadata.namespace)}/${encodeURIComponent(metadata.name)}`;
}

function pluralOf(kind: string): string {
  const lower = kind.toLowerCase();
  if (/(?:s|x|ch)$/.test(lower)) return `${lower}es`;
  if (/[^aeiou]y$/.test(lower)) return `${lower.slice(0, -1)}ies`;
  return `${lower}s`;
}
