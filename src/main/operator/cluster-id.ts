import type { Logger } from "pino";
import type { ApiClient } from "../../adapters/kubernetes/api-client.ts";
import { namespaceUid } from "../../adapters/kubernetes/kube-cluster.ts";
import { ClusterError } from "../../controller-ports.ts";
import type { Clock } from "../../ports.ts";
import { CliError } from "../cli-error.ts";

const RETRY_MS = 2_000;

/**
 * What tells this cluster from all others: the UID of its namespace kube-system. A server that is away is waited for.
 * @throws CliError where the operator may not read it; the signal's reason
 */
export async function clusterIdOf(
  client: ApiClient,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    try {
      return await namespaceUid(client);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      if (error.kind === "Forbidden") {
        const fix = "Let the operator's service account get namespaces, or name the cluster with --cluster-id.";
        throw new CliError(`The UID of namespace kube-system can't be read: ${error.message}. ${fix}`, {
          cause: error,
        });
      }
      log.warn({ problem: error.message }, "the API server does not answer yet");
    }
    await clock.sleepUntil(clock.now() + RETRY_MS, signal);
  }
}
