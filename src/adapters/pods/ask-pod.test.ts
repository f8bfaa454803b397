import type { RequestListener } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { type LocalServer, serveLocally } from "../../../test/fakes/local-server.ts";
import { decodeSummary, emptySummary, encodeSummary, type PollSummary } from "../../quotes/poll-summary.ts";
import { askPodsAt } from "./ask-pod.ts";

const summary: PollSummary = { ...emptySummary("markets/tech", "Simulated"), marketState: "Stale", lastSlot: 10_000 };
const text = encodeSummary(summary);

const servers: LocalServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** What comes of asking a poller that answers so. */
async function answerOf(listener: RequestListener, signal = AbortSignal.timeout(20_000)) {
  const server = await serveLocally(listener);
  servers.push(server);
  return askPodsAt(Number(new URL(server.url).port), decodeSummary)("127.0.0.1", signal);
}

describe("a poller that runs without end", () => {
  it("is asked for its summary", async () => {
    const asked: (string | undefined)[] = [];
    const answer = await answerOf((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end(text);
    });
    expect(answer).toEqual(summary);
    expect(asked).toEqual(["GET /summary"]);
  });

  it.each<[string, RequestListener]>([
    ["has none yet", (_, response) => response.writeHead(404).end("There are /healthz, /readyz and /metrics.\n")],
    ["answers an error with a summary in it", (_, response) => response.writeHead(500).end(text)],
    ["is somebody else", (_, response) => response.end("<html></html>")],
    ["says more than a summary can", (_, response) => response.end(`${text}${" ".repeat(5_000)}`)],
    ["sends on to elsewhere", (_, response) => response.writeHead(302, { location: "/summary" }).end(text)],
    ["breaks off", (_, response) => response.write(text, () => response.destroy())],
  ])("says nothing where it %s", async (_, listener) => {
    expect(await answerOf(listener)).toBeUndefined();
  });

  it("is not waited for longer than its caller would", async () => {
    const stop = new AbortController();
    const answer = await answerOf(() => {
      stop.abort(new Error("stopped"));
    }, stop.signal);
    expect(answer).toBeUndefined();
  });

  it("says nothing where nobody listens", async () => {
    const server = await serveLocally(() => undefined);
    const port = Number(new URL(server.url).port);
    await server.close();
    expect(await askPodsAt(port, decodeSummary)("127.0.0.1", AbortSignal.timeout(20_000))).toBeUndefined();
  });
});
