import type { ApiClient } from "../../src/adapters/kubernetes/api-client.ts";
import { ApiError, errorOfAnswer } from "../../src/adapters/kubernetes/api-error.ts";
import type { ApiRequest } from "../../src/adapters/kubernetes/api-exchange.ts";

interface Lease {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: { readonly holderIdentity?: string; readonly leaseTransitions?: number };
}

/** What a request about the lease meets: it is done and answered, lost on its way, or done with the answer lost. */
export type Link = "up" | "down" | "answers-lost";

/** An API server of one Lease, with optimistic locking as the real one has it, in memory. */
export function leaseServer() {
  let lease: Lease | undefined;
  let version = 0;

  const handle = ({ method, body }: ApiRequest): { status: number; body: unknown } => {
    const wanted = body as Lease | undefined;
    if (method === "GET") return lease === undefined ? { status: 404, body: {} } : { status: 200, body: lease };
    if (
      method === "POST" ? lease !== undefined : wanted?.metadata.resourceVersion !== lease?.metadata.resourceVersion
    ) {
      return { status: 409, body: {} };
    }
    lease = { ...wanted, metadata: { resourceVersion: String(++version) }, spec: wanted?.spec ?? {} };
    return { status: 200, body: lease };
  };

  return {
    get holder() {
      return lease?.spec.holderIdentity;
    },
    get transitions() {
      return lease?.spec.leaseTransitions;
    },
    remove: () => {
      lease = undefined;
    },
    /** A client over a link that may be cut. */
    client: (link: () => Link): Pick<ApiClient, "request"> => ({
      request: async (request) => {
        await Promise.resolve();
        request.signal?.throwIfAborted();
        if (link() === "down") throw new ApiError("Unavailable", "the link is down");
        const answer = handle(request);
        await Promise.resolve();
        if (link() === "answers-lost") throw new ApiError("Unavailable", "the answer is lost");
        if (answer.status > 299) throw errorOfAnswer(`${request.method} lease`, answer.status, answer.body);
        return answer;
      },
    }),
  };
}
