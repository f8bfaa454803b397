import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Link, leaseServer } from "../../../test/fakes/lease-server.ts";
import { type ManualClock, manualClock } from "../../../test/fakes/manual-clock.ts";
import type { ApiRequest } from "./api-exchange.ts";
import { Elector } from "./elector.ts";
import { fencedWrites } from "./fenced-writes.ts";

const START = 1_700_000_000_000;

/** A candidate that leads whenever it can; its link can be cut. */
function candidate(identity: string, server: ReturnType<typeof leaseServer>, clock: ManualClock) {
  let link: Link = "up";
  const problems: Error[] = [];
  const elector = new Elector({
    client: server.client(() => link),
    namespace: "stockfeed",
    name: "operator",
    identity,
    clock,
    random: () => 0.5,
    monotonic: () => clock.now(),
    onProblem: (error) => problems.push(error),
  });
  const stop = new AbortController();
  const ends: string[] = [];
  const running = (async () => {
    while (!stop.signal.aborted) {
      ends.push(
        await elector.lead(stop.signal, async (signal) => {
          await new Promise((resolve) => {
            signal.addEventListener("abort", resolve, { once: true });
          });
        }),
      );
    }
  })();
  return {
    elector,
    ends,
    problems,
    cut: (now: Link) => {
      link = now;
    },
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

describe("the elector", () => {
  it("leads at once where nobody does, and goes on", async () => {
    const clock = manualClock(START);
    const server = leaseServer();
    const a = candidate("a", server, clock);
    expect(a.elector.isLeader()).toBe(false);
    await clock.advance(START + 1);
    expect(a.elector.isLeader()).toBe(true);
    await clock.advance(START + 120_000);
    expect(a.elector.isLeader()).toBe(true);
    expect(server.transitions).toBe(0);
    await a.stop();
  });

  it("gives the lease back at a stop, and another leads within 3 s", async () => {
    const clock = manualClock(START);
    const server = leaseServer();
    const a = candidate("a", server, clock);
    await clock.advance(START + 1);
    const b = candidate("b", server, clock);
    await clock.advance(START + 10_000);
    await a.stop();
    expect(server.holder).toBe("");
    expect(a.elector.isLeader()).toBe(false);
    expect(a.ends).toEqual(["done"]);
    await clock.advance(START + 13_000);
    expect(b.elector.isLeader()).toBe(true);
    expect(server.transitions).toBe(1);
    await b.stop();
  });

  it("hands over within 20 s where the leader is cut off, which stops before that", async () => {
    const clock = manualClock(START);
    const server = leaseServer();
    const [a, b] = [candidate("a", server, clock), candidate("b", server, clock)];
    await clock.advance(START + 30_000);
    const [leader, other] = a.elector.isLeader() ? [a, b] : [b, a];
    leader.cut("down");
    const { signal } = leader.elector;
    await clock.advance(START + 40_001);
    expect(leader.elector.isLeader()).toBe(false);
    expect(signal.aborted).toBe(true);
    expect(leader.ends).toEqual(["lost"]);
    expect(other.elector.isLeader()).toBe(false);
    await clock.advance(START + 50_000);
    expect(other.elector.isLeader()).toBe(true);
    leader.cut("up");
    await clock.advance(START + 100_000);
    expect([leader.elector.isLeader(), other.elector.isLeader()]).toEqual([false, true]);
    await Promise.all([a.stop(), b.stop()]);
  });

  it("goes on where a renewal was done and its answer lost, and where somebody deleted the lease", async () => {
    const clock = manualClock(START);
    const server = leaseServer();
    const a = candidate("a", server, clock);
    await clock.advance(START + 1);
    a.cut("answers-lost");
    await clock.advance(START + 5_000);
    a.cut("up");
    await clock.advance(START + 20_000);
    expect(a.elector.isLeader()).toBe(true);
    server.remove();
    await clock.advance(START + 40_000);
    expect(a.elector.isLeader()).toBe(true);
    expect(a.ends).toEqual([]);
    await a.stop();
  });

  it("finds after a pause that it does not lead, before any timer fires", async () => {
    const clock = manualClock(START);
    let monotonic = 0;
    const elector = new Elector({
      client: leaseServer().client(() => "up"),
      namespace: "n",
      name: "l",
      identity: "a",
      clock,
      random: () => 0,
      monotonic: () => monotonic,
      onProblem: () => undefined,
    });
    const stop = new AbortController();
    const sent: ApiRequest[] = [];
    const write = fencedWrites(
      {
        request: (request) => {
          request.fence?.();
          sent.push(request);
          monotonic += 11_000; // paused while the connection was being made
          request.fence?.();
          sent.push(request);
          return Promise.resolve({ status: 200, body: {} });
        },
      },
      elector,
    );
    await elector.lead(stop.signal, async () => {
      await expect(write({ method: "PATCH", path: "/x" })).rejects.toMatchObject({ kind: "NotLeader" });
      expect(sent).toHaveLength(1);
      await expect(write({ method: "PATCH", path: "/x" })).rejects.toMatchObject({ kind: "NotLeader" });
      expect(sent).toHaveLength(1);
    });
  });

  it("never leads in two processes at once, whatever the links do", async () => {
    const cut = fc.record({
      who: fc.nat(2),
      link: fc.constantFrom<Link>("up", "down", "answers-lost"),
      after: fc.integer({ min: 1, max: 20_000 }),
      leap: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { maxLength: 30 }), async (cuts) => {
        const clock = manualClock(START);
        const server = leaseServer();
        const all = ["a", "b", "c"].map((name) => candidate(name, server, clock));
        const leaders = () => all.filter(({ elector }) => elector.isLeader()).length;
        let now = START;
        for (const { who, link, after, leap } of cuts) {
          all[who]!.cut(link);
          for (let left = after; left > 0; left -= 500) {
            now += Math.min(left, 500);
            await (leap ? clock.leap(now) : clock.advance(now));
            expect(leaders()).toBeLessThanOrEqual(1);
          }
        }
        for (const each of all) each.cut("up");
        await clock.advance(now + 20_000);
        expect(leaders()).toBe(1);
        await Promise.all(all.map((each) => each.stop()));
      }),
      { numRuns: 30 },
    );
  });
});
