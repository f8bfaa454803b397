import { done, type Outcome, stalled } from "../outcome.ts";
import { deleteWorkloads } from "../own-workloads.ts";
import type { Step } from "../run.ts";

/**
 * Whether the feed keeps to the cloud projects that the operator allows. Where it doesn't, its workloads go, since
 * they would send there all the same; what it has in the cloud stays untouched.
 */
export const keepToProjects: Step = {
  name: "keep-to-projects",
  otherwise: "stop",
  async run(run): Promise<Outcome> {
    const { allowedProjects } = run.settings;
    if (allowedProjects === undefined) return done;
    const { pubsub, sink, dataflow } = run.feed.spec;
    const used = [
      ["spec.pubsub.projectId", pubsub.projectId],
      ["spec.sink.bigQuery.projectId", sink.bigQuery.projectId],
      ...(dataflow?.projectIds ?? []).map((id, index) => [`spec.dataflow.projectIds[${index}]`, id] as const),
    ] as const;
    const refused = used.filter(([, id]) => !allowedProjects.includes(id));
    if (refused.length === 0) return done;
    await deleteWorkloads(run);
    const fields = refused.map(([field, id]) => `${field} is "${id}"`).join(" and ");
    const fix = `Write one of ${allowedProjects.join(", ")}, or have the operator allow it with --allowed-projects.`;
    return stalled("ProjectNotAllowed", `${fields} but the operator doesn't allow that project. ${fix}`);
  },
};
