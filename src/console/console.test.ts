import { request } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { sampleFeed } from "../../test/fakes/sample-market.ts";
import { QueryError, type ResultReader } from "../ports.ts";
import { createConsole, type Console, type ConsoleOptions } from "./console.ts";
import { createMonitor } from "./feed-monitor.ts";
import type { Delta, Snapshot } from "./wire.ts";

const NAME = "markets/tech";
const START = Date.parse("2026-03-04T15:00:00Z");
const TOKEN = "a-token-of-this-run";

const running: Console[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

const reader: ResultReader = {
  query: (sql) =>
    sql === "SELECT 1 AS one"
      ? Promise.resolve({ columns: [{ name: "one", type: "INTEGER" }], rows: [[1]] })
      : Promise.reject(new QueryError(`Only statements that read are allowed, not "${sql}".`)),
};

async function serve(options: Partial<ConsoleOptions> = {}) {
  const monitor = createMonitor({ feeds: [sampleFeed()], now: () => START });
  const server = createConsole({
    monitor,
    reader,
    metrics: () => Promise.resolve("stockfeed_up 1\n"),
    readiness: () => ({ ready: true, reasons: [] }),
    token: TOKEN,
    port: 0,
    pacing: { coalesceMs: 1, heartbeatMs: 5_000 },
    ...options,
  });
  const url = await server.start();
  running.push(server);
  return { monitor, server, url };
}

/** The status that a request with this Host header gets; fetch would set its own. */
function statusForHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${url}/api/snapshot`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

/** Events of a stream, one by one. */
async function* eventsOf(response: Response) {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const fields = text
        .slice(0, end)
        .split("\n")
        .map((line) => line.split(/: (.*)/s).slice(0, 2));
      text = text.slice(end + 2);
      const { retry, event, data } = Object.fromEntries(fields) as Record<string, string>;
      yield { retry, event, data: JSON.parse(data!) as Snapshot & Delta };
    }
  }
}

describe("the page", () => {
  it.each([
    ["/", "text/html", "<title>StockFeed</title>"],
    ["/app.js", "text/javascript", "/api/events"],
    ["/style.css", "text/css", "prefers-color-scheme"],
    ["/icon.svg", "image/svg+xml", "<svg"],
  ])("serves %s as %s", async (path, type, content) => {
    const { url } = await serve();
    const response = await fetch(url + path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain(type);
    expect(await response.text()).toContain(content);
  });

  it("is sent again only when it has changed", async () => {
    const { url } = await serve();
    const etag = (await fetch(`${url}/app.js`)).headers.get("etag")!;
    const again = await fetch(`${url}/app.js`, { headers: { "if-none-match": etag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  });

  it("names nothing outside its own origin", async () => {
    const { url } = await serve();
    expect(await (await fetch(url)).text()).not.toMatch(/https?:\/\//);
  });
});

describe("every answer", () => {
  it.each(["/", "/api/snapshot", "/metrics", "/nothing", "/api/events"])(
    "of %s allows nothing but the page's own files, no frame and no other origin",
    async (path) => {
      const { url } = await serve();
      const { headers, body } = await fetch(url + path, { headers: { origin: "https://elsewhere.example" } });
      const policy = headers.get("content-security-policy")!;
      expect(policy).toContain("default-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("access-control-allow-origin")).toBeNull();
      await body?.cancel();
    },
  );

  it.each([
    ["127.0.0.1:8080", 200],
    ["localhost:8080", 200],
    ["[::1]:8080", 200],
    ["LOCALHOST", 200],
    ["attacker.example", 403],
    ["attacker.example:8080", 403],
    ["127.0.0.1.attacker.example", 403],
    ["localhost.attacker.example", 403],
  ])("to a page that calls this machine %s has status %i", async (host, status) => {
    const { url } = await serve();
    expect(await statusForHost(url, host)).toBe(status);
  });

  it("to what is not there says so", async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/nothing`);
    expect([response.status, await response.json()]).toEqual([404, { error: "There is no GET /nothing here." }]);
  });
});

describe("/api/query", () => {
  const ask = (url: string, body: string, authorization = `Bearer ${TOKEN}`) =>
    fetch(`${url}/api/query`, { method: "POST", body, headers: { authorization } });

  it("answers a statement that reads", async () => {
    const { url } = await serve();
    const response = await ask(url, JSON.stringify({ sql: "SELECT 1 AS one" }));
    expect([response.status, await response.json()]).toEqual([
      200,
      { columns: [{ name: "one", type: "INTEGER" }], rows: [[1]] },
    ]);
  });

  it("says why it refuses another", async () => {
    const { url } = await serve();
    const response = await ask(url, JSON.stringify({ sql: "DROP TABLE windows" }));
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: 'Only statements that read are allowed, not "DROP TABLE windows".',
    });
  });

  it("takes a failure of the store for its own", async () => {
    const { url } = await serve({ reader: { query: () => Promise.reject(new Error("Store x is damaged.")) } });
    const response = await ask(url, JSON.stringify({ sql: "SELECT 1 AS one" }));
    expect([response.status, await response.json()]).toEqual([500, { error: "Store x is damaged." }]);
  });

  it("breaks a query off when its client leaves", async () => {
    const begun = Promise.withResolvers<AbortSignal>();
    const query: ResultReader["query"] = (_, signal) => {
      begun.resolve(signal!);
      return new Promise((_, reject) => {
        signal!.addEventListener("abort", () => {
          reject(new Error("broken off"));
        });
      });
    };
    const { url } = await serve({ reader: { query } });
    const leave = new AbortController();
    const init = { method: "POST", body: '{"sql": "SELECT 1"}', signal: leave.signal };
    const response = fetch(`${url}/api/query`, { ...init, headers: { authorization: `Bearer ${TOKEN}` } });
    const signal = await begun.promise;
    leave.abort();
    await expect(response).rejects.toThrow();
    await vi.waitUntil(() => signal.aborted);
  });

  it.each(["", "Bearer", "Bearer wrong", `Bearer ${TOKEN}x`, TOKEN, `Basic ${TOKEN}`])(
    "refuses the authorization %j before it reads anything",
    async (authorization) => {
      const { url } = await serve();
      const response = await ask(url, JSON.stringify({ sql: "SELECT 1 AS one" }), authorization);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(JSON.stringify(await response.json())).not.toContain(TOKEN);
    },
  );

  it.each(["", "{", "null", "{}", '{"sql": 5}', '{"sql": ""}', '{"sql": "SELECT 1", "more": true}'])(
    "says what to send in place of %j",
    async (body) => {
      const { url } = await serve();
      const response = await ask(url, body);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ error: 'Send JSON such as {"sql": "SELECT * FROM top_stocks"}.' });
    },
  );

  it("takes no body beyond 256 KiB", async () => {
    const { url } = await serve();
    expect((await ask(url, JSON.stringify({ sql: "x".repeat(256 * 1024) }))).status).toBe(413);
  });
});

describe("health and metrics", () => {
  it("serves what Prometheus reads", async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await response.text()).toBe("stockfeed_up 1\n");
  });

  it("is healthy while it answers, and ready when the pipeline is", async () => {
    let ready = false;
    const { url } = await serve({ readiness: () => ({ ready, reasons: ready ? [] : ["the store is opening"] }) });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const early = await fetch(`${url}/readyz`);
    expect([early.status, await early.json()]).toEqual([
      503,
      { status: "not ready", reasons: ["the store is opening"] },
    ]);
    ready = true;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it("gives the snapshot to programs", async () => {
    const { url, monitor } = await serve();
    monitor.feed(NAME).onWatermark(START);
    expect(await (await fetch(`${url}/api/snapshot`)).json()).toEqual(JSON.parse(JSON.stringify(monitor.snapshot())));
  });
});

describe("/api/events", () => {
  const quote = (slot: number) => ({
    feed: NAME,
    symbol: "AAPL",
    price: 5_000_000,
    observedAt: slot,
    providerTime: slot,
    provider: "Simulated" as const,
  });

  it("tells HEAD what it is, as often as it is asked, and still follows", async () => {
    const { url } = await serve();
    for (let i = 0; i < 80; i++) {
      const { status, headers } = await fetch(`${url}/api/events`, { method: "HEAD" });
      expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    }
    const response = await fetch(`${url}/api/events`);
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });

  it("sends the snapshot first, with how soon to come again, then what changes", async () => {
    const { url, monitor } = await serve();
    const response = await fetch(`${url}/api/events`);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const events = eventsOf(response);
    const first = (await events.next()).value!;
    expect(first).toMatchObject({ event: "snapshot", retry: "1000" });
    expect(first.data.feeds[0]!.symbols).toHaveLength(10);
    monitor.feed(NAME).onQuotes([quote(START)]);
    const second = (await events.next()).value!;
    expect(second.event).toBe("delta");
    expect(second.data.feeds[0]!.quotes).toEqual([[0, START, 5, START]]);
    await events.return(undefined);
  });

  it("sends a sign of life when nothing changes", async () => {
    const { url } = await serve({ pacing: { coalesceMs: 1, heartbeatMs: 20 } });
    const events = eventsOf(await fetch(`${url}/api/events`));
    await events.next();
    const sign = (await events.next()).value!;
    expect(sign).toMatchObject({ event: "delta", data: { feeds: [{ name: NAME, quotes: [] }] } });
    await events.return(undefined);
  });

  it("puts what changes in between into one event", async () => {
    const { url, monitor } = await serve({ pacing: { coalesceMs: 100, heartbeatMs: 5_000 } });
    const events = eventsOf(await fetch(`${url}/api/events`));
    await events.next();
    for (let slot = 0; slot < 50; slot += 1) monitor.feed(NAME).onQuotes([quote(START + slot * 10_000)]);
    expect((await events.next()).value!.data.feeds[0]!.quotes).toHaveLength(50);
    await events.return(undefined);
  });

  it("makes no event for a page that does not read", async () => {
    const symbols = Array.from({ length: 2_000 }, (_, index) => `S${index}`);
    const monitor = createMonitor({ feeds: [sampleFeed({ symbols })], now: () => START });
    let made = 0;
    const counted = () => {
      const followed = monitor.follow();
      return { read: (options?: { always: boolean }) => ((made += 1), followed.read(options)) };
    };
    const { url } = await serve({ monitor: { ...monitor, follow: counted } });
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname).pause();
    socket.write(`GET /api/events HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    // Some 80 KB a change, so what the kernel buffers for both ends is soon full; then nothing more may be made.
    let change = 0;
    await expect
      .poll(
        async () => {
          const before = made;
          for (let turn = 0; turn < 10; turn += 1) {
            change += 1;
            const slot = START + change * 10_000;
            monitor.feed(NAME).onQuotes(symbols.map((symbol) => ({ ...quote(slot), symbol })));
            await new Promise((resolve) => setTimeout(resolve, 3));
          }
          return made > 0 && made === before;
        },
        { interval: 1, timeout: 20_000 },
      )
      .toBe(true);
    socket.destroy();
  });

  it("ends in good order when the console closes, at once", async () => {
    const { url, server } = await serve();
    const events = eventsOf(await fetch(`${url}/api/events`));
    await events.next();
    const before = performance.now();
    const closed = server.close();
    // A torn connection would throw here.
    expect((await events.next()).done).toBe(true);
    await closed;
    expect(performance.now() - before).toBeLessThan(450);
  });

  it("does not hold up the close for a page that does not read", async () => {
    const { url, server } = await serve();
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname).pause();
    socket.on("error", () => undefined);
    socket.write(`GET /api/events HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    await expect.poll(() => socket.bytesWritten).toBeGreaterThan(0);
    const before = performance.now();
    await server.close();
    expect(performance.now() - before).toBeLessThan(2_000);
    socket.destroy();
  });

  it("turns the 65th page away, and lets it in when another has gone", async () => {
    const { url } = await serve();
    const leaving = new AbortController();
    const first = await fetch(`${url}/api/events`, { signal: leaving.signal });
    const others = await Promise.all(Array.from({ length: 63 }, () => fetch(`${url}/api/events`)));
    expect([first, ...others].every(({ status }) => status === 200)).toBe(true);
    expect((await fetch(`${url}/api/events`)).status).toBe(503);
    leaving.abort();
    await expect
      .poll(async () => {
        const { status, body } = await fetch(`${url}/api/events`);
        await body?.cancel();
        return status;
      })
      .toBe(200);
    for (const { body } of others) await body?.cancel();
  });
});

describe("starting", () => {
  it("listens on the loopback alone, unless told otherwise", async () => {
    const { url } = await serve();
    expect(new URL(url).hostname).toBe("127.0.0.1");
  });

  it("names the port that is in use, and the mend", async () => {
    const { url } = await serve();
    const port = Number(new URL(url).port);
    await expect(serve({ port })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is in use. Stop the program that has it, or take another port with --port.`,
    );
  });

  it("says so of a host that is not this machine's", async () => {
    await expect(serve({ host: "203.0.113.1" })).rejects.toThrow(
      "Host 203.0.113.1 is no address of this machine. Leave --host out to use 127.0.0.1.",
    );
  });

  it("frees the port when it closes, also before it has started", async () => {
    const { url, server } = await serve();
    await server.close();
    const again = await serve({ port: Number(new URL(url).port) });
    expect(again.url).toBe(url);
    const { monitor } = again;
    const never = createConsole({
      monitor,
      reader,
      metrics: () => Promise.resolve(""),
      readiness: () => ({ ready: true, reasons: [] }),
      token: TOKEN,
      port: 0,
    });
    await never.close();
  });
});
