import { KubeConfig } from "@kubernetes/client-node";
import type { Command } from "commander";
import { createApiClient } from "../../adapters/kubernetes/api-client.ts";
import { usageError } from "../cli-error.ts";
import { version } from "../version.ts";
import { type ClusterFeeds, clusterFeeds } from "./cluster-feeds.ts";

/** Flags that say which cluster and namespace are meant, as kubectl has them. */
interface ClusterFlags {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** What a command does with a cluster. */
export interface Connected {
  readonly feeds: ClusterFeeds;
  /** Where a feed without a namespace is looked for; undefined with --all-namespaces. */
  readonly namespace: string | undefined;
}

/** Adds the flags. */
export function declareCluster(command: Command): Command {
  return command
    .option("-n, --namespace <namespace>", "namespace of the feed (default: the context's)")
    .option("--kubeconfig <path>", "kubeconfig to use (default: KUBECONFIG or ~/.kube/config)")
    .option("--context <name>", "context of the kubeconfig (default: the current one)");
}

/**
 * Lets `work` use the cluster that the flags name.
 * @throws CliError (usage) for a kubeconfig or context that can't be used
 */
export async function withCluster<T>(command: Command, work: (cluster: Connected) => Promise<T>): Promise<T> {
  const flags = command.opts<ClusterFlags>();
  const config = loadConfig(flags);
  const context = config.getContextObject(config.getCurrentContext());
  const namespace = flags.allNamespaces === true ? undefined : (flags.namespace ?? context?.namespace ?? "default");
  const client = createApiClient({ config: () => loadConfig(flags), userAgent: `kubectl-stockfeed/${version()}` });
  try {
    return await work({ feeds: clusterFeeds(client), namespace });
  } finally {
    client.close();
  }
}

function loadConfig({ kubeconfig, context }: ClusterFlags): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw usageError(`The kubeconfig ${kubeconfig ?? ""} can't be used: ${why}`, { cause });
  }
  if (context !== undefined) config.setCurrentContext(context);
  if (config.getCurrentCluster() !== null) return config;
  const contexts = config.getContexts().map(({ name }) => name);
  const known = contexts.length === 0 ? "There is none in the kubeconfig." : `There are ${contexts.join(", ")}.`;
  throw usageError(`Context ${context ?? config.getCurrentContext()} names no cluster. ${known}`);
}
