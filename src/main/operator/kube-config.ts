import type { KubeConfig } from "@kubernetes/client-node";
import { kubeconfigAccess, type NamedAccess, podAccess } from "../../adapters/kubernetes/api-access.ts";
import { usageError } from "../cli-error.ts";

/**
 * Reads how to reach the API server: a kubeconfig where one is named, else the Pod's own service account, else the
 * kubeconfig of whoever runs this. The client library is loaded only for a kubeconfig that needs it.
 * @throws CliError (usage) where the file can't be read
 */
export async function readKubeConfig(
  path: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<NamedAccess> {
  try {
    const plain = path === undefined ? podAccess(env) : kubeconfigAccess(path);
    return plain ?? (await fromLibrary(path));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageError(
      `The kubeconfig ${path ?? "of this machine"} can't be read: ${why}. Name another with --kubeconfig.`,
    );
  }
}

async function fromLibrary(path: string | undefined): Promise<NamedAccess> {
  const library = await import("@kubernetes/client-node");
  const config: KubeConfig = new library.KubeConfig();
  if (path === undefined) config.loadFromDefault();
  else config.loadFromFile(path);
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  return { access: config, ...(namespace !== undefined && { namespace }) };
}
