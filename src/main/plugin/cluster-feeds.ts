import type { ApiClient } from "../../adapters/kubernetes/api-client.ts";
import type { KubeObject } from "../../api/kube-object.ts";
import { nearest } from "../../api/nearest.ts";
import { ClusterError } from "../../controller-ports.ts";
import { CliError } from "../cli-error.ts";

/** The feeds of a cluster, as a person with kubectl's rights sees them. */
export interface ClusterFeeds {
  /** Feeds of a namespace, or of all. @throws CliError */
  list(namespace: string | undefined): Promise<readonly KubeObject[]>;
  /** @throws CliError when there is none of that name, with those that are there */
  get(namespace: string, name: string): Promise<KubeObject>;
  /** Changes a feed by a JSON merge patch (RFC 7396). @throws CliError */
  change(namespace: string, name: string, patch: object): Promise<KubeObject>;
  /** Events about a feed, the newest last. @throws CliError */
  events(feed: KubeObject): Promise<readonly KubeObject[]>;
  /** Leases that an operator may hold, of all namespaces. @throws CliError */
  operatorLeases(): Promise<readonly KubeObject[]>;
}

const GROUP = "/apis/stockfeed.dev/v1alpha1";
const MANAGER = "kubectl-stockfeed";

/** Reads and changes feeds over the API server. */
export function clusterFeeds(client: Pick<ApiClient, "request">): ClusterFeeds {
  const send = async (request: Parameters<ApiClient["request"]>[0]): Promise<unknown> => {
    try {
      return (await client.request(request)).body;
    } catch (error) {
      if (error instanceof ClusterError && error.kind !== "NotFound")
        throw new CliError(error.message, { cause: error });
      throw error;
    }
  };
  const items = async (path: string, query: Record<string, string> = {}): Promise<readonly KubeObject[]> => {
    const body = (await send({ method: "GET", path, query })) as { readonly items?: readonly KubeObject[] };
    return body.items ?? [];
  };
  const pathOf = (namespace: string | undefined, name = "") =>
    `${GROUP}${namespace === undefined ? "" : `/namespaces/${namespace}`}/stockfeeds${name === "" ? "" : `/${name}`}`;
  const list = async (namespace: string | undefined) =>
    items(pathOf(namespace)).catch((cause: unknown) => {
      if (!(cause instanceof ClusterError)) throw cause;
      throw new CliError("The cluster has no StockFeeds: the CRD is not installed. Apply crds/ first.", { cause });
    });
  const orMissing = async (namespace: string, name: string, cause: unknown): Promise<never> => {
    if (!(cause instanceof ClusterError)) throw cause;
    const names = (await list(namespace)).map(({ metadata }) => metadata.name);
    const meant = nearest(name, names);
    const known = names.length === 0 ? "It has none." : `It has ${names.join(", ")}.`;
    const hint = meant === undefined ? known : `Did you mean ${meant}?`;
    throw new CliError(`There is no StockFeed ${name} in namespace ${namespace}. ${hint}`, { cause });
  };

  return {
    list,
    get: async (namespace, name) =>
      send({ method: "GET", path: pathOf(namespace, name) }).then(
        (body) => body as KubeObject,
        async (cause: unknown) => orMissing(namespace, name, cause),
      ),
    change: async (namespace, name, patch) =>
      send({
        method: "PATCH",
        path: pathOf(namespace, name),
        query: { fieldManager: MANAGER },
        contentType: "application/merge-patch+json",
        body: patch,
      }).then(
        (body) => body as KubeObject,
        async (cause: unknown) => orMissing(namespace, name, cause),
      ),
    events: async ({ metadata: { namespace = "default", name } }) => {
      const fieldSelector = `regarding.kind=StockFeed,regarding.name=${name}`;
      const events = await items(`/apis/events.k8s.io/v1/namespaces/${namespace}/events`, { fieldSelector });
      return events.toSorted((a, b) => lastSeen(a).localeCompare(lastSeen(b)));
    },
    operatorLeases: async () => {
      const leases = await items("/apis/coordination.k8s.io/v1/leases");
      return leases.filter(({ metadata }) => metadata.name.startsWith("stockfeed-operator"));
    },
  };
}

/** When an event came last, RFC 3339. */
export function lastSeen(event: KubeObject): string {
  const series = event.series as { readonly lastObservedTime?: string } | undefined;
  const { eventTime, deprecatedLastTimestamp } = event as { eventTime?: string; deprecatedLastTimestamp?: string };
  return series?.lastObservedTime ?? eventTime ?? deprecatedLastTimestamp ?? "";
}
