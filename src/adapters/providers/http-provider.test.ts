import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FAKE_KEYS } from "../../../test/fakes/provider-formats.ts";
import { HTML_PAGE, type Fault } from "../../../test/fakes/provider-faults.ts";
import {
  HTTP_PROVIDERS,
  newestIn,
  pass,
  SLOT,
  sleepingUntil,
  startProvider,
  SYMBOLS,
  type StartedProvider,
} from "../../../test/fakes/provider-start.ts";
import type { FetchResult } from "../../ports.ts";
import { PROVIDER_LIMITS } from "../../quotes/provider-limits.ts";
import { ATTEMPT_TIMEOUT_MS, MAX_BODY_BYTES, UNTOLD_PAUSE_MS } from "./http-client.ts";
import { FIRST_BACKOFF_MS, REFUSED_KEYS_MS } from "./quote-client.ts";

const never = new AbortController().signal;
const DEADLINE = SLOT + 8_000;
/** When a call that fails at once is tried again. */
const RETRIES = [SLOT + FIRST_BACKOFF_MS, SLOT + 3 * FIRST_BACKOFF_MS];
const kinds = ({ failures }: FetchResult) => [...new Set(failures.map(({ kind }) => kind))];
const messages = ({ failures }: FetchResult) => failures.map(({ message }) => message).join("\n");

describe.each(HTTP_PROVIDERS)("%s over HTTP", (type) => {
  const { symbolsPerCall, calls, perMs, environment, secretKeys } = PROVIDER_LIMITS[type];
  const callsForAll = Math.ceil(SYMBOLS.length / symbolsPerCall);
  let test: StartedProvider;
  beforeEach(async () => {
    test = await startProvider(type);
  });
  afterEach(() => test.stop());
  const fetch = (options: { symbols?: readonly string[]; deadline?: number; signal?: AbortSignal } = {}) =>
    test.provider.fetch({ symbols: SYMBOLS, slot: SLOT, deadline: DEADLINE, signal: never, ...options });
  const one = { symbols: ["AAPL"] };

  it("asks for as many symbols in one call as the provider takes", async () => {
    await fetch();
    expect(test.server.calls).toHaveLength(callsForAll);
    expect(test.codes).toEqual(Array.from({ length: callsForAll }, () => "200"));
  });

  describe("keys", () => {
    const wrong = (secret?: string) =>
      startProvider(type, {
        env: Object.fromEntries(environment.map((name) => [name, `wrong-${name}`])),
        ...(secret !== undefined && { secret }),
      });

    it("gives up on a bad key at once, and names the environment variable", async () => {
      await test.stop();
      test = await wrong();
      const result = await fetch();
      expect(kinds(result)).toEqual(["Unauthorized"]);
      expect(messages(result)).toMatch(new RegExp(`^${type} refused AAPL`));
      for (const name of environment) expect(messages(result)).toContain(name);
      expect(messages(result)).not.toContain("wrong-");
      // Calls that were under way with the refused one come to their end; none is made twice.
      expect(test.server.calls.length).toBeLessThanOrEqual(callsForAll);
    });

    it("names the Secret's key on a cluster", async () => {
      await test.stop();
      test = await wrong("markets/quotes");
      const said = messages(await fetch());
      expect(said).toContain("Check Secret markets/quotes, key");
      for (const key of secretKeys) expect(said).toContain(key);
    });

    it("leaves the provider alone for a minute after a refused key", async () => {
      test.server.fail({ kind: "status", status: 401 }, callsForAll);
      await fetch();
      const before = test.server.calls.length;
      expect(kinds(await fetch())).toEqual(["Unauthorized"]);
      expect(test.server.calls).toHaveLength(before);
      await test.clock.advance(SLOT + REFUSED_KEYS_MS);
      test.server.recover();
      const later = await fetch({ deadline: SLOT + REFUSED_KEYS_MS + 8_000 });
      expect(later.prices).toEqual(newestIn(type));
    });

    it("shows no key, even when the provider and the address do", async () => {
      const shown = Object.values(FAKE_KEYS).join(" ");
      const echo = `${shown} ${encodeURIComponent(shown)} ${JSON.stringify(shown)}`;
      const faults: Fault[] = [
        { kind: "status", status: 401, body: echo },
        { kind: "status", status: 400, body: echo },
        { kind: "status", status: 302, headers: { location: `https://else.example/?token=${shown}` } },
        { kind: "rewritten", rewrite: () => echo },
        { kind: "reset" },
      ];
      for (const fault of faults) {
        await test.stop();
        test = await startProvider(type);
        test.server.fail(fault);
        const fetched = fetch({ ...one, deadline: SLOT + FIRST_BACKOFF_MS });
        const said = messages(await fetched);
        expect(said).toContain(type);
        for (const name of environment) expect(said).not.toContain(FAKE_KEYS[name as keyof typeof FAKE_KEYS]);
      }
    });
  });

  it("shows no part of a key either, where a long answer is cut short", async () => {
    const keys = environment.map((name) => FAKE_KEYS[name as keyof typeof FAKE_KEYS]);
    for (const key of keys) {
      test.server.fail({ kind: "status", status: 404, body: "x".repeat(160 - key.length / 2) + key }, 1);
      const said = messages(await fetch(one));
      expect(said).toContain("xxx");
      expect(said).not.toContain(key.slice(0, 5));
    }
  });

  describe("rate limits", () => {
    const waits: [string, Fault, number][] = [
      ["Retry-After in seconds", { kind: "status", status: 429, headers: { "retry-after": "3" } }, 3_000],
      [
        "Retry-After as an HTTP date",
        { kind: "status", status: 429, headers: { "retry-after": new Date(SLOT + 5_000).toUTCString() } },
        5_000,
      ],
      [
        "X-RateLimit-Reset",
        { kind: "status", status: 429, headers: { "x-ratelimit-reset": String((SLOT + 6_000) / 1000) } },
        6_000,
      ],
      ["nothing, for a while of our own", { kind: "status", status: 429 }, UNTOLD_PAUSE_MS],
    ];
    it.each(waits)("waits as long as %s says, then goes on in the same slot", async (_, fault, wait) => {
      test.server.fail(fault, 1);
      const fetched = fetch(one);
      await sleepingUntil(test.clock, SLOT + wait);
      await test.clock.advance(SLOT + wait - 1);
      expect(test.server.calls).toHaveLength(1);
      await test.clock.advance(SLOT + wait);
      const result = await fetched;
      expect(result.failures).toEqual([]);
      expect(test.codes).toEqual(["429", "200"]);
    });

    it("ends the slot at once when Retry-After lies past its deadline, and asks nothing until then", async () => {
      test.server.fail({ kind: "status", status: 429, headers: { "retry-after": "30" } }, 1);
      const result = await fetch(one);
      expect(kinds(result)).toEqual(["RateLimited"]);
      expect(result.rateLimitedUntil).toBe(SLOT + 30_000);
      await test.clock.advance(SLOT + 10_000);
      expect(kinds(await fetch({ ...one, deadline: SLOT + 18_000 }))).toEqual(["RateLimited"]);
      expect(test.server.calls).toHaveLength(1);
      await test.clock.advance(SLOT + 30_000);
      expect((await fetch({ ...one, deadline: SLOT + 38_000 })).prices).toHaveLength(1);
    });

    if (calls !== undefined && perMs !== undefined) {
      it("makes no call over the provider's limit, and the next as soon as the limit allows", async () => {
        let now = SLOT;
        const made: number[] = [];
        for (let i = 0; i < calls + 3; i++) {
          const before = test.server.calls.length;
          const result = await fetch({ ...one, deadline: now + 900 });
          if (test.server.calls.length > before) made.push(now);
          else expect(kinds(result)).toEqual(["RateLimited"]);
          now += 100;
          await test.clock.advance(now);
        }
        // At ten a second no limit but the provider's longest stops a call.
        expect(made).toHaveLength(calls);
        now = SLOT + perMs;
        if (now > test.clock.now()) await test.clock.advance(now);
        expect((await fetch({ ...one, deadline: test.clock.now() + 8_000 })).prices).toHaveLength(1);
      });

      it("takes its share of the limit where others use the same keys", async () => {
        await test.stop();
        test = await startProvider(type, { budgetShare: 2.9 / calls });
        for (let now = SLOT; now < SLOT + 4_000; now += 1_000) {
          await test.clock.advance(now);
          await fetch({ ...one, deadline: now + 500 });
        }
        expect(test.server.calls).toHaveLength(2);
      });
    }
  });

  describe("faults", () => {
    it("tries a server error again, and again later, within the slot", async () => {
      test.server.fail({ kind: "status", status: 500 }, 2);
      const fetched = fetch(one);
      await pass(test.clock, RETRIES);
      expect((await fetched).prices).toHaveLength(1);
      expect(test.codes).toEqual(["500", "500", "200"]);
    });

    const transient: [string, Fault, string, RegExp][] = [
      ["status 500", { kind: "status", status: 500, body: "boom" }, "ServerError", /500 internal server error: "boom"/],
      ["status 503 without a body", { kind: "status", status: 503 }, "ServerError", /503 service unavailable\./],
      [
        "an HTML page",
        { kind: "rewritten", rewrite: () => HTML_PAGE, type: "text/html" },
        "InvalidResponse",
        /no JSON \(text\/html\): "<!DOCTYPE html> <html>/,
      ],
      ["JSON that is cut off", { kind: "truncated" }, "InvalidResponse", /no JSON/],
      ["an empty body", { kind: "rewritten", rewrite: () => "" }, "InvalidResponse", /no JSON/],
      ["binary rubbish", { kind: "rewritten", rewrite: () => "\u0000\u0007\ufffd" }, "InvalidResponse", /no JSON/],
      ["a connection that breaks", { kind: "reset" }, "Network", /can't be reached at http:\/\/127/],
    ];
    it.each(transient)("survives %s: three calls, then a failure that says so", async (_, fault, kind, message) => {
      test.server.fail(fault);
      const fetched = fetch(one);
      await pass(test.clock, RETRIES);
      const result = await fetched;
      expect(kinds(result)).toEqual([kind]);
      expect(messages(result)).toMatch(message);
      expect(test.server.calls).toHaveLength(3);
    });

    const final: [string, Fault, string, RegExp][] = [
      ["status 401", { kind: "status", status: 401 }, "Unauthorized", /refused AAPL: 401 unauthorized\. Check /],
      [
        "status 402",
        { kind: "status", status: 402 },
        "Unauthorized",
        /402 payment required\. Check the account's plan/,
      ],
      ["status 403", { kind: "status", status: 403 }, "Unauthorized", /403 forbidden\. Check /],
      [
        "status 404",
        { kind: "status", status: 404, body: "Unknown symbol" },
        "NotFound",
        /404 not found: "Unknown symbol"/,
      ],
      ["status 410", { kind: "status", status: 410 }, "InvalidResponse", /410 gone/],
      [
        "a redirect",
        { kind: "status", status: 302, headers: { location: "https://else.example/" } },
        "InvalidResponse",
        /redirects to https:\/\/else\.example\/; set provider\.baseUrl/,
      ],
      ["a number for a body", { kind: "rewritten", rewrite: () => "42" }, "InvalidResponse", /another shape/],
      ["a string for a body", { kind: "rewritten", rewrite: () => '"AAPL"' }, "InvalidResponse", /another shape/],
    ];
    it.each(final)("asks no more in the slot after %s", async (_, fault, kind, message) => {
      test.server.fail(fault);
      const result = await fetch(one);
      expect(kinds(result)).toEqual([kind]);
      expect(messages(result)).toMatch(message);
      expect(test.server.calls).toHaveLength(1);
    });

    it("stops reading a body of 100 MB early", async () => {
      test.server.fail({ kind: "huge", bytes: 100 * 1024 * 1024 });
      const result = await fetch(one);
      expect(kinds(result)).toEqual(["InvalidResponse"]);
      expect(messages(result)).toContain("sent more than 8 MB");
      // What is beyond the cap was on its way through the sockets' buffers.
      expect(test.server.bytesSent).toBeLessThan(2.5 * MAX_BODY_BYTES);
      expect(test.server.calls).toHaveLength(1);
    });

    it("can't be reached where nothing listens", async () => {
      await test.server.close();
      const fetched = fetch(one);
      await pass(test.clock, RETRIES);
      const result = await fetched;
      expect(kinds(result)).toEqual(["Network"]);
      expect(messages(result)).toContain(`${test.server.url} (ECONNREFUSED). Check provider.baseUrl`);
      expect(test.codes).toEqual(["network", "network", "network"]);
    });
  });

  describe("time", () => {
    const silences: Fault[] = [{ kind: "hang" }, { kind: "stall" }];
    it.each(silences)("tries again after a call that takes too long ($kind)", async (fault) => {
      test.server.fail(fault, 1);
      const fetched = fetch(one);
      await pass(test.clock, [SLOT + ATTEMPT_TIMEOUT_MS, SLOT + ATTEMPT_TIMEOUT_MS + FIRST_BACKOFF_MS]);
      expect((await fetched).prices).toHaveLength(1);
      expect(test.codes).toEqual(["timeout", "200"]);
    });

    it.each(silences)("ends by the deadline, with what had come until then ($kind)", async (fault) => {
      // The last of the calls goes unanswered; where one call asks for all symbols, that is all of them.
      const answered = newestIn(type).slice(0, callsForAll - 1);
      for (const { symbol } of answered) {
        expect((await fetch({ symbols: [symbol] })).prices).toHaveLength(1);
      }
      const [silent] = SYMBOLS.slice(callsForAll - 1);
      test.server.fail(fault);
      const deadline = SLOT + ATTEMPT_TIMEOUT_MS - 1;
      const fetched = fetch({ symbols: [silent!], deadline });
      await test.server.called(callsForAll);
      await test.clock.advance(deadline);
      const result = await fetched;
      expect(result).toMatchObject({ prices: [], failures: [{ symbol: silent, kind: "Timeout" }] });
      expect(messages(result)).toBe(
        `${type} had not answered when the slot's deadline came, 2026-03-04T15:30:03.999Z.`,
      );
    });

    it("asks nothing when the deadline has passed", async () => {
      const result = await fetch({ deadline: SLOT });
      expect(kinds(result)).toEqual(["Timeout"]);
      expect(result.failures.map(({ symbol }) => symbol)).toEqual(SYMBOLS);
      expect(test.server.calls).toEqual([]);
      expect(test.codes).toEqual([]);
    });

    it("drops a call that is under way when the caller aborts", async () => {
      test.server.fail({ kind: "hang" });
      const caller = new AbortController();
      const fetched = fetch({ ...one, signal: caller.signal });
      const rejected = expect(fetched).rejects.toThrow("pod is going down");
      await test.server.called(1);
      caller.abort(new Error("pod is going down"));
      await rejected;
      expect(test.codes).toEqual(["aborted"]);
      expect(test.clock.wakeTimes).toEqual([]);
    });

    it("drops a wait for the next attempt when the caller aborts", async () => {
      test.server.fail({ kind: "status", status: 500 });
      const caller = new AbortController();
      const rejected = expect(fetch({ ...one, signal: caller.signal })).rejects.toThrow("enough");
      await sleepingUntil(test.clock, SLOT + FIRST_BACKOFF_MS);
      caller.abort(new Error("enough"));
      await rejected;
      expect(test.clock.wakeTimes).toEqual([]);
    });

    it("ends what is under way when it is closed", async () => {
      test.server.fail({ kind: "hang" });
      const fetched = fetch();
      const ended = fetched.catch(() => "ended");
      await test.server.called(callsForAll);
      await test.provider.close();
      // Nothing of it is left to do once it is closed.
      expect(await Promise.race([ended, Promise.resolve("still running")])).toBe("ended");
      await expect(fetched).rejects.toThrow(`${type} is closed`);
      expect(test.clock.wakeTimes).toEqual([]);
    });

    it("leaves no timer behind", async () => {
      await fetch();
      expect(test.clock.wakeTimes).toEqual([]);
    });
  });

  describe("one symbol's failure", () => {
    const spoilt: [string, unknown, RegExp][] = [
      ["zero", 0, /price 0, which is none/],
      ["negative", -1.5, /price -1\.5, which is none/],
      ["huge", 1e7, /price 10000000, which is none/],
      ["too small for six places", 1e-7, /price 1e-7, which is none/],
      ["null", null, /no price yet/],
      ["a string", "167.41", /expected number, received string/],
      ["an object", {}, /expected number, received object/],
      ["missing", undefined, /expected number, received undefined/],
    ];
    it.each(spoilt)("costs that symbol alone when its price is %s", async (_, price, message) => {
      test.server.market.set("MSFT", { price, time: SLOT });
      const result = await fetch();
      expect(result.prices).toEqual(newestIn(type).filter(({ symbol }) => symbol !== "MSFT"));
      expect(result.failures).toMatchObject([{ symbol: "MSFT", kind: "InvalidResponse" }]);
      expect(messages(result)).toMatch(message);
      expect(messages(result)).toContain(`${type} answered, but MSFT`);
    });

    it.each(["NaN", "Infinity", "-Infinity"])("costs that symbol alone when its price is a bare %s", async (word) => {
      test.server.market.set("MSFT", { price: "@", time: SLOT });
      test.server.fail({ kind: "rewritten", rewrite: (body) => body.replaceAll('"@"', word) }, callsForAll);
      const result = await fetch();
      expect(result.prices).toEqual(newestIn(type).filter(({ symbol }) => symbol !== "MSFT"));
      expect(messages(result)).toContain("MSFT has no price yet");
    });

    it("costs that symbol alone when its time is none", async () => {
      test.server.market.set("MSFT", { price: 1, time: 0 });
      const result = await fetch();
      expect(result.prices).toHaveLength(SYMBOLS.length - 1);
      expect(messages(result)).toContain("MSFT has a price without a valid time");
    });
  });
});
