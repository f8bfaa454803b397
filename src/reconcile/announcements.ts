import type { FeedEvent } from "../controller-ports.ts";
import type { Change } from "./changes.ts";
import type { Condition } from "./conditions.ts";
import type { FeedStatus } from "./status.ts";

const REASONS: Readonly<Record<Change["kind"], string>> = {
  created: "Created",
  updated: "Updated",
  corrected: "DriftCorrected",
  deleted: "Deleted",
};

/** Reasons that are a step on the way, and no news. */
const ON_THE_WAY = [
  "Starting",
  "Launching",
  "Updating",
  "Held",
  "Replacing",
  "MessagingNotReady",
  "ClusterUnavailable",
];

/** An event for each kind of change that a reconcile made. */
export function changeEvents(changes: readonly Change[]): FeedEvent[] {
  return (["created", "updated", "corrected", "deleted"] as const).flatMap((kind) => {
    const objects = changes.filter((change) => change.kind === kind).map(({ object }) => object);
    if (objects.length === 0) return [];
    const how = kind === "corrected" ? "Changed by somebody else and put right: " : `${REASONS[kind]} `;
    return [{ type: "Normal", reason: REASONS[kind], note: `${how}${objects.join(", ")}.` } as const];
  });
}

/** An event for each thing that a status says otherwise than the one before it. */
export function transitionEvents(before: FeedStatus, after: FeedStatus): FeedEvent[] {
  return [...ofConditions(before, after), ...ofMarket(before, after)];
}

function ofConditions(before: FeedStatus, after: FeedStatus): FeedEvent[] {
  const events: FeedEvent[] = [];
  for (const now of after.conditions) {
    const then = before.conditions.find(({ type }) => type === now.type);
    if (now.type === "Reconciling" || now.type === "Stalled" || !changed(then, now)) continue;
    const event = now.type === "Ready" ? ofReady(then, now) : ofTrouble(now);
    if (event !== undefined && !events.some(({ reason }) => reason === event.reason)) events.push(event);
  }
  return events;
}

function changed(then: Condition | undefined, now: Condition): boolean {
  return then?.status !== now.status || then.reason !== now.reason;
}

function ofReady(then: Condition | undefined, now: Condition): FeedEvent | undefined {
  if (now.reason === "Suspended") return { type: "Normal", reason: "Suspended", note: now.message };
  if (now.status === "True") return { type: "Normal", reason: "Ready", note: "Everything is as the spec wants it." };
  if (then?.reason === "Suspended") return { type: "Normal", reason: "Resumed", note: "Polls and computes again." };
  return ofTrouble(now);
}

function ofTrouble({ status, reason, message }: Condition): FeedEvent | undefined {
  if (status !== "False" || reason === "Suspended" || ON_THE_WAY.includes(reason)) return undefined;
  return { type: ["Deleting", "Draining"].includes(reason) ? "Normal" : "Warning", reason, note: message };
}

function ofMarket(before: FeedStatus, after: FeedStatus): FeedEvent[] {
  if (before.marketState === after.marketState) return [];
  switch (after.marketState) {
    case "Stale":
      return [
        {
          type: "Warning",
          reason: "QuotesStale",
          note: "No price has moved for polling.staleAfter in an open session.",
        },
      ];
    case "Closed":
      return [
        { type: "Normal", reason: "MarketClosed", note: "The session has ended: nothing is polled until the next." },
      ];
    case "Open":
      return before.marketState === undefined
        ? []
        : [{ type: "Normal", reason: "MarketOpen", note: "Prices move, in an open session." }];
    case undefined:
      return [];
  }
}
