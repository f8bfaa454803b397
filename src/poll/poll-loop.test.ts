import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { formatDuration } from "../api/duration.ts";
import { jobSlots } from "../plan/poll-job.ts";
import { type ManualClock, manualClock } from "../../test/fakes/manual-clock.ts";
import type { Bus, FetchResult, ObservedPrice, QuoteProvider } from "../ports.ts";
import {
  decodeSummary,
  encodeSummary,
  FAILURE_KINDS,
  type FailureKind,
  type PollSummary,
} from "../quotes/poll-summary.ts";
import type { DeadLetter, EpochMs, Quote } from "../quotes/quote.ts";
import { sessionOf } from "../quotes/session.ts";
import { slotsIn } from "../quotes/slots.ts";
import { type PollLoopOptions, type PollObserver, runPollLoop } from "./poll-loop.ts";
import type { SlotReport } from "./slot-report.ts";

const open = Date.parse("2013-10-07T13:30:00Z");
const TEN_SECONDS = 10_000;
const DAY = 86_400_000;
const always = sessionOf({ session: "Always", extendedHours: false });
const nyse = sessionOf({ session: "NYSE", extendedHours: false });

type FetchRequest = Parameters<QuoteProvider["fetch"]>[0];
type Fetch = (request: FetchRequest) => Promise<FetchResult>;

/** Prices that moved at the slot itself. */
const fresh: Fetch = ({ symbols, slot }) =>
  Promise.resolve({ prices: symbols.map((symbol) => priceOf(symbol, slot)), failures: [] });

function priceOf(symbol: string, providerTime: EpochMs, price = 167_410_000): ObservedPrice {
  return { symbol, price, providerTime };
}

/** A loop under test with everything it did on record; a fetch, a publish or any option can be replaced. */
function loop(
  clock: ManualClock,
  change: Partial<PollLoopOptions> & {
    readonly fetch?: Fetch;
    readonly publish?: (quotes: readonly Quote[]) => Promise<void>;
  } = {},
) {
  const { fetch = fresh, publish = () => Promise.resolve(), ...options } = change;
  const published: Quote[] = [];
  const reports: SlotReport[] = [];
  const letters: DeadLetter[] = [];
  const stop = new AbortController();
  const bus: Bus = {
    publish: async (quotes) => {
      await publish(quotes);
      published.push(...quotes);
    },
    subscribe: () => undefined,
    close: () => Promise.resolve(),
  };
  const observer = {
    onSlot: (report: SlotReport) => {
      reports.push(report);
    },
    onMarket: vi.fn<PollObserver["onMarket"]>(),
  };
  const telemetry = {
    countQuotes: vi.fn(),
    countPolledSlots: vi.fn(),
    countMissedSlots: vi.fn(),
    setMarketState: vi.fn(),
  };
  const summary = runPollLoop({
    feed: "markets/tech",
    symbols: ["AAPL", "MSFT"],
    intervalMs: TEN_SECONDS,
    session: always,
    provider: { type: "Simulated", fetch, close: () => Promise.resolve() },
    bus,
    deadLetters: {
      putDeadLetters: (more) => {
        letters.push(...more);
        return Promise.resolve();
      },
    },
    clock,
    signal: stop.signal,
    telemetry,
    observer,
    ...options,
  });
  return {
    summary,
    published,
    reports,
    letters,
    telemetry,
    onMarket: observer.onMarket,
    slots: () => reports.map(({ slot }) => slot),
    stop: () => {
      stop.abort(new Error("stopped"));
      return summary;
    },
  };
}

describe("the poll loop's slots", () => {
  it("begin with the current one, at once, then come at their exact time", async () => {
    const clock = manualClock(open + 3_000);
    const { reports, published, stop } = loop(clock);
    await clock.advance(open + 25_000);
    expect(reports.map(({ slot, startedAt }) => [slot - open, startedAt - open])).toEqual([
      [0, 3_000],
      [10_000, 10_000],
      [20_000, 20_000],
    ]);
    expect(published.slice(0, 2)).toEqual(
      ["AAPL", "MSFT"].map((symbol) => ({
        feed: "markets/tech",
        symbol,
        price: 167_410_000,
        observedAt: open,
        providerTime: open,
        provider: "Simulated",
      })),
    );
    expect(await stop()).toMatchObject({ slotsPolled: 3, slotsMissed: 0, quotes: 6 });
  });

  it("do not drift in a day of slow fetches, nor double, nor get lost", async () => {
    const clock = manualClock(open);
    const fetch: Fetch = async (request) => {
      await clock.sleepUntil(clock.now() + 1_234, request.signal);
      return fresh(request);
    };
    const { summary, reports } = loop(clock, { fetch, until: open + DAY });
    await clock.advance(open + DAY);
    expect(await summary).toMatchObject({ slotsPolled: 8_640, slotsMissed: 0, quotes: 17_280 });
    expect(reports.map(({ slot }) => slot)).toEqual([...slotsIn(open, open + DAY, TEN_SECONDS)]);
    expect(reports.every(({ slot, startedAt }) => slot === startedAt)).toBe(true);
  });

  it("end before `until`, so that the next Job can own it", async () => {
    const clock = manualClock(open - 7_000);
    const { summary, slots } = loop(clock, { from: open, until: open + 60_000 });
    await clock.advance(open + 60_000);
    expect(await summary).toMatchObject({ slotsPolled: 6, slotsMissed: 0 });
    expect(slots()).toEqual([...slotsIn(open, open + 60_000, TEN_SECONDS)]);
  });

  it("that a late start was to own are counted as missed, never back-dated", async () => {
    const clock = manualClock(open + 34_000);
    const { summary, reports, telemetry } = loop(clock, { from: open, until: open + 60_000 });
    await clock.advance(open + 60_000);
    expect(await summary).toMatchObject({ slotsPolled: 3, slotsMissed: 3 });
    expect(reports[0]).toMatchObject({ slot: open + 30_000, startedAt: open + 34_000, missed: 3 });
    expect(reports[1]).toMatchObject({ missed: 0 });
    expect(telemetry.countMissedSlots).toHaveBeenCalledExactlyOnceWith("markets/tech", 3);
  });

  it("are all missed when the loop starts after its last one", async () => {
    const clock = manualClock(open + 95_000);
    const { summary, reports } = loop(clock, { from: open, until: open + 60_000 });
    expect(await summary).toMatchObject({ slotsPolled: 0, slotsMissed: 6 });
    expect(reports).toEqual([]);
  });

  it("that passed during a stall are missed; the current one is polled, late", async () => {
    const clock = manualClock(open);
    const { reports, telemetry, stop } = loop(clock);
    await clock.advance(open + 5_000);
    await clock.leap(open + 47_000);
    await clock.advance(open + 50_000);
    expect(reports.map(({ slot, startedAt, missed }) => [slot - open, startedAt - open, missed])).toEqual([
      [0, 0, 0],
      [40_000, 47_000, 3],
      [50_000, 50_000, 0],
    ]);
    expect(telemetry.countPolledSlots.mock.calls).toEqual(Array(3).fill(["markets/tech", 1]));
    expect(await stop()).toMatchObject({ slotsPolled: 3, slotsMissed: 3 });
  });

  it("are each polled or missed, once, in order, at their time, however long fetches and publishes take", async () => {
    const durations = fc.array(fc.integer({ min: 0, max: 35_000 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(durations, durations, fc.integer({ min: 0, max: 9_999 }), async (fetches, publishes, late) => {
        const clock = manualClock(open + late);
        const take = (list: number[], call: number) => list[call % list.length] ?? 0;
        let [fetched, sent] = [0, 0];
        const { reports, summary, stop } = loop(clock, {
          fetch: async (request) => {
            await clock.sleepUntil(clock.now() + take(fetches, fetched++), request.signal);
            return fresh(request);
          },
          publish: () => clock.sleepUntil(clock.now() + take(publishes, sent++), new AbortController().signal),
        });
        await clock.advance(open + 400_000);
        void stop();
        await clock.advance(open + 500_000);
        const { slotsPolled, slotsMissed } = await summary;
        expect(slotsPolled).toBe(reports.length);
        const seen = reports.reduce((sum, { missed }) => sum + missed + 1, 0);
        expect(seen).toBe(((reports.at(-1)?.slot ?? NaN) - open) / TEN_SECONDS + 1);
        expect(slotsMissed).toBeGreaterThanOrEqual(seen - slotsPolled);
        for (const [i, { slot, startedAt }] of reports.entries()) {
          expect(startedAt - slot).toBeGreaterThanOrEqual(0);
          expect(startedAt - slot).toBeLessThan(TEN_SECONDS);
          if (i > 0) expect(slot).toBeGreaterThan(reports[i - 1]!.slot);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("the poll loop's session", () => {
  it("is polled from the open to the close, both ends, and the loop sleeps in between", async () => {
    // Thanksgiving week of 2024: a full Wednesday, a closed Thursday, a Friday until 13:00.
    const wednesday = Date.parse("2024-11-27T00:00:00Z");
    const clock = manualClock(wednesday);
    const { slots, onMarket, stop } = loop(clock, { session: nyse, intervalMs: 60_000 });
    await clock.advance(wednesday + 4 * DAY);
    expect(slots()).toEqual([
      ...slotsIn(Date.parse("2024-11-27T14:30:00Z"), Date.parse("2024-11-27T21:00:00Z") + 1, 60_000),
      ...slotsIn(Date.parse("2024-11-29T14:30:00Z"), Date.parse("2024-11-29T18:00:00Z") + 1, 60_000),
    ]);
    expect(onMarket.mock.calls).toEqual([
      ["Closed", Date.parse("2024-11-27T14:30:00Z")],
      ["Open", undefined],
      ["Closed", Date.parse("2024-11-29T14:30:00Z")],
      ["Open", undefined],
      ["Closed", Date.parse("2024-12-02T14:30:00Z")],
    ]);
    expect(clock.wakeTimes).toEqual([Date.parse("2024-12-02T14:30:00Z")]);
    expect(await stop()).toMatchObject({ slotsMissed: 0, marketState: "Closed" });
  });

  it("follows New York over both changes of the clock", async () => {
    for (const [from, hours] of [
      ["2026-03-06T20:59:30Z", ["2026-03-06T21:00:00Z", "2026-03-09T13:30:00Z"]],
      ["2026-10-30T19:59:30Z", ["2026-10-30T20:00:00Z", "2026-11-02T14:30:00Z"]],
    ] as const) {
      const clock = manualClock(Date.parse(from));
      const { slots, stop } = loop(clock, { session: nyse, intervalMs: 60_000 });
      await clock.advance(Date.parse(hours[1]));
      expect(slots().slice(1)).toEqual(hours.map((hour) => Date.parse(hour)));
      await stop();
    }
  });

  it("lets a late start poll the closing slot, but nothing after it", async () => {
    const close = Date.parse("2013-10-07T20:00:00Z");
    const late = loop(manualClock(close + 4_000), { session: nyse });
    await vi.waitFor(() => {
      expect(late.slots()).toEqual([close]);
    });
    await late.stop();
    const tooLate = loop(manualClock(close + 10_000), { session: nyse });
    expect(await tooLate.stop()).toMatchObject({ slotsPolled: 0, slotsMissed: 0 });
  });

  it("counts only slots of the session as missed when the lid was closed overnight", async () => {
    const clock = manualClock(Date.parse("2013-10-07T19:59:50Z"));
    const { reports, stop } = loop(clock, { session: nyse });
    await clock.advance(clock.now() + 1);
    await clock.leap(Date.parse("2013-10-08T13:30:25Z"));
    expect(reports.at(-1)).toMatchObject({ slot: Date.parse("2013-10-08T13:30:20Z"), missed: 3 });
    expect(await stop()).toMatchObject({ slotsPolled: 2, slotsMissed: 3 });
  });

  it("is not polled when a stall ends after the close", async () => {
    const clock = manualClock(Date.parse("2013-10-07T19:59:40Z"));
    const { slots, stop } = loop(clock, { session: nyse });
    await clock.advance(clock.now() + 1);
    await clock.leap(Date.parse("2013-10-07T22:00:00Z"));
    expect(slots()).toEqual([Date.parse("2013-10-07T19:59:40Z")]);
    expect(await stop()).toMatchObject({ slotsPolled: 1, slotsMissed: 2, marketState: "Closed" });
  });

  it("that the interval never meets is an error", async () => {
    await expect(loop(manualClock(open), { session: nyse, intervalMs: DAY }).summary).rejects.toThrow(RangeError);
  });
});

describe("the poll loop's provider", () => {
  it("may hang: that slot's symbols time out and the next slot is on time", async () => {
    const clock = manualClock(open);
    const requests: FetchRequest[] = [];
    const fetch: Fetch = (request) => {
      requests.push(request);
      return requests.length === 1 ? new Promise(() => undefined) : fresh(request);
    };
    const { reports, stop } = loop(clock, { fetch });
    await clock.advance(open + 10_000);
    expect(reports[0]?.failures).toEqual([
      { symbol: "AAPL", kind: "Timeout", message: "Simulated brought nothing within the slot." },
      { symbol: "MSFT", kind: "Timeout", message: "Simulated brought nothing within the slot." },
    ]);
    expect(requests[0]?.signal.aborted).toBe(true);
    expect(reports[1]).toMatchObject({ slot: open + 10_000, startedAt: open + 10_000, missed: 0, quotes: 2 });
    expect(await stop()).toMatchObject({ slotsPolled: 2, slotsMissed: 0, failures: { Timeout: 2 } });
  });

  it("may hang in a late start: the slot still ends on time", async () => {
    const clock = manualClock(open + 7_000);
    const { reports, stop } = loop(clock, {
      fetch: (request) => (request.slot === open ? new Promise(() => undefined) : fresh(request)),
    });
    await clock.advance(open + 10_000);
    expect(reports.map(({ startedAt }) => startedAt - open)).toEqual([7_000, 10_000]);
    await stop();
  });

  it("is not waited for once the loop is stopped, even if it ignores its signal", async () => {
    const clock = manualClock(open);
    const { stop } = loop(clock, { fetch: () => new Promise(() => undefined) });
    await clock.advance(open + 1);
    expect(await stop()).toMatchObject({ slotsPolled: 0 });
    expect(clock.wakeTimes).toEqual([]);
  });

  it("is told to end in time to publish within the slot", async () => {
    const deadlines: number[] = [];
    const clock = manualClock(open);
    const fetch: Fetch = (request) => {
      deadlines.push(request.deadline - request.slot);
      return fresh(request);
    };
    await loop(clock, { fetch, until: open + 1 }).summary;
    await loop(clock, { fetch, until: open + 1, intervalMs: 1_000 }).summary;
    expect(deadlines).toEqual([9_500, 900]);
  });

  it("costs a symbol alone with that symbol's failure", async () => {
    const fetch: Fetch = ({ slot }) =>
      Promise.resolve({
        prices: [priceOf("AAPL", slot)],
        failures: [{ symbol: "MSFT", kind: "NotFound", message: "no such symbol" }],
        rateLimitedUntil: slot + 30_000,
      });
    const { summary, published } = loop(manualClock(open), { fetch, until: open + 1 });
    expect(await summary).toMatchObject({
      quotes: 1,
      failures: { NotFound: 1 },
      rateLimitedUntil: open + 30_000,
      newestProviderTime: open,
    });
    expect(published.map(({ symbol }) => symbol)).toEqual(["AAPL"]);
  });

  it("may even break its promise never to reject", async () => {
    const clock = manualClock(open);
    let calls = 0;
    const fetch: Fetch = (request) =>
      ++calls === 1 ? Promise.reject(new TypeError("x is undefined")) : fresh(request);
    const { reports, stop } = loop(clock, { fetch });
    await clock.advance(open + 10_000);
    expect(reports[0]?.failures[0]).toMatchObject({
      kind: "InvalidResponse",
      message: "Simulated broke: x is undefined",
    });
    expect(reports[1]?.quotes).toBe(2);
    await stop();
  });

  it("sends prices that are none to the dead letter, and the others on", async () => {
    const fetch: Fetch = ({ slot }) =>
      Promise.resolve({
        prices: [
          priceOf("AAPL", slot, NaN),
          priceOf("MSFT", slot),
          priceOf("TSLA", slot),
          priceOf("MSFT", NaN),
          priceOf("MSFT", slot + 120_000),
        ],
        failures: [],
      });
    const { summary, letters, telemetry } = loop(manualClock(open), { fetch, until: open + 1 });
    expect(await summary).toMatchObject({
      quotes: 1,
      deadLetters: { InvalidPrice: 1, UnknownSymbol: 1, InvalidTime: 1, FutureTime: 1 },
    });
    expect(letters.map(({ reason }) => reason)).toEqual(["InvalidPrice", "UnknownSymbol", "InvalidTime", "FutureTime"]);
    expect(letters[0]).toMatchObject({ feed: "markets/tech", receivedAt: open });
    expect(letters[0]?.payload).toContain("AAPL");
    expect(telemetry.countQuotes).toHaveBeenCalledExactlyOnceWith("markets/tech", "dead_letter", 4);
  });

  it.each([
    [2_049, 2_049],
    [10.6, 11],
    [-1, undefined],
    [Infinity, undefined],
    [undefined, undefined],
  ])("with a volume of %s gives a quote with %s whole shares", async (volume, shares) => {
    const fetch: Fetch = ({ slot }) =>
      Promise.resolve({
        prices: [{ ...priceOf("AAPL", slot), ...(volume !== undefined && { volume }) }],
        failures: [],
      });
    const { summary, published } = loop(manualClock(open), { fetch, until: open + 1 });
    await summary;
    expect(published[0]?.volume).toBe(shares);
  });
});

describe("the poll loop's bus", () => {
  it("is offered refused quotes again within the slot", async () => {
    const clock = manualClock(open);
    const offers: number[] = [];
    const publish = () => {
      offers.push(clock.now() - open);
      return offers.length < 4 ? Promise.reject(new Error("unavailable")) : Promise.resolve();
    };
    const { reports, published, stop } = loop(clock, { publish });
    await clock.advance(open + 9_000);
    expect(offers).toEqual([0, 100, 300, 700]);
    expect(reports[0]).toMatchObject({ quotes: 2, undeliveredQuotes: 0 });
    expect(published).toHaveLength(2);
    await stop();
  });

  it("that refuses all through a slot costs its quotes, counted and with the reason, and not the next slot", async () => {
    const clock = manualClock(open);
    const refused = open + 10_000;
    const { reports, telemetry, stop } = loop(clock, {
      // Prices stand still in the refused slot: quotes that went nowhere are not counted as stale.
      fetch: ({ symbols, slot }) =>
        Promise.resolve({
          prices: symbols.map((symbol) => priceOf(symbol, slot === refused ? open : slot)),
          failures: [],
        }),
      publish: (quotes) =>
        quotes[0]?.observedAt === refused ? Promise.reject(new Error("topic not found")) : Promise.resolve(),
    });
    await clock.advance(open + 20_000);
    expect(reports[1]).toMatchObject({ quotes: 0, undeliveredQuotes: 2, deliveryError: new Error("topic not found") });
    expect(reports[2]).toMatchObject({ slot: open + 20_000, startedAt: open + 20_000, missed: 0, quotes: 2 });
    expect(telemetry.countQuotes).not.toHaveBeenCalled();
    expect(await stop()).toMatchObject({ quotes: 4, staleQuotes: 0, undeliveredQuotes: 2, slotsMissed: 0 });
  });

  it("that has no room slows the loop down, and the slots that pass are missed", async () => {
    const clock = manualClock(open);
    let underWay = 0;
    const publish = async () => {
      underWay += 1;
      expect(underWay).toBe(1);
      await clock.sleepUntil(Math.max(clock.now(), open + 32_000), new AbortController().signal);
      underWay -= 1;
    };
    const { reports, stop } = loop(clock, { publish });
    await clock.advance(open + 35_000);
    expect(reports.map(({ slot, missed }) => [slot - open, missed])).toEqual([
      [0, 0],
      [30_000, 2],
    ]);
    expect(await stop()).toMatchObject({ quotes: 4, slotsMissed: 2 });
  });

  it("is not waited for long once the loop is stopped", async () => {
    const clock = manualClock(open);
    const { stop, summary } = loop(clock, { publish: () => new Promise(() => undefined) });
    await clock.advance(open + 1_000);
    void stop();
    await clock.advance(open + 3_000);
    expect(await summary).toMatchObject({ slotsPolled: 1, quotes: 0, undeliveredQuotes: 2 });
    expect(clock.wakeTimes).toEqual([]);
  });

  it("may take the quotes in after the loop was stopped, and nothing waits on", async () => {
    const clock = manualClock(open);
    const { stop, summary } = loop(clock, {
      publish: () => clock.sleepUntil(open + 1_500, new AbortController().signal),
    });
    await clock.advance(open + 1_000);
    void stop();
    await clock.advance(open + 1_500);
    expect(await summary).toMatchObject({ slotsPolled: 1, quotes: 2, undeliveredQuotes: 0 });
    expect(clock.wakeTimes).toEqual([]);
  });

  it("and the dead letters are given the same short while after a stop", async () => {
    const clock = manualClock(open);
    const { stop, summary } = loop(clock, {
      fetch: ({ slot }) =>
        Promise.resolve({ prices: [priceOf("AAPL", slot, -1), priceOf("MSFT", slot)], failures: [] }),
      publish: () => new Promise(() => undefined),
      deadLetters: { putDeadLetters: () => new Promise(() => undefined) },
    });
    await clock.advance(open + 1_000);
    void stop();
    await clock.advance(open + 5_000);
    expect(await summary).toMatchObject({ slotsPolled: 1, undeliveredQuotes: 1, deadLetters: { InvalidPrice: 1 } });
  });

  it("gets no empty batch", async () => {
    const publish = vi.fn(() => Promise.resolve());
    await loop(manualClock(open), {
      publish,
      until: open + 1,
      fetch: () => Promise.resolve({ prices: [], failures: [] }),
    }).summary;
    expect(publish).not.toHaveBeenCalled();
  });

  it("goes on when dead letters can't be kept, and says why", async () => {
    const clock = manualClock(open);
    const { reports, stop } = loop(clock, {
      fetch: ({ slot }) =>
        Promise.resolve({ prices: [priceOf("AAPL", slot, -1), priceOf("MSFT", slot)], failures: [] }),
      deadLetters: { putDeadLetters: () => Promise.reject(new Error("disk full")) },
    });
    await clock.advance(open + 10_000);
    expect(reports[0]).toMatchObject({ quotes: 1, undeliveredQuotes: 0, deliveryError: new Error("disk full") });
    expect(reports[0]?.deadLetters).toHaveLength(1);
    await stop();
  });
});

describe("the poll loop's market", () => {
  it("counts quotes as stale whose provider time stands still, and publishes them all the same", async () => {
    const clock = manualClock(open);
    const fetch: Fetch = ({ slot }) =>
      Promise.resolve({ prices: [priceOf("AAPL", open), priceOf("MSFT", slot)], failures: [] });
    const { reports, published, telemetry, stop } = loop(clock, { fetch });
    await clock.advance(open + 20_000);
    expect(reports.map(({ staleQuotes }) => staleQuotes)).toEqual([0, 1, 1]);
    expect(published).toHaveLength(6);
    expect(telemetry.countQuotes.mock.calls).toEqual([
      ["markets/tech", "stale", 1],
      ["markets/tech", "stale", 1],
    ]);
    expect(await stop()).toMatchObject({ quotes: 6, staleQuotes: 2, marketState: "Open" });
  });

  it("is Stale once no price has moved for staleAfter, and Open with the next move", async () => {
    const clock = manualClock(open);
    const fetch: Fetch = ({ symbols, slot }) => {
      const newest = slot < open + 60_000 ? open : slot;
      return Promise.resolve({ prices: symbols.map((symbol) => priceOf(symbol, newest)), failures: [] });
    };
    const { onMarket, reports, telemetry, stop } = loop(clock, { fetch, staleAfterMs: 30_000 });
    await clock.advance(open + 60_000);
    expect(reports.map(({ marketState }) => marketState)).toEqual([
      "Open",
      "Open",
      "Open",
      "Stale",
      "Stale",
      "Stale",
      "Open",
    ]);
    expect(onMarket.mock.calls).toEqual([
      ["Open", undefined],
      ["Stale", undefined],
      ["Open", undefined],
    ]);
    expect(telemetry.setMarketState.mock.calls).toEqual([
      ["markets/tech", "Open"],
      ["markets/tech", "Stale"],
      ["markets/tech", "Open"],
    ]);
    await stop();
  });

  it("is Stale after five minutes without any price too", async () => {
    const clock = manualClock(open);
    const fetch: Fetch = ({ symbols }) =>
      Promise.resolve({
        prices: [],
        failures: symbols.map((symbol) => ({ symbol, kind: "ServerError" as const, message: "500" })),
      });
    const { onMarket, stop } = loop(clock, { fetch });
    await clock.advance(open + 290_000);
    expect(onMarket).toHaveBeenCalledTimes(1);
    await clock.advance(open + 300_000);
    expect(onMarket).toHaveBeenLastCalledWith("Stale", undefined);
    await stop();
  });
});

it("polls each slot once where one Job follows another, whatever the interval and the lead", async () => {
  const interval = fc.oneof(
    fc.constantFrom(5, 6, 10, 15, 20, 30, 60).map((seconds) => seconds * 1000),
    fc.constantFrom(2, 5, 7, 60).map((minutes) => minutes * 60_000),
  );
  await fc.assert(
    fc.asyncProperty(interval, fc.integer({ min: 0, max: 300 }), async (intervalMs, leadSeconds) => {
      const clock = manualClock(open);
      const polling = { interval: formatDuration(intervalMs), startLead: `${leadSeconds}s` };
      const minutes = Array.from({ length: 12 }, (_, i) => open + i * 60_000);
      const jobs = minutes.map((minute) => loop(clock, { intervalMs, ...jobSlots(polling, minute) }));
      const [first, last] = [jobSlots(polling, open), jobSlots(polling, open + 11 * 60_000)];
      await clock.advance(last.end + intervalMs);
      const summaries = await Promise.all(jobs.map(({ summary }) => summary));
      const polled = jobs.flatMap(({ reports }) => reports.map(({ slot }) => slot)).sort((a, b) => a - b);
      expect(polled).toEqual([...slotsIn(first.from, last.until, intervalMs)]);
      expect(summaries.every(({ slotsMissed }) => slotsMissed === 0)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

describe("the poll loop's end", () => {
  it("comes at any moment with a summary of what was done, and leaves nothing waiting", async () => {
    const moments = fc.record({
      start: fc.integer({ min: 0, max: 9_999 }),
      abort: fc.integer({ min: 0, max: 45_000 }),
      fetchMs: fc.integer({ min: 0, max: 12_000 }),
      publishMs: fc.integer({ min: 0, max: 12_000 }),
      refusals: fc.integer({ min: 0, max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(moments, async ({ start, abort, fetchMs, publishMs, refusals }) => {
        const clock = manualClock(open + start);
        let offers = 0;
        const { stop, summary, published } = loop(clock, {
          fetch: async (request) => {
            await clock.sleepUntil(clock.now() + fetchMs, request.signal);
            return fresh(request);
          },
          publish: async () => {
            if (offers++ < refusals) throw new Error("unavailable");
            await clock.sleepUntil(clock.now() + publishMs, new AbortController().signal);
          },
        });
        await clock.advance(clock.now() + abort);
        let ended = false;
        void stop().then(() => (ended = true));
        await clock.advance(clock.now() + 2_000);
        expect(ended).toBe(true);
        // What the bus confirmed by then is in the summary; what it did not is counted as undelivered.
        const { quotes, undeliveredQuotes, slotsPolled, failures } = await summary;
        expect(quotes).toBe(published.length);
        expect(quotes + undeliveredQuotes + (failures.Timeout ?? 0)).toBe(2 * slotsPolled);
        await clock.advance(clock.now() + 60_000);
        expect(clock.wakeTimes).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("is at once for a signal that has fired already", async () => {
    const stop = new AbortController();
    stop.abort(new Error("stopped"));
    const { summary, reports } = loop(manualClock(open), { signal: stop.signal });
    expect(await summary).toMatchObject({ slotsPolled: 0 });
    expect(reports).toEqual([]);
  });

  it("fits its summary into a Pod's termination message of 4 KB, with every count it can have", async () => {
    const clock = manualClock(open);
    const fetch: Fetch = ({ slot }) =>
      Promise.resolve({
        prices: [
          priceOf("AAPL", slot),
          priceOf("AAPL", slot, -1),
          priceOf("X", slot),
          priceOf("AAPL", NaN),
          priceOf("AAPL", slot + DAY),
        ],
        failures: FAILURE_KINDS.map((kind) => ({ symbol: "MSFT", kind, message: "m".repeat(10_000) })),
        rateLimitedUntil: slot,
      });
    const { stop } = loop(clock, { fetch, feed: `${"n".repeat(63)}/${"f".repeat(253)}` });
    await clock.advance(open + 10_000);
    const summary = await stop();
    expect(Object.keys(summary.failures).sort()).toEqual(FAILURE_KINDS.toSorted());
    expect(Object.keys(summary.deadLetters)).toHaveLength(4);
    expect(decodeSummary(encodeSummary(summary))).toMatchObject({ slotsPolled: 2, failures: { Unauthorized: 2 } });
    expect(Buffer.byteLength(encodeSummary(summary))).toBeLessThanOrEqual(4_096);
  });

  it("says in its summary, slot by slot, what a process that is killed leaves behind", async () => {
    const clock = manualClock(open);
    const summaries: PollSummary[] = [];
    const { stop } = loop(clock, { onSummary: (summary) => summaries.push(summary) });
    await clock.advance(open + 10_000);
    expect(summaries.map(({ slotsPolled, lastSlot }) => [slotsPolled, lastSlot]).slice(-2)).toEqual([
      [1, open],
      [2, open + 10_000],
    ]);
    expect(await stop()).toEqual(summaries.at(-1));
  });

  it("knows a closed market by its end, of a Job on a holiday and of the day's last", async () => {
    const christmas = Date.parse("2013-12-25T15:00:00Z");
    const idle = loop(manualClock(christmas), { session: nyse, from: christmas, until: christmas + 60_000 });
    expect(await idle.summary).toMatchObject({ slotsPolled: 0, slotsMissed: 0, marketState: "Closed" });

    const close = Date.parse("2013-10-07T20:00:00Z");
    const clock = manualClock(close - 60_000);
    const last = loop(clock, { session: nyse, from: close - 50_000, until: close + 10_000 });
    await clock.advance(close);
    expect(await last.summary).toMatchObject({ slotsPolled: 6, marketState: "Closed", lastSlot: close });
  });

  it("keeps why a provider is left alone, rather than that it is", async () => {
    const clock = manualClock(open);
    const failed = (kind: FailureKind, message: string) => ({
      prices: [],
      failures: [{ symbol: "AAPL", kind, message }],
    });
    const fetch: Fetch = ({ slot }) =>
      Promise.resolve(slot === open ? failed("Network", "No route.") : failed("CircuitOpen", "Left alone."));
    const { stop } = loop(clock, { fetch });
    await clock.advance(open + 10_000);
    expect(await stop()).toMatchObject({ problem: "No route." });
  });

  it("names its last slot and what went wrong last, also when a later slot went well", async () => {
    const clock = manualClock(open);
    const fetch: Fetch = (request) =>
      request.slot === open
        ? Promise.resolve({
            prices: [],
            failures: [{ symbol: "AAPL", kind: "Unauthorized", message: "Check the key." }],
          })
        : fresh(request);
    const { stop } = loop(clock, { fetch });
    await clock.advance(open + 10_000);
    expect(await stop()).toMatchObject({ lastSlot: open + 10_000, problem: "Check the key." });
  });
});
