import { type Outcome, waiting } from "../outcome.ts";
import type { Step } from "../run.ts";

/** How soon a sink that can't take rows is looked at again. */
const LOOK_AGAIN_MS = 60_000;

/**
 * Whether rows can land. Where they can't, the feed polls on: the engine's subscription keeps quotes for 7 days, and
 * what could not be written is written when the sink is mended.
 */
export const checkSink: Step = {
  name: "check-sink",
  part: "SinkReady",
  otherwise: "go-on",
  async run({ feed, ports }): Promise<Outcome> {
    const { projectId, dataset } = feed.spec.sink.bigQuery;
    const problems = await ports.sink.inspect({ projectId, dataset, archive: feed.spec.archive });
    if (problems.length === 0) return { kind: "done", message: `${projectId}.${dataset} takes rows.` };
    const said = problems.map(({ message, mend }) => (mend === undefined ? message : `${message} Run: ${mend}`));
    const outcome = waiting("SinkUnavailable", said.join("\n"), LOOK_AGAIN_MS);
    // That BigQuery doesn't answer says nothing of its tables.
    const passes = problems.every(({ kind }) => kind === "Unavailable");
    return passes ? { ...outcome, fault: new Error(outcome.message) } : outcome;
  },
};
