import { type Outcome, waiting } from "../outcome.ts";
import { ownWorkloads } from "../own-workloads.ts";
import type { Step, ValidRun } from "../run.ts";
import { workloadState } from "../workload-health.ts";

/** How soon a sink that can't take rows is looked at again. */
const LOOK_AGAIN_MS = 60_000;

/** How words of the feed's own stream begin. */
const STREAM = "The feed's stream says: ";

/**
 * Whether rows can land, by the look of the tables and, while the embedded engine is not ready, by what that says: only its
 * own account can tell whether it may write. Where they can't, the feed polls on: the engine's subscription keeps quotes for 7 days, and
 * what could not be written is written when the sink is mended.
 */
export const checkSink: Step = {
  name: "check-sink",
  part: "SinkReady",
  otherwise: "go-on",
  async run(run): Promise<Outcome> {
    const { feed, ports } = run;
    const { projectId, dataset } = feed.spec.sink.bigQuery;
    const problems = await ports.sink.inspect({ projectId, dataset, archive: feed.spec.archive });
    // That BigQuery doesn't answer says nothing of its tables.
    const passes = problems.every(({ kind }) => kind === "Unavailable");
    const words = passes ? wordsOfStream(run) : undefined;
    if (words !== undefined) return waiting("SinkUnavailable", words, LOOK_AGAIN_MS);
    if (problems.length === 0) return { kind: "done", message: `${projectId}.${dataset} takes rows.` };
    const said = problems.map(({ message, mend }) => (mend === undefined ? message : `${message} Run: ${mend}`));
    const outcome = waiting("SinkUnavailable", said.join("\n"), LOOK_AGAIN_MS);
    return passes ? { ...outcome, fault: new Error(outcome.message) } : outcome;
  },
};

/** What the feed's stream waits for, where it is the sink; of one that is ready, what it said before is over. */
function wordsOfStream(run: ValidRun): string | undefined {
  const { feed, memory, previous } = run;
  const trouble = memory.streams.troubleOf(feed);
  const before = previous.conditions.find(({ type }) => type === "SinkReady")?.message;
  // A new leader has yet to ask, and what was said of the sink need not change twice.
  const said = memory.streams.askedOnce || before?.startsWith(STREAM) !== true ? undefined : before;
  const words = trouble === undefined ? said : `${STREAM}${trouble.message}`;
  if (words === undefined) return undefined;
  return ownWorkloads(run, "stream").some((each) => workloadState(each) === "Running") ? undefined : words;
}
