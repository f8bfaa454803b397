import { KubeConfig } from "@kubernetes/client-node";
import { readFileSync } from "node:fs";
import { usageError } from "../cli-error.ts";

const OWN_NAMESPACE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/**
 * Reads how to reach the API server: a kubeconfig where one is named, else the Pod's own service account.
 * @throws CliError (usage) where the file can't be read
 */
export function readKubeConfig(path: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (path === undefined) config.loadFromDefault();
    else config.loadFromFile(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageError(
      `The kubeconfig ${path ?? "of this machine"} can't be read: ${why}. Name another with --kubeconfig.`,
    );
  }
  return config;
}

/** The namespace that this process is in: its Pod's, the kubeconfig's, or `default`. */
export function ownNamespace(config: KubeConfig): string {
  try {
    return readFileSync(OWN_NAMESPACE, "utf8").trim();
  } catch {
    const context = config.getContextObject(config.getCurrentContext());
    return context?.namespace ?? "default";
  }
}
