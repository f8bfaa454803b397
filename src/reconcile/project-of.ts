import type { KubeObject } from "../api/kube-object.ts";
import type { ControllerSettings } from "./ports.ts";

/**
 * The project of a feed's messages, read from the object as it is: a feed whose spec is refused has one too. Undefined
 * where it has none, or may not touch it.
 */
export function projectOf(
  { spec }: KubeObject,
  { defaults, allowedProjects }: Pick<ControllerSettings, "defaults" | "allowedProjects">,
): string | undefined {
  const { pubsub } = (spec ?? {}) as { readonly pubsub?: { readonly projectId?: unknown } };
  const project = typeof pubsub?.projectId === "string" ? pubsub.projectId : defaults?.pubsub?.projectId;
  if (project === undefined || allowedProjects?.includes(project) === false) return undefined;
  return project;
}
