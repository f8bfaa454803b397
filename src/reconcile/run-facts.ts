import type { Change } from "./changes.ts";
import type { Part } from "./conditions.ts";
import type { FeedRun } from "./run.ts";

/** Whether the feed's author wants it to take over objects of its names that somebody else has. */
export function adopts({ object }: Pick<FeedRun, "object">): boolean {
  return object.metadata.annotations?.["stockfeed.dev/adopt"] === "true";
}

/** The text that starts the feed's Pods anew when it changes. */
export function restartText({ object }: Pick<FeedRun, "object">): string | undefined {
  return object.metadata.annotations?.["stockfeed.dev/restart"];
}

/**
 * The change that was made to an object of a part. Where the part was said to be right for this very generation,
 * somebody else must have changed or deleted the object.
 */
export function changeOf(run: FeedRun, part: Part, kind: "created" | "updated", object: string): Change {
  const said = run.previous.conditions.find(({ type }) => type === part);
  const wasRight =
    said !== undefined &&
    said.observedGeneration === run.object.metadata.generation &&
    (said.status === "True" || said.reason === "Suspended");
  return { kind: wasRight ? "corrected" : kind, object };
}
