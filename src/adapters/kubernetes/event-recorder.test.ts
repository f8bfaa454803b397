import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../api/kube-object.ts";
import { ClusterError, type FeedEvent } from "../../controller-ports.ts";
import { ApiError } from "./api-error.ts";
import { EventRecorder } from "./event-recorder.ts";
import type { Write } from "./fenced-writes.ts";

const feed = (name: string): KubeObject => ({
  apiVersion: "stockfeed.dev/v1alpha1",
  kind: "StockFeed",
  metadata: { name, namespace: "n", uid: `uid-${name}` },
});
const trouble: FeedEvent = { type: "Warning", reason: "Trouble", note: "It is so." };

function recorder(answer: () => void = () => undefined) {
  let now = 1_700_000_000_000;
  const sent: Parameters<Write>[0][] = [];
  const problems: Error[] = [];
  const events = new EventRecorder({
    write: async (request) => {
      await Promise.resolve();
      sent.push(request);
      answer();
      return { status: 201, body: {} };
    },
    clock: { now: () => now },
    controller: "stockfeed.dev/operator",
    instance: "pod-1",
    onProblem: (error) => problems.push(error),
  });
  const record = async (about: KubeObject, event: FeedEvent) => {
    events.record(about, event);
    await events.drain();
  };
  return {
    sent,
    problems,
    record,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe("the recorder of events", () => {
  it("writes an event of events.k8s.io/v1 with all that the server wants", async () => {
    const { sent, record } = recorder();
    await record(feed("a"), trouble);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({ method: "POST", path: "/apis/events.k8s.io/v1/namespaces/n/events" });
    expect(sent[0]?.body).toMatchObject({
      eventTime: "2023-11-14T22:13:20.000000Z",
      reportingController: "stockfeed.dev/operator",
      reportingInstance: "pod-1",
      action: "Trouble",
      reason: "Trouble",
      type: "Warning",
      note: "It is so.",
      regarding: { kind: "StockFeed", namespace: "n", name: "a", uid: "uid-a" },
    });
  });

  it("counts the same event up, once a minute at most, and begins anew after ten minutes", async () => {
    const { sent, record, pass } = recorder();
    for (let second = 0; second <= 120; second += 10) {
      await record(feed("a"), trouble);
      pass(10_000);
    }
    expect(sent.map(({ method }) => method)).toEqual(["POST", "PATCH", "PATCH"]);
    expect(sent.map(({ body }) => (body as { series?: { count: number } }).series?.count)).toEqual([undefined, 7, 13]);
    pass(600_001);
    await record(feed("a"), trouble);
    expect(sent.at(-1)?.method).toBe("POST");
  });

  it("tells events of other objects, and other notes, apart", async () => {
    const { sent, record } = recorder();
    await record(feed("a"), trouble);
    await record(feed("b"), trouble);
    await record(feed("a"), { ...trouble, note: "It is otherwise." });
    expect(sent.map(({ method }) => method)).toEqual(["POST", "POST", "POST"]);
  });

  it("writes no more than 25 about one object, then one in five minutes, and still all about another", async () => {
    const { sent, record, pass } = recorder();
    for (let i = 0; i < 100; i++) await record(feed("a"), { ...trouble, note: String(i) });
    expect(sent).toHaveLength(25);
    await record(feed("b"), trouble);
    expect(sent).toHaveLength(26);
    pass(300_000);
    for (let i = 0; i < 10; i++) await record(feed("a"), { ...trouble, note: `later ${i}` });
    expect(sent).toHaveLength(27);
  });

  it("begins a new series where the server has forgotten the old one", async () => {
    let gone = false;
    const { sent, record, pass, problems } = recorder(() => {
      if (gone) throw new ApiError("NotFound", "gone");
    });
    await record(feed("a"), trouble);
    pass(60_000);
    gone = true;
    await record(feed("a"), trouble);
    gone = false;
    await record(feed("a"), trouble);
    expect(sent.map(({ method }) => method)).toEqual(["POST", "PATCH", "POST"]);
    expect(problems).toEqual([]);
  });

  it("never throws: what can't be written is told to the log, but not that another leads", async () => {
    let error: Error = new ApiError("Forbidden", "no rights");
    const { record, problems } = recorder(() => {
      throw error;
    });
    await record(feed("a"), trouble);
    error = new ClusterError("NotLeader", "another leads");
    await record(feed("b"), trouble);
    expect(problems.map(({ message }) => message)).toEqual(["no rights"]);
  });

  it("cuts a note to 1024 bytes, at a character", async () => {
    const { sent, record } = recorder();
    await record(feed("a"), { ...trouble, note: "é".repeat(600) });
    const { note } = sent[0]?.body as { note: string };
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1_024);
    expect(note).toMatch(/^é{510}…$/);
  });
});
