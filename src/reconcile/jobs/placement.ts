import type { JobPlace } from "../../job-ports.ts";
import { samePlace } from "./job-record.ts";
import type { Room, WantedJob } from "./wanted-job.ts";

/**
 * Where a job goes: where it was, while there is room, so that jobs don't wander; else the first place with room.
 * @param before where it was, or is decided to go
 */
export function chooseRoom(places: readonly Room[], before: JobPlace | undefined): Room | undefined {
  const free = places.filter(({ active, limit }) => active < limit);
  return free.find((place) => before !== undefined && samePlace(place, before)) ?? free[0];
}

/** Whether a job is where it may be. */
export function isPlaced(job: JobPlace, places: readonly JobPlace[]): boolean {
  return places.some((place) => samePlace(place, job));
}

/** Why there is no room, with the numbers and the mend. */
export function quotaMessage({ window, places }: Pick<WantedJob, "window" | "places">): string {
  const full = places.map(({ projectId, active, limit }) => `${projectId} runs ${active} of ${limit}`).join(", ");
  const fix = "End some, name another project in spec.dataflow.projectIds, or have the quota raised.";
  return `No project has room for the job of ${window}: ${full} Dataflow jobs. ${fix}`;
}
