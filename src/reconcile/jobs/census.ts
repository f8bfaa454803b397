import type { KubeObject } from "../../api/kube-object.ts";
import { onceEach } from "../once-each.ts";
import { statusIn } from "../status.ts";
import { recordsOf } from "./survey.ts";

/** How many jobs of a resolution are in a state. */
export interface JobCount {
  readonly state: string;
  readonly resolution: string;
  readonly jobs: number;
}

/** The jobs of feeds by what their statuses say of them; feeds that were not seen yet have none. */
export function jobCensus(feeds: readonly KubeObject[]): JobCount[] {
  const counts = new Map<string, JobCount>();
  for (const { state, resolution } of feeds.flatMap(jobsOf)) {
    const key = `${resolution} ${state}`;
    counts.set(key, { state, resolution, jobs: (counts.get(key)?.jobs ?? 0) + 1 });
  }
  return [...counts.values()];
}

const jobsOf = onceEach((feed) =>
  recordsOf(statusIn(feed)).map(({ state, window }) => ({ state, resolution: window })),
);
