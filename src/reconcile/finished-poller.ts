import type { KubeObject } from "../api/kube-object.ts";
import { decodeSummary, type PollSummary } from "../quotes/poll-summary.ts";
import type { EpochMs } from "../quotes/quote.ts";

/** How a poller's Pod is, as far as it tells something of the feed. */
export type PollerPod =
  /** It ended, with a summary of its work or, killed or broken, without one. */
  | {
      readonly kind: "finished";
      readonly finishedAt: EpochMs;
      readonly summary?: PollSummary;
      readonly failure?: Trouble;
    }
  /** It can't start. */
  | { readonly kind: "stuck"; readonly trouble: Trouble }
  /** It runs, or is about to: nothing to tell yet. */
  | { readonly kind: "under-way" };

/** What keeps pollers from polling. */
export interface Trouble {
  readonly reason: string;
  readonly message: string;
}

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: {
    readonly exitCode?: number;
    readonly reason?: string;
    readonly message?: string;
    readonly finishedAt?: string;
  };
}

/** Reasons of a container that waits for more than its turn. */
const STUCK = /^(ErrImage|ImagePull|InvalidImage|CreateContainer|RunContainer|CrashLoop)/;

/** Reads a Pod of a poller, which has one container. */
export function readPollerPod(pod: KubeObject): PollerPod {
  const { containerStatuses = [] } = (pod.status ?? {}) as {
    readonly containerStatuses?: readonly { readonly state?: ContainerState }[];
  };
  const { waiting, terminated } = containerStatuses[0]?.state ?? {};
  if (waiting?.reason !== undefined && STUCK.test(waiting.reason)) {
    return { kind: "stuck", trouble: troubleOfStart(waiting.reason, waiting.message) };
  }
  if (terminated === undefined) return { kind: "under-way" };
  const finishedAt = Date.parse(terminated.finishedAt ?? "") || 0;
  const summary = decodeSummary(terminated.message ?? "");
  const broke = summary === undefined || brokeAtStart(summary, terminated.exitCode);
  return {
    kind: "finished",
    finishedAt,
    ...(summary && { summary }),
    ...(broke && { failure: troubleOfEnd(pod, terminated) }),
  };
}

/** What a Pod that can't start says, as a condition's reason and message. */
export function troubleOfStart(reason: string, message: string | undefined): Trouble {
  return { reason, message: `A Pod can't start: ${message ?? reason}.` };
}

function troubleOfEnd({ metadata }: KubeObject, { exitCode, reason }: ContainerState["terminated"] & object): Trouble {
  const how = reason === undefined || reason === "Error" ? "" : ` (${reason})`;
  const look = `kubectl -n ${metadata.namespace ?? "default"} logs ${metadata.name}`;
  return { reason: "PollerFailed", message: `A poller ended with code ${exitCode ?? "?"}${how}. See: ${look}` };
}

/** How a poller ends that is asked to before its slots are over: nobody's fault. */
const ASKED_TO_END = 143;

/** Whether it was killed, or crashed, before it could do or say anything: the summary is the one that it began with. */
function brokeAtStart({ slotsPolled, problem }: PollSummary, exitCode = 0): boolean {
  return exitCode !== 0 && exitCode !== ASKED_TO_END && slotsPolled === 0 && problem === undefined;
}

/** What a summary says is wrong; undefined where quotes came and went. */
export function troubleIn(summary: PollSummary): Trouble | undefined {
  const { provider, slotsPolled, quotes, undeliveredQuotes, failures, problem } = summary;
  // A poller that can't begin, as without its key, has polled nothing and says why.
  if (slotsPolled === 0) return problem === undefined ? undefined : { reason: "PollerFailed", message: problem };
  if (quotes > 0) return undefined;
  if (undeliveredQuotes > 0) {
    return { reason: "PublishFailing", message: problem ?? "Pub/Sub takes no quotes; see the poller's logs." };
  }
  const kinds = Object.entries(failures).sort(([, a], [, b]) => b - a);
  const worst = kinds[0]?.[0];
  if (worst === undefined) return undefined;
  return { reason: "ProviderFailing", message: problem ?? `${provider} gives no price: ${worst}.` };
}
