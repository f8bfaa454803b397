import type { Messaging } from "../controller-ports.ts";
import type { ClusterChange } from "./waking.ts";
import type { ControllerSettings } from "./ports.ts";
import { projectOf } from "./project-of.ts";

/**
 * Lists the projects of the feeds that are there while the caches still fill. Of ten thousand feeds a project has thirty
 * pages, a second and a half, which a feed that is made during a restart would wait for.
 *
 * Only while this process leads: what another one does after the listing would not be in it. What fails here is asked for
 * again by whoever needs it, and told then.
 *
 * @param leads whether this process leads now
 */
export function earlyListing(
  messaging: Pick<Messaging, "inventory">,
  settings: Pick<ControllerSettings, "defaults" | "allowedProjects">,
  leads: () => boolean,
): (event: ClusterChange) => void {
  const asked = new Set<string>();
  return ({ kind, change, initial }) => {
    if (kind !== "StockFeed" || !initial || !leads()) return;
    const project = projectOf(change.object, settings);
    if (project === undefined || asked.has(project)) return;
    asked.add(project);
    void messaging.inventory(project).catch(() => undefined);
  };
}
