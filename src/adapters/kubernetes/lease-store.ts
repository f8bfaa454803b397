import type { EpochMs } from "../../quotes/quote.ts";
import type { ApiClient } from "./api-client.ts";
import { ApiError } from "./api-error.ts";

/** Time for one request about the lease: three of them fit into a renew deadline. */
const TIMEOUT_MS = 3_000;

/** A Lease as the server has it. https://kubernetes.io/docs/concepts/architecture/leases/ */
export interface LeaseRecord {
  /** Empty where it was given back. */
  readonly holder: string;
  readonly leaseMs: number;
  /** Changes with every write. */
  readonly version: string;
  readonly transitions: number;
  readonly acquiredAt: string;
}

/** What a lease is asked for. */
export interface LeaseRequest {
  readonly holder: string;
  readonly leaseMs: number;
  readonly now: EpochMs;
}

/** Reads and writes one Lease; a write holds only against the very version that was read. */
export function leaseStore(client: Pick<ApiClient, "request">, namespace: string, name: string) {
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
  const path = `${collection}/${encodeURIComponent(name)}`;
  const rest = { verb: "lease", timeoutMs: TIMEOUT_MS };

  return {
    /** The lease as it is now; undefined where there is none. @throws ApiError */
    read: async (signal: AbortSignal): Promise<LeaseRecord | undefined> => {
      try {
        return recordOf((await client.request({ method: "GET", path, ...rest, signal })).body);
      } catch (error) {
        if (error instanceof ApiError && error.kind === "NotFound") return undefined;
        throw error;
      }
    },
    /** @param over the record that this follows @throws ApiError, Conflict where another has written since */
    write: async (over: LeaseRecord | undefined, wanted: LeaseRequest, signal: AbortSignal): Promise<LeaseRecord> => {
      const now = new Date(wanted.now).toISOString().replace("Z", "000Z");
      const goesOn = over?.holder === wanted.holder;
      const isTakeover = over !== undefined && !goesOn && wanted.holder !== "";
      const body = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { namespace, name, ...(over && { resourceVersion: over.version }) },
        spec: {
          holderIdentity: wanted.holder,
          leaseDurationSeconds: wanted.leaseMs / 1000,
          acquireTime: goesOn ? over.acquiredAt : now,
          renewTime: now,
          leaseTransitions: (over?.transitions ?? 0) + (isTakeover ? 1 : 0),
        },
      };
      const request = over ? ({ method: "PUT", path } as const) : ({ method: "POST", path: collection } as const);
      return recordOf((await client.request({ ...request, body, ...rest, signal })).body);
    },
  };
}

function recordOf(body: unknown): LeaseRecord {
  const { metadata = {}, spec = {} } = body as {
    readonly metadata?: { readonly resourceVersion?: string };
    readonly spec?: {
      readonly holderIdentity?: string;
      readonly leaseDurationSeconds?: number;
      readonly leaseTransitions?: number;
      readonly acquireTime?: string;
    };
  };
  return {
    holder: spec.holderIdentity ?? "",
    leaseMs: (spec.leaseDurationSeconds ?? 0) * 1000,
    version: metadata.resourceVersion ?? "",
    transitions: spec.leaseTransitions ?? 0,
    acquiredAt: spec.acquireTime ?? new Date(0).toISOString().replace("Z", "000Z"),
  };
}
