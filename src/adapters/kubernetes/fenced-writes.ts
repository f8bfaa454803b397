import type { ApiClient, ApiResponse } from "./api-client.ts";
import type { ApiRequest } from "./api-exchange.ts";

/** The right to write, which may end at any moment. */
export interface Leadership {
  /** @throws ClusterError (NotLeader) */
  fence(): void;
  /** Aborted when the present term ends. */
  readonly signal: AbortSignal;
}

/** A write of the API server's; not sent, and broken off, where we do not lead. @throws ClusterError */
export type Write = (request: Omit<ApiRequest, "fence" | "signal">) => Promise<ApiResponse>;

/** Who writes without an election. */
export const ALWAYS_LEADER: Leadership = { fence: () => undefined, signal: new AbortController().signal };

/**
 * Writes that pass the leader's fence: asked before a connection is taken, and again just before the request leaves.
 *
 * Caveat: between that last look and the server lies one system call and the network. A process stopped in between, or
 * a packet held up, may arrive up to (lease − renew deadline = 5 s) later without harm, since nobody else leads before;
 * what is held up for longer, such as by a partition that heals, can still be carried out. It then does what the former
 * leader wanted; the new leader sees it in its watch and mends it.
 */
export function fencedWrites(client: Pick<ApiClient, "request">, leadership: Leadership): Write {
  const fence = () => {
    leadership.fence();
  };
  return async (request) => {
    fence();
    return client.request({ ...request, fence, signal: leadership.signal });
  };
}
