/**
 * A container's environment, resolved as a kubelet does: envFrom first, then env in its order, `$(NAME)` of what came
 * before expanded. What refers to a missing Secret, ConfigMap or key, and is not optional, is a `ConfigError` in a
 * kubelet's words; the container then waits with CreateContainerConfigError.
 */
import type { Container, EnvVar, KeyReference, Pod } from "./pod.ts";

export class ConfigError extends Error {}

type Data = Readonly<Record<string, string>>;

/** Where values come from; undefined for what does not exist. */
export interface EnvironmentSources {
  secret(namespace: string, name: string): Promise<Data | undefined>;
  configMap(namespace: string, name: string): Promise<Data | undefined>;
}

const POD_IP = "127.0.0.1";

export async function resolveEnvironment(
  pod: Pod,
  container: Container,
  sources: EnvironmentSources,
): Promise<Record<string, string>> {
  const { namespace } = pod.metadata;
  const environment: Record<string, string> = {};
  for (const { prefix = "", secretRef, configMapRef } of container.envFrom ?? []) {
    const kind = secretRef === undefined ? "configmap" : "secret";
    const { name, optional = false } = secretRef ?? configMapRef ?? { name: "" };
    const data = await (kind === "secret" ? sources.secret(namespace, name) : sources.configMap(namespace, name));
    if (data === undefined && !optional) throw new ConfigError(`${kind} "${name}" not found`);
    for (const [key, value] of Object.entries(data ?? {})) environment[prefix + key] = value;
  }
  for (const variable of container.env ?? []) {
    const value = await valueOf(variable, pod, sources);
    if (value !== undefined) environment[variable.name] = expand(value, environment);
  }
  return environment;
}

/** Replaces `$(NAME)` by what is known; `$$(NAME)` stays as `$(NAME)`, an unknown name as it is. */
export function expand(text: string, environment: Data): string {
  return text.replace(/\$(\$|\(([^)]+)\))/g, (whole, what: string, name: string) =>
    what === "$" ? "$" : (environment[name] ?? whole),
  );
}

async function valueOf(variable: EnvVar, pod: Pod, sources: EnvironmentSources): Promise<string | undefined> {
  const { value = "", valueFrom } = variable;
  if (valueFrom === undefined) return value;
  const { namespace } = pod.metadata;
  const { fieldRef, secretKeyRef, configMapKeyRef } = valueFrom;
  if (fieldRef !== undefined) return fieldOf(pod, fieldRef.fieldPath);
  if (secretKeyRef !== undefined)
    return pick(secretKeyRef, await sources.secret(namespace, secretKeyRef.name), namespace, "Secret");
  if (configMapKeyRef !== undefined)
    return pick(configMapKeyRef, await sources.configMap(namespace, configMapKeyRef.name), namespace, "ConfigMap");
  throw new ConfigError(`the test kubelet does not know where ${variable.name} comes from`);
}

function pick(reference: KeyReference, data: Data | undefined, namespace: string, kind: string): string | undefined {
  const { name, key, optional = false } = reference;
  const value = data?.[key];
  if (value !== undefined || optional) return value;
  if (data === undefined) throw new ConfigError(`${kind.toLowerCase()} "${name}" not found`);
  throw new ConfigError(`couldn't find key ${key} in ${kind} ${namespace}/${name}`);
}

function fieldOf(pod: Pod, path: string): string {
  const { metadata, spec } = pod;
  const [, map, key = ""] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (map === "labels" || map === "annotations") return metadata[map]?.[key] ?? "";
  switch (path) {
    case "metadata.name":
      return metadata.name;
    case "metadata.namespace":
      return metadata.namespace;
    case "metadata.uid":
      return metadata.uid;
    case "spec.nodeName":
      return spec.nodeName ?? "";
    case "spec.serviceAccountName":
      return spec.serviceAccountName ?? "";
    case "status.podIP":
    case "status.podIPs":
    case "status.hostIP":
      return POD_IP;
    default:
      throw new ConfigError(`the test kubelet does not know field ${path}`);
  }
}
